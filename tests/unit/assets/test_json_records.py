"""JSON exports in every wrapping: found records, and the quarantine of the others."""

import json
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.importing.importing import NothingToPublishError
from assets.reading import json_stream
from assets.reading.formats import UnreadableFileError
from assets.reading.text_columns import open_columns
from schemas.config.limits import DEFAULT_LIMITS
from schemas.json_path import JsonPathError, keys
from schemas.shape import Selection, Shape
from tests.factories.small_exports import DAY, Exports, Imported, Row, ago, at

PEOPLE: list[Any] = [
    {"id": "1", "user": {"name": "anna", "stats": {"followers": 1200}}, "tags": ["x", "y"]},
    {"id": "2", "user": {"name": "ben", "stats": {"followers": "lots"}}},
    {"id": "3", "user": "cleo"},
    None,
    5,
    {},
    {"id": "12345678901234567890", "user": {"name": "hugo", "stats": {"followers": "3.4k"}}, "tags": "z"},
]
COLUMNS = ["id", "user.name", "user.stats.followers", "tags.0"]
SELECT = {
    "profile_id": "text_of(id)",
    "handle": 'handle_of("user.name")',
    "followers": 'count_of("user.stats.followers")',
    "sector": 'text_of("tags.0")',
}
BAD = [
    (2, "followers: unreadable"),
    (3, "followers: missing"),
    (4, "nothing of it could be read"),
    (5, "nothing of it could be read"),
    (6, "nothing of it could be read"),
]


def one(folder: Path, content: str, profiles: Row, posts: Row | None = None, file: str = "a.json") -> Imported:
    """Imports one JSON file through a user-defined shape."""
    keys = {"profiles": profiles} | ({"posts": posts} if posts else {})
    exports = Exports(folder).shape("own", format="json", platform="instagram", **keys)
    exports.source("only", file, shape="own", max_quarantine_share=1).write(file, content.encode())
    return exports.run()


def wrapped(first: list[Any], second: list[Any]) -> dict[str, tuple[str, str | None]]:
    """Returns two runs of records, in every wrapping, with the path that finds them."""
    pages = [{"data": {"items": part, "more": 1}, "cursor": {"next": "b]}"}} for part in (first, second)]
    every = {"meta": {"items": [1]}, "data": {"items": first + second}, "paging": {"cursors": {"after": "]"}}}
    return {
        "array": (json.dumps(first + second), None),
        "lines": ("\n".join(map(json.dumps, first + second)), None),
        "object around": (json.dumps(every), "data.items"),
        "object around, indented": (json.dumps(every, indent=2), "data.items"),
        "a page a line": ("\n".join(map(json.dumps, pages)), "data.items"),
        "array of pages": (json.dumps(pages), "data.items"),
        "list on the way": (json.dumps({"data": [page["data"] for page in pages]}), "data.items"),
        "lists by unknown keys": (json.dumps({"by_day": {"mon": first, "tue": second}}), "by_day.*"),
        "unknown keys on the way": (json.dumps({"a": {"items": first}, "b": {"items": second}}), "*.items"),
        "a key with a point": (json.dumps({"v1.0": {"items": first + second}}), '"v1.0".items'),
    }


@pytest.mark.parametrize("wrapping", wrapped([], []))
def test_records_are_found_in_every_wrapping(tmp_path: Path, wrapping: str) -> None:
    content, path = wrapped(PEOPLE[:3], PEOPLE[3:])[wrapping]
    imported = one(tmp_path, content, {"columns": COLUMNS, "select": SELECT} | ({"records": path} if path else {}))
    assert imported.told("landed", "accepted", "quarantined") == [(7, 2, 5)]
    assert imported.accounts("profile_id", "handle", "followers", "sector", "landed_row") == [
        ("1", "anna", 1200, "x", 1),
        ("12345678901234567890", "hugo", 3400, None, 7),
    ]
    assert imported.bad("landed_row", "reason") == BAD
    (raw,) = imported.bad("raw")[0]
    assert json.loads(raw) == PEOPLE[1]


@pytest.mark.parametrize("value", [{"name": "anna", "followers": 5}, [{"name": "anna", "followers": 5}]])
def test_single_record_needs_no_list(tmp_path: Path, value: object) -> None:
    select = {"handle": "handle_of(name)"}
    profiles = {"records": "data.user", "columns": ["name", "followers"], "select": select}
    imported = one(tmp_path, json.dumps({"data": {"user": value}, "error": {"code": "ok"}}), profiles)
    assert imported.accounts("handle", "followers") == [("anna", 5)]


def test_empty_response_is_distinguished_from_an_error_response(tmp_path: Path) -> None:
    pages = ['{"data": [{"handle": "a", "followers": 1}]}', "not json", '{"data": []}', '{"error": {"code": 190}}']
    profiles = {"records": "data", "columns": ["handle", "followers"]}
    imported = one(tmp_path, "\n".join(pages), profiles)
    assert imported.told("landed", "accepted", "quarantined") == [(3, 1, 2)]
    assert imported.bad("landed_row", "reason", "raw") == [
        (2, "nothing of it could be read", None),
        (3, "nothing of it could be read", '{"error": {"code": 190}}'),
    ]


def test_error_response_is_not_published_and_its_message_is_kept(tmp_path: Path) -> None:
    with pytest.raises(NothingToPublishError, match="no valid profile"):
        one(
            tmp_path, '{"error": {"message": "token expired"}}', {"records": "data", "columns": ["handle", "followers"]}
        )
    ((raw,),) = Exports(tmp_path).tables(DAY).bad("raw")
    assert json.loads(raw) == {"error": {"message": "token expired"}}


def test_key_missing_in_all_records_fails_the_file(tmp_path: Path) -> None:
    people = [{"handle": f"h{n}", "followers": n, "media": [{"id": n, "when": "2026-10-20"}] * 5} for n in range(10)]
    select = {"handle": "handle_of(profile.handle)", "post_id": "text_of(id)", "posted_at": 'time_of("when")'}
    profiles = {"columns": ["handle", "followers"]}
    posts = {"nested": "media", "columns": ["id", "when", "likes"], "select": select}
    told = r"a\.json: none of its first 50 records has likes, which shape own demands; correct the shape"
    with pytest.raises(NothingToPublishError, match=told):
        one(tmp_path, json.dumps(people), profiles, posts)
    told = r"a\.json: none of its first 10 records has country\.code, which shape own demands"
    with pytest.raises(NothingToPublishError, match=told):
        one(tmp_path / "b", json.dumps(people), {"columns": ["handle", "followers", "country.code"]})
    # Among few records each may have its own reasons.
    one(tmp_path / "c", json.dumps(people[:9]), {"columns": ["handle", "followers", "country.code"]})
    # A key without a value is present.
    people[0]["country"] = {"code": None}
    assert (
        len(one(tmp_path / "d", json.dumps(people), {"columns": ["handle", "followers", "country.code"]}).profiles)
        == 10
    )


POST = {"id": "p1", "node": {"likes": {"count": 7}, "text": [{"value": "first"}]}, "taken": f"{ago(9)}T12:00:00+02:00"}
POSTS = {
    "columns": ["id", "node.likes.count", "node.text.0.value", "taken"],
    "select": {
        "profile_id": "text_of(profile.id)",
        "handle": 'handle_of(profile."user.name")',
        "post_id": "text_of(id)",
        "posted_at": "time_of(taken)",
        "likes": 'likes_of("node.likes.count")',
        "caption": 'text_of("node.text.0.value")',
    },
}


def test_posts_may_be_nested_at_any_depth(tmp_path: Path) -> None:
    person = PEOPLE[0] | {"media": {"data": [POST, {"id": "p2"}], "paging": {"next": "x"}}}
    content = json.dumps({"business_discovery": person, "id": "me"})
    profiles = {"records": "business_discovery", "columns": COLUMNS, "select": SELECT}
    imported = one(tmp_path, content, profiles, POSTS | {"nested": "media.data"})
    assert imported.told("records", "landed", "accepted") == [("profiles", 1, 1), ("posts", 2, 1)]
    (post,) = imported.posts
    assert (post["profile_id"], post["handle"], post["likes"], post["caption"]) == ("1", "anna", 7, "first")
    assert post["posted_at"] == at(ago(9), 10)
    assert imported.bad("landed_row", "reason") == [(1, "posted_at: missing")]


def test_posts_may_be_next_to_the_profiles_of_one_response(tmp_path: Path) -> None:
    posts = [POST | {"author": "1"}, POST | {"id": "p2", "author": "9"}]
    content = json.dumps({"data": posts, "includes": {"users": [PEOPLE[0]]}, "meta": {"next_token": "n"}})
    profiles = {"records": "includes.users", "columns": COLUMNS, "select": SELECT}
    select = POSTS["select"] | {"profile_id": "text_of(author)", "handle": "NULL"}  # type: ignore[operator]
    beside = {"records": "data", "in_profiles_file": True, "columns": [*POSTS["columns"], "author"], "select": select}
    imported = one(tmp_path, content, profiles, beside)
    assert imported.told("records", "landed", "accepted") == [("profiles", 1, 1), ("posts", 2, 2)]
    assert sorted((row["profile_id"], row["post_id"]) for row in imported.posts) == [("1", "p1"), ("9", "p2")]


@given(st.lists(st.text(min_size=1).filter(lambda key: '"' not in key), min_size=1, max_size=4))
def test_quoted_keys_are_read_literally(parts: list[str]) -> None:
    assert keys(".".join(f'"{part}"' for part in parts)) == parts


@given(st.text(alphabet='a.b"*0', max_size=8))
def test_path_is_parsed_or_rejected(path: str) -> None:
    try:
        found = keys(path)
    except JsonPathError:
        return
    assert "".join(found) == path.replace(".", "").replace('"', "") or '"' in path


def test_large_document_is_read_like_a_small_one(tmp_path: Path) -> None:
    people = [
        *PEOPLE,
        *({"id": str(n), "user": {"name": f"h{n}", "stats": {"followers": n}}} for n in range(10, 30_000)),
    ]
    content = json.dumps(
        {"meta": {"items": ["[{"]}, "data": {"next": None, "items": people}, "paging": {"after": "]}"}}
    )
    assert len(content) > json_stream.LARGE_DOCUMENT_BYTES
    imported = one(tmp_path, content, {"records": "data.items", "columns": COLUMNS, "select": SELECT})
    assert imported.told("landed", "accepted", "quarantined") == [(29_997, 29_992, 5)]
    assert imported.bad("landed_row", "reason") == BAD
    assert json.loads(imported.bad("raw")[0][0]) == PEOPLE[1]
    assert max(row["followers"] for row in imported.profiles) == 29_999


def test_truncated_large_document_is_unreadable(tmp_path: Path) -> None:
    person = json.dumps({"handle": "a", "followers": 1})
    content = f'{{"data": [{", ".join([person] * 90_000)}, {{"handle": "b" }}'
    with pytest.raises(NothingToPublishError, match=r"a\.json cannot be read .* it ends there"):
        one(tmp_path, content, {"records": "data", "columns": ["handle", "followers"]})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(json_values, max_size=5), st.dictionaries(st.text(), json_values, max_size=3), st.integers(1, 40),
    st.sampled_from([None, 1]), st.booleans(),
)  # fmt: skip
def test_records_are_complete_at_any_chunk_boundary(
    records: list[Any],
    beside: Row,
    chunk: int,
    indent: int | None,
    ascii: bool,  # noqa: A002, FBT001 - drawn
) -> None:
    first = {f"1{key}": value for key, value in beside.items()}
    last = {f"2{key}": value for key, value in beside.items()}
    document = first | {"data": first | {"items": records} | last} | last
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "_CHUNK", chunk)
        path = Path(folder) / "a.json"
        path.write_text(
            json.dumps(document, indent=indent, ensure_ascii=ascii), encoding="utf-8", errors="surrogatepass"
        )
        try:
            found = [json.loads(record) for record in json_stream.large_records(path, "data.items", DEFAULT_LIMITS)]
        except UnreadableFileError:
            # Half of a surrogate pair is invalid Unicode.
            assert not ascii
            return
    assert found == records


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5))
LINES = st.one_of(
    st.dictionaries(
        st.sampled_from(["a", "b", "c d", "A"]), st.one_of(VALUES, st.lists(VALUES, max_size=2)), max_size=3
    ).map(lambda record: json.dumps(record, ensure_ascii=False).encode(errors="surrogatepass")),
    st.sampled_from(
        [b"not json", b'{"a": ', b"5", b"[1]", b"null", b'{"a": "\xff"}', b'{"a": "x\x01"}', b"", b"  ", b'{"a": 1} 2']
    ),
)


@given(lines=st.lists(LINES, max_size=6))
def test_line_reader_equals_the_fast_reader(lines: list[bytes]) -> None:
    shape = Shape(name="own", description="Invented.", format="ndjson")
    wanted = Selection(columns=[], optional=["a", "c d"])
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "a.ndjson"
        path.write_bytes(b"\n".join([b'{"a": "first"}', *lines]) + b"\n")
        found = []
        for exact in (False, True):
            text = open_columns(connection, path, shape, wanted, exact=exact)
            found.append(connection.sql(f'SELECT a, "c d" FROM {text.relation}').fetchall())
        assert text.numbered
    assert found[0] == found[1]
