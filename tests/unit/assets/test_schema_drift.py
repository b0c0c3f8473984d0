"""Exports whose columns change: additions are ignored, breaking changes fail, and no column is shifted."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.importing.importing import NothingToPublishError
from assets.reading.text_columns import TextColumns, open_columns
from tests.factories.small_exports import Exports, csv_bytes

HEADER = ["id", "name", "followers", "likes"]
ROWS = [["1", "anna", "1200", "30.5"], ["2", "ben", "3400", "12"], ["3", "cleo", "56000", "900"]]
RIGHT = [("anna", "1", 1200, 30.5), ("ben", "2", 3400, 12.0), ("cleo", "3", 56000, 900.0)]
SELECT = {
    "profile_id": "text_of(id)",
    "handle": "handle_of(name)",
    "followers": "count_of(followers)",
    "avg_likes": "number_of(likes)",
}

Table = tuple[list[str], list[list[str]]]


def with_column(place: int) -> Callable[[], Table]:
    """Adds an unrequested column of numbers, which could be mistaken for followers."""
    return lambda: (
        [*HEADER[:place], "reach", *HEADER[place:]],
        [[*row[:place], "77", *row[place:]] for row in ROWS],
    )


def retyped(column: str, write: Callable[[str], str]) -> Callable[[], Table]:
    place = HEADER.index(column)
    return lambda: (HEADER, [[*row[:place], write(row[place]), *row[place + 1 :]] for row in ROWS])


ADDITIVE: dict[str, Callable[[], Table]] = {
    "added at the end": with_column(4),
    "added in the middle": with_column(2),
    "added in front": with_column(0),
    "reordered": lambda: (HEADER[::-1], [row[::-1] for row in ROWS]),
}
BREAKING: dict[str, tuple[Callable[[], Table], str]] = {
    "dropped": (lambda: (HEADER[:3], [row[:3] for row in ROWS]), "lacks the columns likes"),
    "renamed": (lambda: (["id", "name", "fans", "likes"], ROWS), "lacks the columns followers"),
    "renamed in case": (lambda: (["id", "name", "Followers", "likes"], ROWS), "lacks the columns followers"),
    "header lost": (lambda: (ROWS[0], ROWS[1:]), "lacks the columns id, name, followers, likes"),
    "retyped to words": (retyped("followers", lambda cell: f"about {cell}"), "3 of 3 profiles break the contract"),
    "retyped to another decimal mark": (
        retyped("likes", lambda cell: cell.replace(".", "") + ",5"), "3 of 3 profiles break the contract"
    ),
    "retyped to a fraction": (retyped("followers", lambda cell: f"0.{cell}"), "3 of 3 profiles break the contract"),
    "cells without their header": (
        lambda: (HEADER, [["0", *row] for row in ROWS]), "3 of 3 profiles break the contract"
    ),
}  # fmt: skip


def exports(folder: Path, file: str) -> Exports:
    kept = {"columns": HEADER, "select": SELECT}
    return Exports(folder).shape("vendor", platform="instagram", profiles=kept).source("only", file, shape="vendor")


def as_csv(table: Table) -> bytes:
    return csv_bytes([table[0], *table[1]])


def as_json(table: Table) -> bytes:
    return json.dumps([dict(zip(table[0], row, strict=False)) for row in table[1]]).encode()


@pytest.mark.parametrize("write, file", [(as_csv, "a.csv"), (as_json, "a.json")])
@pytest.mark.parametrize("kind", ADDITIVE)
def test_columns_added_or_moved_change_no_value(
    tmp_path: Path, kind: str, write: Callable[[Table], bytes], file: str
) -> None:
    found = exports(tmp_path, file)
    found.write(file, write(ADDITIVE[kind]()))
    assert found.run().accounts("handle", "profile_id", "followers", "avg_likes") == RIGHT


@pytest.mark.parametrize("kind", BREAKING)
def test_drift_that_breaks_the_shape_names_its_columns_and_imports_nothing(tmp_path: Path, kind: str) -> None:
    table, told = BREAKING[kind]
    found = exports(tmp_path, "a.csv")
    found.write("a.csv", as_csv(table()))
    with pytest.raises(NothingToPublishError, match=told):
        found.run()
    assert found.tables().profiles == []


def test_column_present_twice_uses_the_first(tmp_path: Path) -> None:
    found = exports(tmp_path, "a.csv")
    found.write("a.csv", as_csv(([*HEADER, "followers"], [[*row, "77"] for row in ROWS])))
    assert found.run().accounts("handle", "profile_id", "followers", "avg_likes") == RIGHT


def test_another_delimiter_fails(tmp_path: Path) -> None:
    found = exports(tmp_path, "a.csv")
    found.write("a.csv", csv_bytes([HEADER, *ROWS], delimiter=";"))
    with pytest.raises(NothingToPublishError, match="lacks the columns id, name, followers, likes"):
        found.run()


def test_another_encoding_fails_only_its_source_with_a_remedy(tmp_path: Path) -> None:
    """Regression: column names that are not UTF-8 failed the whole run with a UnicodeError."""
    select = {"handle": "handle_of(name)", "followers": "count_of(followers)", "avg_likes": 'number_of("Ø likes")'}
    profiles = {"columns": ["name", "followers", "Ø likes"], "select": select}
    found = Exports(tmp_path).shape("list", format="csv", platform="instagram", profiles=profiles)
    found.source("dead", "a.csv", shape="list").source("alive", "b.csv", platform="instagram")
    found.write("a.csv", "name,followers,Ø likes\nanna,1200,30\n".encode("cp1252"))
    found.write("b.csv", b"handle,followers\nben,3400\n")
    imported = found.run()
    assert imported.accounts("handle") == [("ben",)]
    (message,) = {row["message"] for row in imported.report if row["source"] == "dead"}
    assert message.startswith(
        "a.csv:1 lacks the columns Ø likes of shape list; it has name, followers, \\xd8 likes; this is not utf-8: "
        "say `encoding` in the shape, as in `encoding: cp1252`; "
    )


def _stumble() -> None:
    raise IndexError("list index out of range")


@pytest.mark.parametrize(
    "stumble, told",
    [
        (_stumble, "IndexError: list index out of range"),
        # Polars' panics do not derive from Exception.
        (
            lambda: pl.DataFrame({"\0": ["x"]}).to_arrow(),
            "PanicException: called `Result::unwrap()` on an `Err` value: NulError(0, [0])",
        ),
    ],
)
def test_unexpected_error_fails_only_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stumble: Callable[[], object], told: str
) -> None:
    found = (
        Exports(tmp_path).source("dead", "a.csv", platform="instagram").source("alive", "b.csv", platform="instagram")
    )
    for file in ("a.csv", "b.csv"):
        found.write(file, f"handle,followers\n{file[0]},3400\n".encode())

    def odd(connection: duckdb.DuckDBPyConnection, path: Path, *arguments: Any, **options: Any) -> TextColumns:
        if path.name == "a.csv":
            stumble()
        return open_columns(connection, path, *arguments, **options)

    monkeypatch.setattr("assets.importing.source_import.open_columns", odd)
    imported = found.run()
    assert imported.accounts("handle") == [("b",)]
    (message,) = {row["message"] for row in imported.report if row["source"] == "dead"}
    assert f"for a reason that smallvoices does not know: {told}; what it sent is kept at landing/" in message


def test_archive_member_names_stay_inside_landing(tmp_path: Path) -> None:
    """Checks that members named as outside or absolute paths, and links, are read as files inside landing."""
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = 0o120777 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../../escaped.csv", b"handle,followers\nanna,1200\n")
        archive.writestr(f"{tmp_path}/absolute.csv", b"handle,followers\nben,3400\n")
        archive.writestr("folder/..\\..\\backwards.csv", b"handle,followers\ncleo,56000\n")
        archive.writestr(link, "/etc/passwd")
    found = Exports(tmp_path / "work").source("only", "a.zip", shape="auto", platform="instagram")
    found.write("a.zip", packed.getvalue())
    before = {path for path in tmp_path.rglob("*") if "work" not in path.relative_to(tmp_path).parts}
    with pytest.raises(NothingToPublishError, match=r"link\.csv"):
        found.run()
    assert {path for path in tmp_path.rglob("*") if "work" not in path.relative_to(tmp_path).parts} == before
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


def test_one_enormous_cell_is_one_bad_record(tmp_path: Path) -> None:
    found = Exports(tmp_path).source("only", "a.csv", platform="instagram", max_quarantine_share=1)
    huge = b'"' + b"x" * (40 * 2**20) + b'"'
    found.write("a.csv", b"handle,followers\nanna,1\n" + huge + b",2\nben,3\n")
    imported = found.run()
    assert imported.accounts("handle") == [("anna",), ("ben",)]
    assert [(row, len(raw or "") < 2**20) for row, raw in imported.bad("landed_row", "raw")] == [(2, True)]
