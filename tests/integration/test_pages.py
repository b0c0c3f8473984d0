"""Pages of an API are read many at once, with the same result as one by one."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.importing import importing, source_import
from tests.factories.small_exports import Exports, Imported, ago

WRAPPED = {
    "format": "json",
    "profiles": {"records": "data", "columns": ["handle", "followers"], "optional": ["profile_id", "avg.likes"],
                 "select": {"avg_likes": 'number_of("avg.likes")'}},
}  # fmt: skip
ARRAYS = {"format": "json", "profiles": {"columns": ["handle", "followers"], "optional": ["profile_id"]}}
NESTED = {
    "format": "json",
    "profiles": {"records": "data", "columns": ["handle", "followers"], "optional": ["profile_id", "media"]},
    "posts": {
        "nested": "media",
        "columns": ["post_id", "posted_at"],
        "optional": ["likes", "comments"],
        "select": {"profile_id": "profile.profile_id"},
    },
}


def imported(folder: Path, shape: dict[str, Any], pages: Sequence[bytes]) -> Imported:
    exports = Exports(folder).shape("api", **shape)
    exports.source("a", "pages/*.json", shape="api", platform="instagram", max_quarantine_share=1)
    for number, page in enumerate(pages):
        exports.write(f"pages/page-{number:03}.json", page)
    return exports.run()


def both(shape: dict[str, Any], pages: Sequence[bytes], monkeypatch: pytest.MonkeyPatch) -> Imported:
    """Imports pages together, and checks that the result equals that of pages read one by one."""
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        together = imported(Path(one), shape, pages)
        with monkeypatch.context() as patched:
            patched.setattr(source_import, "_PAGES_TOGETHER", 1)
            apart = imported(Path(other), shape, pages)
    assert together.report == apart.report
    for one_way, other_way in (
        (together.profiles, apart.profiles), (together.posts, apart.posts), (together.quarantine, apart.quarantine)
    ):  # fmt: skip
        assert sorted(map(str, one_way)) == sorted(map(str, other_way))
    return together


def record(number: int, **keys: object) -> dict[str, Any]:
    return {"handle": f"h{number}", "followers": 1000 + number, "profile_id": str(number)} | keys


def page(*records: object, **keys: object) -> bytes:
    return json.dumps({"data": records} | keys).encode()


def test_good_bad_and_missing_records_are_counted_per_page(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        page(record(1), record(2, followers="many"), record(3, avg={"likes": 12.5})),
        page(),
        b'{"error": "try again"}',
        page(record(4), None, "text", record(5), next="x"),
        json.dumps({"data": record(6)}, indent=2).encode(),
    ]
    told = both(WRAPPED, pages, monkeypatch)
    assert told.told("landed", "accepted", "quarantined") == [(3, 2, 1), (0, 0, 0), (1, 0, 1), (4, 2, 2), (1, 1, 0)]
    places = [(row["landed_file"][-8:-5], row["landed_row"]) for row in told.profiles]
    assert sorted(places) == [("000", 1), ("000", 3), ("003", 1), ("003", 4), ("004", 1)]
    assert told.bad("landed_row", "reason")[0] == (2, "followers: unreadable")
    assert json.loads(told.bad("raw")[0][0])["followers"] == "many"


def test_pages_may_be_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [json.dumps([record(place) for place in range(start, start + 3)]).encode() for start in (0, 3)]
    assert both(ARRAYS, [*pages, b"[]"], monkeypatch).told("landed", "accepted") == [(3, 3), (3, 3), (0, 0)]


def test_posts_may_be_nested_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def post(number: int, likes: object = 5) -> dict[str, Any]:
        return {"post_id": f"p{number}", "posted_at": f"{ago(9)}", "likes": likes, "comments": 1}

    pages = [
        page(record(1, media=[post(1), post(2, "lots")]), record(2, media=[])),
        page(record(3, media=[post(3)]), record(4, media="none")),
    ]
    told = both(NESTED, pages, monkeypatch)
    assert told.told("records", "landed", "accepted") == [
        ("profiles", 2, 2), ("profiles", 2, 2), ("posts", 2, 1), ("posts", 1, 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "broken, told",
    [
        (b'{"data": [{"handle": "x", "fol', "page-001.json"),
        (
            page(*({"handle": f"x{place}", "fans": 3} for place in range(12))),
            "page-001.json: none of its first 12 records",
        ),
    ],
)
def test_invalid_page_is_named_like_a_single_file(
    broken: bytes, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pages = [page(record(7)), broken, page(record(8))]
    together = message(tmp_path / "together", pages)
    monkeypatch.setattr(source_import, "_PAGES_TOGETHER", 1)
    assert message(tmp_path / "apart", pages) == together
    assert told in together


def message(folder: Path, pages: Sequence[bytes]) -> str:
    """Returns the message of a failed import, without the path of the landed file."""
    folder.mkdir()
    with pytest.raises(importing.NothingToPublishError) as failure:
        imported(folder, WRAPPED, pages)
    return str(failure.value).split("; the file is kept")[0]


def test_page_of_several_documents_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [page(record(1)), page(record(2)) + b"\n" + page(record(3), record(4))]
    assert both(WRAPPED, pages, monkeypatch).told("landed", "accepted") == [(1, 1), (3, 3)]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["handle", "followers", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=8)
@given(pages=st.lists(st.lists(ANYTHING | st.builds(record, st.integers(0, 30)), max_size=4), min_size=2, max_size=4))
def test_records_of_any_pages_are_accounted_for(pages: list[list[object]]) -> None:
    # One valid record, so that there is something to import.
    with pytest.MonkeyPatch.context() as patched:
        told = both(WRAPPED, [page(record(999)), *(page(*records) for records in pages)], patched)
    assert all(landed == accepted + bad + old for landed, accepted, bad, old in told.told(
        "landed", "accepted", "quarantined", "deduplicated"
    ))  # fmt: skip
