"""Lookup of the raw text of single records, for the quarantine.

Belongs here: finding records by their number. It is a second pass over a file, only for refused rows.
"""

from pathlib import Path

import duckdb

from assets.reading import csv_records, spreadsheets
from assets.reading.formats import format_of
from assets.reading.json_records import json_layout, json_objects, lines
from schemas.config.limits import DEFAULT_LIMITS, Limits
from schemas.quoting import literal
from schemas.shape import Shape

# Limit of raw text in the quarantine; the landed file has all of it.
MAX_RAW_CHARACTERS = 4_000


def raw_records(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    shape: Shape,
    numbers: set[int],
    within: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> dict[int, tuple[int | None, str]]:
    """Looks up records by their number.

    Args:
        connection: A DuckDB connection that may read the file.
        path: The landed file.
        shape: Its shape.
        numbers: Record numbers, 1 for the first.
        within: The path to the records, where JSON documents wrap them.
        limits: The size limit of a record.

    Returns:
        Record number to (line the record begins on, where the format has lines; raw text, cut at
        `MAX_RAW_CHARACTERS`).
    """
    declared = format_of(path, shape)
    if declared in ("csv", "xlsx"):
        records = (
            csv_records.records(path, shape.encoding, shape.delimiter, shape.header_line)
            if declared == "csv"
            else spreadsheets.records(path, shape.sheet, shape.header_line)
        )
        return {record.number: (record.line, _shown(record.raw)) for record in records if record.number in numbers}
    if declared != "parquet" and not within and json_layout(path) == "newline_delimited":
        return {
            line.number: (
                line.line,
                _shown(line.content.decode(errors="replace").rstrip("\r\n")),
            )
            for line in lines(path, limits)
            if line.number in numbers
        }
    relation = (
        f"(SELECT CAST(to_json(r) AS VARCHAR) AS json, NULL AS document FROM read_parquet({literal(path)}) AS r)"
        if declared == "parquet"
        else json_objects(connection, path, within, limits)
    )
    # A document without any records stands for the missing one.
    found = connection.execute(
        f"SELECT n, left(CAST(coalesce(json, document) AS VARCHAR), {MAX_RAW_CHARACTERS}) "
        f"FROM (SELECT *, row_number() OVER () AS n FROM {relation}) WHERE list_contains($numbers, n)",
        {"numbers": sorted(numbers)},
    ).fetchall()
    return {number: (None, raw) for number, raw in found}


def _shown(raw: str) -> str:
    return raw[:MAX_RAW_CHARACTERS].encode("utf-8", errors="replace").decode("utf-8")
