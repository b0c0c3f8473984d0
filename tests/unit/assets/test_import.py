"""One file through an import: accepted rows, and the quarantine of the others."""

import gzip
import io
import json
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.importing.importing import NothingToPublishError
from assets.storage import batches
from tests.factories.small_exports import DAY, Exports, Imported, Row, ago, at, csv_bytes, ndjson_bytes

COLUMNS = ("profile_id", "handle", "followers", "age", "captured_at")
ROWS: list[tuple[str | None, ...]] = [
    ("1", "anna", "1200", "30", "2026-10-30"),
    ("2", "ben", "lots", None, None),
    ("3", "cleo", None, "31", None),
    (None, None, None, None, None),
    (None, None, "77", None, None),
    ("6", "finn", "-5", "130", "1999-01-01"),
    ("7", "gina", "500", "thirty", "yesterday"),
    ("8", "hugo", "3400", None, None),
]
REASONS = {
    2: ("followers", "followers: unreadable"),
    3: ("followers", "followers: missing"),
    4: (None, "nothing of it could be read"),
    5: ("neither_profile_id_nor_handle", "neither profile id nor handle"),
    6: ("captured_at", "captured_at: not from 2004-01-01 00:00:00 to 2100-01-01 00:00:00; followers: not from 0 to 10,000,000,000,000; age: not from 0 to 120"),
    7: ("captured_at", "captured_at: unreadable; age: not from 0 to 120"),
}  # fmt: skip


def one(folder: Path, file: str, content: bytes, *, day_landed: bool = True, **keys: object) -> Imported:
    """Imports one file, however bad."""
    exports = Exports(folder).source("only", file, max_quarantine_share=1, **{"platform": "instagram", **keys})
    exports.write(file, content)
    if day_landed:
        assert [manifest.message for manifest in exports.land().values()] == [""]
    return exports.run()


def records() -> list[Row]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def as_csv() -> bytes:
    return csv_bytes([COLUMNS, *ROWS])


def as_parquet() -> bytes:
    content = io.BytesIO()
    pl.DataFrame(records()).write_parquet(content)
    return content.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "a.csv": as_csv,
    "a.tsv": lambda: csv_bytes([COLUMNS, *ROWS], delimiter="\t"),
    "a.csv.gz": lambda: gzip.compress(as_csv()),
    "a.csv.zst": lambda: pa.compress(as_csv(), codec="zstd", asbytes=True),
    "a.ndjson": lambda: ndjson_bytes(records()),
    "a.jsonl.gz": lambda: gzip.compress(ndjson_bytes(records())),
    "a.json": lambda: json.dumps(records()).encode(),
    "b.json": lambda: json.dumps(records(), indent=2).encode(),
    "a.json.gz": lambda: gzip.compress(json.dumps(records()).encode()),
    "a.json.zst": lambda: pa.compress(json.dumps(records()).encode(), codec="zstd", asbytes=True),
    "a.ndjson.zst": lambda: pa.compress(ndjson_bytes(records()), codec="zstd", asbytes=True),
    "a.parquet": as_parquet,
}


@pytest.mark.parametrize("file", FORMATS)
def test_every_format_gives_the_same_rows_and_reasons(tmp_path: Path, file: str) -> None:
    content = FORMATS[file]()
    if file == "a.tsv":
        Exports(tmp_path).shape("tabs", delimiter="\t", profiles={"columns": list(COLUMNS)})
    imported = one(tmp_path, file, content, shape="tabs" if file == "a.tsv" else "smallvoices")
    assert imported.told("state", "landed", "accepted", "quarantined", "deduplicated")[0] == ("published", 8, 2, 6, 0)
    assert imported.accounts("handle", "profile_id", "followers", "age", "captured_at", "landed_row") == [
        ("anna", "1", 1200, 30, at(DAY, 0), 1),
        ("hugo", "8", 3400, None, None, 8),
    ]
    assert imported.bad("landed_row", "field", "reason") == [(number, *told) for number, told in REASONS.items()]
    has_lines = file.startswith(("a.csv", "a.tsv", "a.ndjson", "a.jsonl"))
    first = 1 if "json" in file else 2
    assert imported.bad("landed_line") == [(number - 1 + first if has_lines else None,) for number in REASONS]
    for number, raw in imported.bad("landed_row", "raw"):
        texts = [cell for cell in ROWS[number - 1] if cell is not None]
        assert all(cell in raw for cell in texts)
        assert "anna" not in raw


def test_quarantine_keeps_the_original_record(tmp_path: Path) -> None:
    content = b'handle,followers,biography\nanna,10,x\n"ben, b",many,"two\nlines ""x"""\ncleo,,\n\n dora ,no,\xf0\x9f\x8c\xbf\n'
    imported = one(tmp_path, "a.csv", content)
    assert imported.bad("landed_row", "landed_line", "raw") == [
        (2, 3, '"ben, b",many,"two\nlines ""x"""'),
        (3, 5, "cleo,,"),
        (4, 7, " dora ,no,🌿"),
    ]


def test_unparseable_record_does_not_affect_others(tmp_path: Path) -> None:
    people = [(f"h{number}", str(number)) for number in range(2_000)]
    clean = csv_bytes([("handle", "followers"), *people])
    dirty = clean + b'"x,1\ny\nz,2,3\nw\xff,4\nlast,5\n'
    before = one(tmp_path / "clean", "a.csv", clean)
    after = one(tmp_path / "dirty", "a.csv", dirty)
    told = ("handle", "followers", "landed_row")
    assert after.accounts(*told) == sorted([*before.accounts(*told), ("last", 5, 2005)])
    assert after.bad("landed_row", "landed_line", "field", "reason", "raw") == [
        (2001, 2002, None, "its quotes do not match", '"x,1'),
        (2002, 2003, None, "has 1 cells where the header has 2", "y"),
        (2003, 2004, None, "has 3 cells where the header has 2", "z,2,3"),
        (2004, 2005, None, "holds bytes that are not utf-8", "w?,4"),
    ]


def test_invalid_json_lines_are_quarantined_individually(tmp_path: Path) -> None:
    good = [b'{"handle": "a", "followers": 1}', b'{"handle": "b", "followers": 2}']
    bad = [b'{"handle": "c", "followers": 3', b"garbage", b"[1]", b"5", b"{}", b'{"handle": "\xff", "followers": 1}']
    first = b'{"handle": "z", "followers":'
    imported = one(tmp_path, "a.ndjson", b"\n".join([first, good[0], b"", *bad, good[1]]) + b"\n")
    assert imported.accounts("handle") == [("a",), ("b",)]
    assert imported.bad("landed_row", "landed_line", "reason", "raw") == [
        (number, line, "nothing of it could be read", raw.decode(errors="replace"))
        for number, line, raw in [(1, 1, first), *((place + 3, place + 4, raw) for place, raw in enumerate(bad))]
    ]


@pytest.mark.parametrize(
    "file, content", [("a.csv", gzip.compress(as_csv(), mtime=0)), ("a.ndjson.gz", ndjson_bytes(records()))]
)
def test_file_extension_may_contradict_compression(tmp_path: Path, file: str, content: bytes) -> None:
    assert one(tmp_path, file, content).accounts("handle") == [("anna",), ("hugo",)]


def test_json_counts_keep_their_notation(tmp_path: Path) -> None:
    values = ["1", "1.0", "1e3", '"12.5k"', "1.5", "true", '{"n": 1}', "12345678901234567890", "null"]
    lines = [f'{{"handle": "h{place}", "followers": {value}}}' for place, value in enumerate(values)]
    imported = one(tmp_path, "a.ndjson", "\n".join(lines).encode())
    assert imported.accounts("handle", "followers") == [("h0", 1), ("h1", 1), ("h2", 1000), ("h3", 12500)]
    assert {reason for (reason,) in imported.bad("reason")} == {"followers: unreadable", "followers: missing"}


def scraped(handle: str | None, followers: object, posts: object) -> Row:
    """Builds a record of the scraper: a profile with nested posts."""
    keys = ("url fullName biography externalUrl followsCount isBusinessAccount businessCategoryName private verified "
            "postsCount")  # fmt: skip
    named = {"id": handle and f"id-{handle}", "username": handle, "followersCount": followers, "latestPosts": posts}
    return dict.fromkeys(keys.split()) | named


def post(number: int, **keys: object) -> Row:
    return {"id": f"p{number}", "timestamp": f"{ago(10)}T12:00:00.000Z", "likesCount": 5, "commentsCount": 1} | keys


def test_nested_posts_are_separate_records(tmp_path: Path) -> None:
    people = [
        scraped("anna", 100, [post(1), post(2, likesCount="many"), post(3, timestamp="3 weeks ago")]),
        scraped("ben", "lots", [post(4)]),
        scraped("cleo", 50, None),
        scraped("dora", 60, [1, post(5, likesCount=-1, hashtags=["a", "b"])]),
    ]
    imported = one(tmp_path, "a.json", json.dumps(people).encode(), shape="apify_instagram")
    assert imported.told("records", "landed", "accepted", "quarantined") == [("profiles", 4, 3, 1), ("posts", 6, 3, 3)]
    posts = sorted((row["post_id"], row["profile_id"], row["likes"], row["hashtags"]) for row in imported.posts)
    # An invalid profile does not make its posts invalid.
    assert posts == [("p1", "id-anna", 5, None), ("p4", "id-ben", 5, None), ("p5", "id-dora", None, "a b")]
    assert imported.bad("records", "landed_row", "landed_line", "reason") == [
        ("profiles", 2, None, "followers: unreadable"),
        ("posts", 1, None, "likes: unreadable"),
        ("posts", 1, None, "posted_at: unreadable"),
        ("posts", 4, None, "nothing of it could be read"),
    ]
    assert [json.loads(raw).get("id") for (raw,) in imported.bad("raw")][1:3] == ["p2", "p3"]


def test_invalid_list_of_posts_rejects_one_record(tmp_path: Path) -> None:
    odd: list[object] = ["see profile", {"a": 1}, "", "none", None, []]
    people = [scraped(f"h{place}", 10, value) for place, value in enumerate(odd)]
    people.append(scraped("last", 10, [post(1, hashtags="ad spring"), post(2, hashtags='["cut')]))
    imported = one(tmp_path, "a.json", json.dumps(people).encode(), shape="apify_instagram")
    assert imported.told("records", "landed", "accepted", "quarantined") == [("profiles", 7, 7, 0), ("posts", 4, 2, 2)]
    assert imported.bad("landed_row", "reason") == [(row, "nothing of it could be read") for row in (1, 2)]
    assert sorted(row["hashtags"] for row in imported.posts) == ['["cut', "ad spring"]


@pytest.mark.parametrize("profile_id", ["1.78414E+16", "1,78414E+16", "7.08021e18"])
def test_id_rounded_by_a_spreadsheet_is_rejected(tmp_path: Path, profile_id: str) -> None:
    rows = [
        ("profile_id", "handle", "followers"),
        (profile_id, "a", 1),
        ("17841400000000001", "b", 2),
        ("5e12", "c", 3),
    ]
    imported = one(tmp_path, "a.csv", csv_bytes(rows))
    assert imported.bad("landed_row", "reason") == [(1, "profile id lost its last digits")]
    assert imported.accounts("profile_id") == [("17841400000000001",), ("5e12",)]


@pytest.mark.parametrize("age", ["abc", "6.5", "99999999999", "-99999999999", "1e300"])
def test_invalid_age_rejects_only_its_row(tmp_path: Path, age: str) -> None:
    imported = one(tmp_path, "a.csv", f"handle,followers,age\na,1,{age}\nb,2,20\n".encode())
    assert imported.bad("landed_row", "field") == [(1, "age")]
    assert imported.accounts("handle", "age") == [("b", 20)]


@pytest.mark.parametrize("time", ["infinity", "-infinity", "epoch", "99999-01-01", "0000-01-01", "2024-05-01 (BC)"])
def test_invalid_time_rejects_only_its_row(tmp_path: Path, time: str) -> None:
    imported = one(tmp_path, "a.csv", f"handle,followers,captured_at\na,1,{time}\nb,2,2026-10-30\n".encode())
    assert imported.bad("landed_row", "reason") == [(1, "captured_at: unreadable")]


def test_milliseconds_in_place_of_seconds_reject_only_their_row(tmp_path: Path) -> None:
    select = {"handle": "text_of(h)", "followers": "count_of(f)", "captured_at": "epoch_of(t)"}
    Exports(tmp_path).shape("epochs", profiles={"columns": ["h", "f", "t"], "select": select})
    imported = one(tmp_path, "a.csv", b"h,f,t\na,1,1700000000000\nb,2,1700000000\n", shape="epochs")
    assert imported.bad("landed_row", "reason") == [(1, "captured_at: unreadable")]
    assert imported.accounts("captured_at") == [(datetime(2023, 11, 14, 22, 13, 20),)]  # noqa: DTZ001 - UTC, no zone


def test_parquet_lists_are_read_as_lists(tmp_path: Path) -> None:
    frame = pl.DataFrame({"h": ["a"], "f": [1.0], "b": [["x", "y"]], "t": [at(DAY)]})
    content = io.BytesIO()
    frame.write_parquet(content)
    select = {"handle": "h", "followers": "count_of(f)", "biography": "list_of(b)", "captured_at": "time_of(t)"}
    Exports(tmp_path).shape("lists", profiles={"columns": ["h", "f", "b", "t"], "select": select})
    imported = one(tmp_path, "a.parquet", content.getvalue(), shape="lists")
    assert imported.accounts("handle", "followers", "biography", "captured_at") == [("a", 1, "x y", at(DAY))]


def test_bad_record_after_the_first_batch_is_quarantined(tmp_path: Path) -> None:
    rows = b"".join(b"h%d,%d\n" % (number, number) for number in range(batches.ROWS + 10_000))
    imported = one(tmp_path, "a.csv", b"handle,followers\n" + rows + b"x,1,2\n")
    assert imported.bad("landed_row", "raw") == [(batches.ROWS + 10_001, "x,1,2")]


def test_json_with_trailing_data_is_unreadable(tmp_path: Path) -> None:
    content = b'[{"handle": "a", "followers": 1}]\n[{"handle": "b", "followers": 2}]'
    with pytest.raises(NothingToPublishError, match=r"a\.json cannot be read as shape smallvoices"):
        one(tmp_path, "a.json", content)


dirt = st.sampled_from(["", "7", "x", '"', '""', '"a,b"', "\n", "1e9", "-1", "n/d", "2026-10-30", "ü", " "])


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.lists(dirt, min_size=1, max_size=5).map(",".join), max_size=15),
    st.sampled_from(["a.csv", "a.ndjson"]),
    st.randoms(use_true_random=False),
)
def test_every_record_of_any_file_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], file: str, chance: random.Random
) -> None:
    names = "handle,followers,age,profile_id,captured_at"
    rows = ["anna,10,,,", *lines, "hugo,20,,,"]
    if file == "a.csv":
        content = "\n".join([names, *rows]) + "\n"
    else:
        objects = [json.dumps(dict(zip(names.split(","), line.split(","), strict=False))) for line in rows]
        content = "\n".join(text if chance.random() < 0.8 else text[:-3] for text in objects[:-1])
        content += f"\n{objects[-1]}\n"
    imported = one(tmp_path_factory.mktemp("dirty"), file, content.encode())
    report: dict[str, Any] = imported.report[0]
    assert report["landed"] == report["accepted"] + report["quarantined"] + report["deduplicated"]
    assert report["accepted"] == len(imported.profiles) > 0
    assert report["quarantined"] == len(imported.quarantine)
    numbers = [row["landed_row"] for row in [*imported.profiles, *imported.quarantine]]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(range(1, report["landed"] + 1))
    assert len(numbers) + report["deduplicated"] == report["landed"]


def test_declared_platform_applies_to_records_without_one(tmp_path: Path) -> None:
    rows = [{"platform": "tiktok", "handle": "a", "followers": 1}, {"handle": "b", "followers": 2}]
    imported = one(tmp_path, "a.ndjson", ndjson_bytes(rows), platform="youtube")
    assert imported.accounts("handle", "platform") == [("a", "tiktok"), ("b", "youtube")]


def test_profiles_and_posts_of_one_pull_are_inferred_separately(tmp_path: Path) -> None:
    ids = [str(6_800_000_000_000_000_000 + number * 829_352_327) for number in range(20)]
    profiles = [
        {"platform": "tiktok", "handle": f"voice{place}", "profile_id": profile_id, "followers": 1000 + 10 * place}
        for place, profile_id in enumerate(ids)
    ]
    posts = [
        {"platform": "tiktok", "profile_id": profile_id, "post_id": f"p{place}-{day}", "likes": 50 + day, "comments": 3,
         "posted_at": f"2026-10-{day}T10:00:00Z"}
        for place, profile_id in enumerate(ids)
        for day in range(10, 16)
    ]  # fmt: skip
    exports = Exports(tmp_path).source("tok", "profiles.ndjson", posts_url="posts.ndjson", shape="auto")
    exports.write("profiles.ndjson", ndjson_bytes(profiles))
    exports.write("posts.ndjson", ndjson_bytes(posts))
    assert exports.run().told("records", "accepted") == [("profiles", 20), ("posts", 120)]


def test_import_report_is_written_after_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kills an import before its report, which dates that look back rely on: it must be run again."""
    replaced: list[str] = []
    replace = Path.replace

    def noted(path: Path, target: Path) -> Path:
        replaced.append(target.parts[-3])
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", noted)
    one(tmp_path, "a.ndjson", ndjson_bytes([{"platform": "tiktok", "profile_id": "a", "followers": 1}]))
    assert sorted(replaced) == ["import_report", "posts", "profiles", "quarantine"]
    assert replaced[-1] == "import_report"


def test_rejected_file_has_a_row_for_its_valid_records(tmp_path: Path) -> None:
    """Expects this row next to a row for each invalid record; a file without valid records needs none."""
    exports = Exports(tmp_path).source("good", "good.csv", platform="instagram")
    exports.source("half", "half.csv", platform="instagram").source("none", "none.csv", platform="instagram")
    exports.write("good.csv", b"handle,followers\na,1\n")
    exports.write("half.csv", b"handle,followers\nb,1\nc,x\nd,2\n")
    exports.write("none.csv", b"handle,followers\ne,x\n")
    imported = exports.run()
    assert imported.told("source", "state", "landed", "quarantined") == [
        ("good", "published", 1, 0), ("half", "quarantine_limit_exceeded", 3, 3), ("none", "quarantine_limit_exceeded", 1, 1)
    ]  # fmt: skip
    assert [(row["source"], row["landed_row"]) for row in imported.quarantine] == [
        ("half", 2),
        ("half", 0),
        ("none", 1),
    ]
    assert imported.quarantine[1]["reason"].startswith(
        "the whole file is held back, with 2 records that have no fault of their own: 1 of 3 profiles break the contract"
    )
