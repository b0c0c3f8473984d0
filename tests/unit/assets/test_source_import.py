"""Sources are imported independently: exact reading, errors and threads of one do not affect others."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandera.errors
import polars as pl
import pyarrow as pa
import pytest

from assets.importing import row_validation, source_import
from assets.reading.record_lookup import raw_records
from assets.reading.text_columns import TextColumns, open_columns
from assets.storage.engine import EngineLimitError
from tests.factories.small_exports import Exports, csv_bytes, ndjson_bytes

PEOPLE = [{"platform": "instagram", "handle": f"h{number}", "followers": 1000 + number} for number in range(500)]


@pytest.mark.parametrize("files", [8, pytest.param(40, marks=pytest.mark.proof)])
def test_only_the_file_that_needs_the_exact_reader_is_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    exports = Exports(tmp_path).source("lists", "lists/*.csv", platform="instagram").source("big", "big.ndjson")
    exports.write("big.ndjson", ndjson_bytes(PEOPLE))
    for file in range(files):
        rows = [(f"f{file}_{row}", 2000 + row, "two\nlines" if row == 5 else "one line") for row in range(10)]
        exports.write(f"lists/{file:02}.csv", csv_bytes([("handle", "followers", "biography"), *rows]))
    reads: Counter[str] = Counter()

    def counted(connection: duckdb.DuckDBPyConnection, path: Path, *arguments: Any, **options: Any) -> TextColumns:
        reads[path.name] += 1
        return open_columns(connection, path, *arguments, **options)

    monkeypatch.setattr(source_import, "open_columns", counted)
    imported = exports.run()
    assert Counter(imported.told("source", "landed", "accepted")) == {("lists", 10, 10): files, ("big", 500, 500): 1}
    assert Counter(row["biography"] for row in imported.profiles)["two\nlines"] == files
    assert reads == {"big.ndjson": 1, **{f"{file:02}.csv": 2 for file in range(files)}}


def _raise(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "fail, message",
    [
        (_raise(duckdb.InternalException("odd")), "a.csv cannot be read as shape smallvoices: odd"),
        (_raise(EngineLimitError("it takes more")), "EngineLimitError: it takes more"),
        (_raise(pl.exceptions.ComputeError("odd")), "ComputeError: odd"),
        (_raise(pandera.errors.SchemaInitError("odd")), "SchemaInitError: odd"),
        (_raise(pa.ArrowInvalid("odd")), "ArrowInvalid: odd"),
        (_raise(RuntimeError("odd")), "RuntimeError: odd"),
        (_raise(FileNotFoundError(2, "gone")), "FileNotFoundError: [Errno 2] gone"),
    ],
)
@pytest.mark.parametrize("where", ["open_columns", "raw_records", "without_erased"])
def test_library_error_fails_only_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, fail: Callable[[], None], message: str
) -> None:
    exports = Exports(tmp_path)
    for name in ("dead", "alive"):
        exports.source(name, f"{name[0]}.csv", platform="instagram", max_quarantine_share=1)
    exports.write("d.csv", b"handle,followers\nanna,1200\nben,many\n")
    exports.write("a.csv", b"handle,followers\ncleo,1200\ndora,many\n")
    module, name = (row_validation, "without_erased") if where == "without_erased" else (source_import, where)
    original = getattr(module, name)

    def odd(first: object, *others: Any, **options: Any) -> object:
        is_dead = first["source"][0] == "dead" if isinstance(first, pl.DataFrame) else others[0].name == "d.csv"
        if is_dead:
            fail()
        return original(first, *others, **options)

    monkeypatch.setattr(module, name, odd)
    imported = exports.run()
    assert imported.told("source", "state", "accepted") == [("dead", "unreadable", 0), ("alive", "published", 1)]
    assert message.replace("a.csv", "d.csv") in imported.report[0]["message"]


def test_timeout_during_record_lookup_fails_only_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = Exports(tmp_path).source("slow", "a.json", max_quarantine_share=1, limits={"import_minutes": 0.1})
    exports.source("alive", "b.ndjson")
    exports.write("a.json", json.dumps([*PEOPLE, {"handle": "bad", "followers": "many"}]).encode())
    exports.write("b.ndjson", ndjson_bytes(PEOPLE[:3]))

    def slow(connection: duckdb.DuckDBPyConnection, *arguments: Any) -> dict[int, tuple[int | None, str]]:
        connection.execute("SELECT sum(hash(a.range + b.range)) FROM range(1000000) a, range(1000000) b").fetchall()
        return raw_records(connection, *arguments)

    monkeypatch.setattr(source_import, "raw_records", slow)
    imported = exports.run()
    assert imported.told("source", "state", "accepted") == [("slow", "unreadable", 0), ("alive", "published", 3)]
    assert "to read its profiles takes longer than limits.import_minutes (0.1)" in imported.report[0]["message"]


@pytest.mark.parametrize("threads", [1, 8])
def test_last_copy_of_a_post_in_one_list_is_kept(tmp_path: Path, threads: int) -> None:
    shape = {
        "format": "ndjson",
        "platform": "instagram",
        "profiles": {"columns": ["handle", "followers", "profile_id"], "optional": ["media"]},
        "posts": {"nested": "media", "columns": ["post_id", "posted_at", "likes"],
                  "select": {"profile_id": "profile.profile_id"}},
    }  # fmt: skip
    exports = Exports(tmp_path).shape("own", **shape).source("only", "a.ndjson", shape="own")
    copies = [{"post_id": "1", "posted_at": "2026-10-01T12:00:00Z", "likes": likes} for likes in (5, 7, 3, 9)]
    accounts = [
        {"handle": f"h{number}", "followers": 1000, "profile_id": str(number), "media": copies}
        for number in range(50_000)
    ]
    exports.write("a.ndjson", ndjson_bytes(accounts))
    exports.settings = replace(exports.settings, threads=threads)
    assert Counter(row["likes"] for row in exports.run().posts) == {9: 50_000}


def test_parallel_and_sequential_imports_give_the_same_rows(tmp_path: Path) -> None:
    exports = Exports(tmp_path / "one")
    for number in range(6):
        people = [person | {"followers": 1000 + number} for person in PEOPLE[number * 50 : number * 50 + 100]]
        exports.source(f"s{number}", f"s{number}.ndjson", max_quarantine_share=0.5)
        exports.write(f"s{number}.ndjson", ndjson_bytes([*people, {"handle": "bad", "followers": f"no {number}"}]))
    exports.source("broken", "broken.json").write("broken.json", b'[{"handle": "a", "followers": 1}')
    other = exports.copied(tmp_path / "other")
    other.settings = replace(other.settings, threads=4)
    first, second = exports.run(), other.run()
    assert first.told("source", "accepted", "deduplicated") == [
        ("s0", 100, 0), *((f"s{number}", 50, 50) for number in range(1, 6)), ("broken", 0, 0)
    ]  # fmt: skip
    for one, two in (
        (first.report, second.report), (first.profiles, second.profiles), (first.quarantine, second.quarantine)
    ):  # fmt: skip
        assert sorted(map(str, one)) == sorted(map(str, two))
