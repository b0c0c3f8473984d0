"""A landed file as columns of text, for DuckDB to select from.

Belongs here: the choice of reader. Clean files go through DuckDB's own parallel readers. A CSV file that turns out to
be damaged is read again by the exact reader, which separates valid records from invalid ones.
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.reading import csv_records, spreadsheets
from assets.reading.csv_records import Record
from assets.reading.formats import UnreadableFileError, compression, format_of, open_bytes, tail, whole
from assets.reading.json_records import json_columns, json_layout, json_pages, line_columns, lines
from schemas.config.limits import DEFAULT_LIMITS, Limits
from schemas.first_line import first_line
from schemas.quoting import identifier, literal
from schemas.shape import Selection, Shape

_EXACT_BATCH = 20_000
_EXACT_BYTES = 32 * 2**20
_FAST_ENCODINGS = ("utf-8", "utf8", "ascii")
_MAX_NAMES = 1_000


@dataclass(frozen=True)
class Reject:
    """A record that could not be split into cells."""

    landed_row: int
    reason: str


@dataclass
class _Found:
    """Findings of a record-by-record reading of a file."""

    rejects: list[Reject] = field(default_factory=list)
    failure: UnreadableFileError | None = None


@dataclass(frozen=True)
class TextColumns:
    """A landed file, ready to be selected from.

    Attributes:
        relation: The text after FROM: the wanted columns, all VARCHAR, in the order of the file.
        numbered: Whether it carries `landed_row`; otherwise records are to be counted as they come.
        is_fast_csv: Whether DuckDB's own CSV reader reads it, which fails on a damaged file.
        has_exact: Whether the file can be read record by record if this fails.
    """

    relation: str
    numbered: bool = False
    is_fast_csv: bool = False
    has_exact: bool = False
    _found: _Found = field(default_factory=_Found)

    def may_lack_records(self, count: int, path: Path) -> bool:
        """Returns whether the file may have more records than the `count` that were read.

        Causes of a difference are quoted line feeds, blank lines, and records that the reader dropped silently, as
        DuckDB's does behind a header of several lines. Only the exact reader distinguishes them.
        """
        return self.is_fast_csv and count + 1 != csv_records.line_count(path)

    @property
    def rejects(self) -> list[Reject]:
        """Returns the records left out of the relation; valid once the relation has been read to its end.

        Raises:
            UnreadableFileError: It ended before the file did. DuckDB would wrap the error in words of its own.
        """
        if self._found.failure:
            raise self._found.failure
        return self._found.rejects


def open_columns(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    shape: Shape,
    wanted: Selection,
    *,
    exact: bool,
    limits: Limits = DEFAULT_LIMITS,
) -> TextColumns:
    """Opens a landed file.

    Args:
        connection: The connection that will read the relation.
        path: The file.
        shape: Its shape.
        wanted: The columns wanted, required and optional.
        exact: Whether to read the file record by record, because the fast reader failed.
        limits: The size limit of a record.

    Raises:
        UnreadableFileError: It does not match the shape.
    """
    declared = format_of(path, shape)
    if declared == "csv":
        return _csv(connection, path, shape, wanted, limits, exact=exact)
    if declared == "parquet":
        return _parquet(connection, path, wanted, limits)
    if declared == "xlsx":
        return _spreadsheet(connection, path, shape, wanted, limits)
    if exact and not wanted.records and json_layout(path) == "newline_delimited":
        return _exact_lines(connection, path, shape, wanted, limits)
    relation = json_columns(connection, path, shape, wanted, limits, exact=exact)
    return TextColumns(relation, has_exact=not exact and not wanted.records)


def open_pages(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], shape: Shape, wanted: Selection
) -> TextColumns:
    """Opens pages of an API together, since to open each takes longer than to read it; see `json_records.json_pages`.

    Raises:
        UnreadableFileError: They can only be read one by one.
    """
    return TextColumns(json_pages(connection, paths, shape, wanted), numbered=True)


def _csv(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, limits: Limits, *, exact: bool
) -> TextColumns:
    names = csv_records.header(path, shape.encoding, shape.delimiter, shape.header_line)
    require_few(path, names, limits)
    places, selected = _selected(names, wanted, f"{path.name}:{shape.header_line}", shape)
    # The fast reader reads a blank line as a record of one empty cell.
    is_fast = shape.encoding.lower() in _FAST_ENCODINGS and shape.header_line == 1 and len(names) > 1
    if exact or not is_fast or not _is_plain(path):
        return _exact(
            connection, csv_records.records(path, shape.encoding, shape.delimiter, shape.header_line), places, selected
        )
    spec = ", ".join(f"{place}: 'VARCHAR'" for place in places)
    return TextColumns(
        f"(SELECT {selected} FROM read_csv({literal(path)}, auto_detect = false, header = true, "
        f"delim = {literal(shape.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"compression = '{compression(path)}', max_line_size = {csv_records.MAX_RECORD_CHARACTERS}, "
        f"columns = {{{spec}}}))",
        is_fast_csv=True,
        has_exact=True,
    )


def require_few(path: Path, names: Sequence[str], limits: Limits) -> None:
    """Refuses a file with very many columns, for which DuckDB's planning would take minutes.

    Raises:
        UnreadableFileError: It has more than `max_columns`.
    """
    if len(names) > limits.max_columns:
        raise UnreadableFileError(f"{path.name} has {len(names):,} columns, over {limits.passed('max_columns')}")


def _shown(names: list[str]) -> str:
    shown = csv_records.bytes_shown(", ".join(names))
    return shown if len(shown) <= _MAX_NAMES else f"{shown[:_MAX_NAMES]}…"


def _is_plain(path: Path) -> bool:
    """Returns whether a file begins and ends as the fast reader requires: UTF-8 with line feeds, the header first."""
    with whole(path), open_bytes(path) as file:
        head = file.read(1 << 16)
    # It reads a quote after blanks as part of a cell: a truncated file would look complete.
    is_open = b'"' in tail(path, 1 << 16).rpartition(b"\n")[2] and compression(path) == "none"
    is_utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    is_blank = head.removeprefix(codecs.BOM_UTF8).startswith((b"\r", b"\n"))
    return not is_utf16 and not is_blank and not is_open and b"\x00" not in head and b"\n" in head


def _spreadsheet(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, limits: Limits
) -> TextColumns:
    names = spreadsheets.header(path, shape.sheet, shape.header_line)
    require_few(path, names, limits)
    places, selected = _selected(names, wanted, f"{path.name}:{shape.header_line}", shape)
    return _exact(connection, spreadsheets.records(path, shape.sheet, shape.header_line), places, selected)


def _selected(names: list[str], wanted: Selection, place: str, shape: Shape) -> tuple[list[str], str]:
    """Returns names for the columns of a header by their index, and the SELECT of the required ones."""
    missing = [name for name in wanted.columns if name not in names]
    if missing:
        remedy = ""
        if any(map(csv_records.undecoded, names)):
            remedy = f"; this is not {shape.encoding}: say `encoding` in the shape, as in `encoding: cp1252`"
        raise UnreadableFileError(
            f"{place} lacks the columns {', '.join(missing)} of shape {shape.name}; it has {_shown(names)}{remedy}"
        )
    # By index, since DuckDB's names are case-insensitive.
    places = {name: f"c{place}" for place, name in enumerate(names)}
    selected = ", ".join(
        f"{places.get(name, 'CAST(NULL AS VARCHAR)')} AS {identifier(name)}" for name in wanted.read_columns
    )
    return [*places.values()], selected


def _exact(
    connection: duckdb.DuckDBPyConnection, records: Iterator[Record], places: list[str], selected: str
) -> TextColumns:
    """Returns records read one by one in Python, as a relation."""
    found = _Found()
    schema = pa.schema([*((place, pa.string()) for place in places), ("landed_row", pa.int64())])
    connection.register("exact_records", pa.RecordBatchReader.from_batches(schema, _batches(records, schema, found)))
    return TextColumns(f"(SELECT {selected}, landed_row FROM exact_records)", numbered=True, _found=found)


def _batches(records: Iterator[Record], schema: pa.Schema, found: _Found) -> Iterator[pa.RecordBatch]:
    rows: list[tuple[int, list[str]]] = []
    size = 0
    try:
        for record in records:
            if record.problem:
                found.rejects.append(Reject(record.number, record.problem))
                continue
            rows.append((record.number, record.fields))
            size += len(record.raw)
            if len(rows) == _EXACT_BATCH or size > _EXACT_BYTES:
                yield _batch(rows, schema)
                rows, size = [], 0
    except UnreadableFileError as failure:
        found.failure = failure
    yield _batch(rows, schema)


def _batch(rows: list[tuple[int, list[str]]], schema: pa.Schema) -> pa.RecordBatch:
    cells: list[list[str | None]] = [
        [fields[position] or None for _, fields in rows] for position in range(len(schema) - 1)
    ]
    return pa.record_batch([*cells, [number for number, _ in rows]], schema=schema)


def _exact_lines(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, limits: Limits
) -> TextColumns:
    """Reads a JSON file with one record a line; an oversized record affects no other."""
    found = _Found()
    schema = pa.schema([("json", pa.string()), ("landed_row", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        texts: list[str | None] = []
        numbers: list[int] = []
        size = 0
        try:
            for line in lines(path, limits):
                if not line.is_whole:
                    found.rejects.append(Reject(line.number, f"is larger than {limits.passed('max_record_bytes')}"))
                    continue
                texts.append(_text_of(line.content))
                numbers.append(line.number)
                size += len(line.content)
                if len(texts) == _EXACT_BATCH or size > _EXACT_BYTES:
                    yield pa.record_batch([texts, numbers], schema=schema)
                    texts, numbers, size = [], [], 0
        except UnreadableFileError as failure:
            found.failure = failure
        yield pa.record_batch([texts, numbers], schema=schema)

    connection.register("exact_records", pa.RecordBatchReader.from_batches(schema, batches()))
    return TextColumns(line_columns("exact_records", shape, wanted), numbered=True, _found=found)


def _text_of(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None  # as DuckDB's own reader has it


def parquet_types(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Returns the columns of a Parquet file, each with its DuckDB type.

    Raises:
        UnreadableFileError: It is not a complete Parquet file.
    """
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)})").fetchall()
    except duckdb.Error as error:
        reason = first_line(error)
        raise UnreadableFileError(f"{path.name} is no whole Parquet file ({reason}); pull it again") from error
    return {row[0]: row[1] for row in described}


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, wanted: Selection, limits: Limits) -> TextColumns:
    types = parquet_types(connection, path)
    require_few(path, [*types], limits)
    missing = [name for name in wanted.columns if name not in types]
    if missing:
        raise UnreadableFileError(f"{path.name} lacks the columns {', '.join(missing)}; it has {_shown([*types])}")
    selected = ", ".join(f"{_as_text(name, types.get(name))} AS {identifier(name)}" for name in wanted.read_columns)
    return TextColumns(f"(SELECT {selected} FROM read_parquet({literal(path)}))")


def _as_text(name: str, parquet_type: str | None) -> str:
    """Casts a column of a Parquet file to text; lists and structures to JSON, which the macros expect."""
    if parquet_type is None:
        return "CAST(NULL AS VARCHAR)"
    is_nested = parquet_type.endswith("]") or parquet_type.startswith(("STRUCT", "MAP"))
    return f"CAST({f'to_json({identifier(name)})' if is_nested else identifier(name)} AS VARCHAR)"
