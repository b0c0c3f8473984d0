"""Limits of a source: each has a default, a setting, and a message that names it; data within it is imported."""

import gzip
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest

from assets.importing.importing import NothingToPublishError, import_date
from assets.importing.limit_guard import Bounds, LimitPassedError
from assets.storage.engine import EngineLimitError, connect
from schemas.settings import Settings
from tests.factories.small_exports import DAY, Exports, csv_bytes, ndjson_bytes

PEOPLE = [{"platform": "instagram", "handle": f"h{number}", "followers": 1000 + number} for number in range(30)]
ROWS: list[list[object]] = [["platform", "handle", "followers"], *([*person.values()] for person in PEOPLE)]
MEANT = "raise it if this is meant"


def exports(folder: Path, file: str, content: bytes, **keys: Any) -> Exports:
    made = Exports(folder).source("only", file, max_quarantine_share=1, **keys)
    made.write(file, content)
    return made


def refusal(made: Exports) -> str:
    """Returns the reason why nothing is published; the received bytes are kept anyway."""
    with pytest.raises(NothingToPublishError) as refused:
        made.run()
    report = made.tables().report
    assert [row["accepted"] for row in report] == [0] * len(report)
    return str(refused.value)


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def swollen_spreadsheet(megabytes: int) -> bytes:
    """Builds a spreadsheet of almost only blanks, whose directory understates their number."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in ROWS:
        sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    swollen = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(swollen, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                content = content.replace(b"<sheetData>", b"<sheetData>" + b" " * (megabytes * 2**20))
            new.writestr(name, content)
    return swollen.getvalue()


def lying(packed: bytes) -> bytes:
    """Returns the same archive with every size in its directory understated."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        sizes = [member.file_size for member in archive.infolist() if member.file_size > 2**20]
    for size in sizes:
        packed = packed.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    return packed


# Bytes


def test_total_bytes_are_limited(tmp_path: Path) -> None:
    made = Exports(tmp_path).source("only", "in/*.csv", limits={"max_bytes": 1000})
    for name in ("a", "b"):
        made.write(f"in/{name}.csv", csv_bytes(ROWS))
    assert 500 < len(csv_bytes(ROWS)) < 1000
    assert f"it sends more than limits.max_bytes (1000); {MEANT}" in refusal(made)
    assert not [*made.settings.landing.glob("only/*/*.tmp")]


def test_number_of_files_is_limited(tmp_path: Path) -> None:
    made = Exports(tmp_path / "files").source("only", "in/*.csv", limits={"max_files": 1})
    for name in ("a", "b"):
        made.write(f"in/{name}.csv", csv_bytes(ROWS))
    assert f"it stands for 2 files, over limits.max_files (1); {MEANT}" in refusal(made)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, csv_bytes(ROWS))
    made = exports(tmp_path / "archive", "a.zip", packed.getvalue(), limits={"max_files": 1})
    assert f"a.zip holds 2 files, over limits.max_files (1); {MEANT}" in refusal(made)


# Decompression ratio: one limit for every container


@pytest.mark.parametrize(
    "file, content",
    [
        ("a.csv.gz", gzip.compress(b"\n" * (80 * 2**20), mtime=0)),
        ("a.zip", zipped("a.csv", b"\n" * (80 * 2**20))),
        ("a.zip", zipped("a.csv.gz", gzip.compress(b"\n" * (80 * 2**20), mtime=0))),
        ("a.zip", zipped("a.xlsx", swollen_spreadsheet(80))),
        ("a.xlsx", swollen_spreadsheet(80)),
        ("a.xlsx", lying(swollen_spreadsheet(80))),
    ],
    ids=["gzip", "zip", "gzip in zip", "spreadsheet in zip", "spreadsheet", "spreadsheet that lies"],
)
def test_decompression_ratio_is_limited(tmp_path: Path, file: str, content: bytes) -> None:
    keys = {"shape": "auto"} if "xlsx" in file else {}
    assert f"expands to more times its size than limits.max_ratio (100); {MEANT}" in refusal(
        exports(tmp_path, file, content, **keys)
    )


def test_decompression_limit_is_configurable(tmp_path: Path) -> None:
    content = csv_bytes([[*ROWS[0], "note"], *([*row, "x" * 900_000] for row in ROWS[1:] * 3)])
    made = exports(tmp_path, "a.zip", zipped("a.csv", content), limits={"max_ratio": 5000})
    assert made.run().told("landed", "accepted", "deduplicated") == [(90, 30, 60)]


def test_archives_are_unpacked_within_the_home_and_disk_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No other folder may be used.
    monkeypatch.setattr("tempfile.tempdir", "/nonexistent")
    made = exports(tmp_path, "a.zip", zipped("a.csv", csv_bytes(ROWS)))
    made.settings = replace(made.settings, temp_limit="1KB")
    assert made.run().told("landed", "accepted") == [(30, 30)]
    assert not [*made.settings.scratch.glob("unpacked-*")]
    made = exports(tmp_path / "more", "a.zip", zipped("a.csv", csv_bytes(ROWS * 2)))
    made.settings = replace(made.settings, temp_limit="1KB")
    assert "a.zip unpacks to more than SMALLVOICES_TEMP_LIMIT allows" in refusal(made)


# Rows, records, fields


@pytest.mark.parametrize("file", ["a.csv", "a.ndjson", "a.parquet"])
def test_rows_of_a_source_are_limited(tmp_path: Path, file: str) -> None:
    parquet = io.BytesIO()
    pl.DataFrame(PEOPLE).write_parquet(parquet)
    content = {"a.csv": csv_bytes(ROWS), "a.ndjson": ndjson_bytes(PEOPLE), "a.parquet": parquet.getvalue()}[file]
    assert exports(tmp_path / "all", file, content, limits={"max_rows": 30}).run().told("accepted") == [(30,)]
    refused = exports(tmp_path / "few", file, content, limits={"max_rows": 29})
    assert f"there are more profiles than limits.max_rows (29); {MEANT}" in refusal(refused)


LARGE = {**PEOPLE[0], "handle": "large", "biography": "x" * (40 * 2**20)}


def test_columns_of_a_file_are_limited(tmp_path: Path) -> None:
    made = exports(tmp_path, "a.csv", csv_bytes(ROWS), limits={"max_columns": 2})
    assert f"a.csv has 3 columns, over limits.max_columns (2); {MEANT}" in refusal(made)


def test_oversized_json_line_rejects_only_itself(tmp_path: Path) -> None:
    content = ndjson_bytes([*PEOPLE[:15], LARGE, *PEOPLE[15:]]) + b"\xff\xfe not text\n"
    imported = exports(tmp_path, "a.ndjson", content).run()
    assert imported.told("landed", "accepted", "quarantined") == [(32, 30, 2)]
    assert imported.bad("landed_row", "landed_line", "reason") == [
        (16, 16, f"is larger than limits.max_record_bytes (16,777,216); {MEANT}"),
        (32, 32, "nothing of it could be read"),
    ]
    (raw,) = imported.bad("raw")[0]
    assert raw.startswith('{"platform": "instagram", "handle": "large"')
    assert len(raw) == 4000
    assert imported.accounts("landed_row") == [(row,) for row in range(1, 32) if row != 16]


def test_first_json_line_may_be_oversized(tmp_path: Path) -> None:
    imported = exports(tmp_path, "a.ndjson", ndjson_bytes([LARGE, *PEOPLE])).run()
    assert imported.told("landed", "accepted", "quarantined") == [(31, 30, 1)]


@pytest.mark.parametrize("wrapping", ["array", "document", "by unknown keys"])
def test_oversized_json_document_is_rejected_with_a_message(tmp_path: Path, wrapping: str) -> None:
    large = [*PEOPLE, LARGE]
    document = large if wrapping == "array" else {"meta": [["]"]], "data": large}
    made = exports(tmp_path, "a.json", json.dumps(document).encode(), shape="own")
    within = {"array": {}, "document": {"records": "data"}, "by unknown keys": {"records": "*"}}[wrapping]
    made.shape("own", format="json", platform="instagram", profiles={"columns": ["handle", "followers"], **within})
    assert f"larger than limits.max_record_bytes (16,777,216); {MEANT}" in refusal(made).replace(", or broken", "")


def test_record_size_limit_is_configurable(tmp_path: Path) -> None:
    imported = exports(tmp_path, "a.ndjson", ndjson_bytes([LARGE, *PEOPLE]), limits={"max_record_bytes": 2**26}).run()
    assert imported.bad("reason") == [(f"biography: longer than limits.max_field_characters (20,000); {MEANT}",)]


def test_too_long_text_is_quarantined(tmp_path: Path) -> None:
    people = [*PEOPLE, {**PEOPLE[0], "handle": "long", "biography": "ü" * 101}, {**PEOPLE[0], "biography": "ü" * 100}]
    imported = exports(tmp_path, "a.ndjson", ndjson_bytes(people), limits={"max_field_characters": 100}).run()
    assert imported.told("landed", "accepted", "quarantined", "deduplicated") == [(32, 30, 1, 1)]
    told = f"biography: longer than limits.max_field_characters (100); {MEANT}"
    assert imported.bad("landed_row", "field", "reason") == [(31, "biography", told)]


# Time, memory, temporary disk


def test_reading_time_is_limited(tmp_path: Path) -> None:
    made = exports(tmp_path, "a.csv", csv_bytes(ROWS), limits={"import_minutes": 0.00001})
    assert f"to read its profiles takes longer than limits.import_minutes (0.00001); {MEANT}" in refusal(made)


def test_long_running_statement_is_interrupted(tmp_path: Path) -> None:
    made = exports(tmp_path, "a.csv", csv_bytes(ROWS), limits={"import_minutes": 0.01})
    bounds = Bounds(made.settings, made.sources().sources[0], "profiles")
    with connect(made.settings) as connection, bounds.timed(connection):
        with pytest.raises(duckdb.InterruptException) as stopped:
            connection.execute("SELECT sum(hash(a.range + b.range)) FROM range(1000000) a, range(1000000) b").fetchall()
        with pytest.raises(LimitPassedError, match="import_minutes"):
            bounds.reason(stopped.value, 0)


def test_memory_limit_fails_only_its_source(tmp_path: Path) -> None:
    parquet = io.BytesIO()
    pl.DataFrame(PEOPLE).write_parquet(parquet)
    made = exports(tmp_path, "a.ndjson", ndjson_bytes(PEOPLE))
    made.source("other", "b.parquet").write("b.parquet", parquet.getvalue())
    made.settings = replace(made.settings, memory_limit="20MB")
    told = made.run().told("source", "state", "accepted", "message")
    assert told[1] == ("other", "published", 30, None)
    assert told[0][1:3] == ("unreadable", 0)
    assert "to read its profiles, it takes more than SMALLVOICES_MEMORY_LIMIT (20MB); raise it where" in told[0][3]


@pytest.mark.parametrize(
    "limits, told",
    [
        ({"memory_limit": "60MB", "temp_limit": "10MB"}, "SMALLVOICES_TEMP_LIMIT (10MB)"),
        ({"memory_limit": "20MB"}, "SMALLVOICES_MEMORY_LIMIT (20MB)"),
    ],
)
def test_exceeded_limit_names_the_setting(tmp_path: Path, limits: dict[str, Any], told: str) -> None:
    settings = replace(Settings(home=tmp_path, sources_file=tmp_path / "s.yaml", threads=1), **limits)
    rows = "SELECT md5(range::VARCHAR) AS a, uuid() AS b FROM range(2000000)"
    query = f"CREATE TEMP TABLE t AS {rows}" if "temp_limit" in limits else f"SELECT list(a || b) FROM ({rows})"
    with (
        pytest.raises(EngineLimitError, match=rf"takes more than {told.replace('(', '.').replace(')', '.')}; raise it"),
        connect(settings) as connection,
    ):
        connection.execute(query).fetchall()
    assert sum(path.stat().st_size for path in settings.scratch.rglob("*") if path.is_file()) < 11_000_000


@pytest.mark.parametrize("text, count", [("1KB", 1000), ("1.5 GiB", 3 * 2**29), ("2tb", 2 * 10**12)])
def test_temp_limit_is_formatted_for_duckdb(monkeypatch: pytest.MonkeyPatch, text: str, count: int) -> None:
    monkeypatch.setenv("SMALLVOICES_TEMP_LIMIT", text)
    assert Settings.from_environment().temp_bytes == count


def test_date_within_limits_is_imported(tmp_path: Path) -> None:
    made = exports(tmp_path, "a.csv", csv_bytes(ROWS))
    made.land()
    report = import_date(made.settings, made.sources(), DAY, "run")
    assert report["accepted"].to_list() == [30]
