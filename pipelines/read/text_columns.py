"""A landed file as columns of text, for DuckDB to select from.

Belongs here: which reader a file gets. Clean files go through DuckDB's own parallel readers. A CSV file that
turns out not to be clean is read again by the exact reader, which tells good records from bad ones.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.read import csv_records
from pipelines.read.formats import UnreadableFileError, format_of, open_bytes
from schemas.quoting import identifier, literal
from schemas.shape import Selection, Shape

_EXACT_BATCH = 20_000
_FAST_ENCODINGS = ("utf-8", "utf8", "ascii")
_MAX_OBJECT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Reject:
    """A record that could not even be cut into cells."""

    landed_row: int
    reason: str


@dataclass
class TextColumns:
    """A landed file, ready to be selected from.

    Attributes:
        relation: What to put behind FROM: the wanted columns, all VARCHAR, in the order of the file.
        numbered: Whether it carries `landed_row`; otherwise records are to be counted as they come.
        rejects: Records left out of the relation; complete once it has been read to its end.
    """

    relation: str
    numbered: bool = False
    rejects: list[Reject] = field(default_factory=list)


def open_columns(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, *, exact: bool
) -> TextColumns:
    """Opens a landed file.

    Args:
        connection: Where the relation will be used.
        path: The file.
        shape: Its shape.
        wanted: The columns wanted, required and optional.
        exact: Whether to read a CSV file record by record, because the fast reader stumbled.

    Raises:
        UnreadableFileError: It is not what the shape says.
    """
    declared = format_of(path, shape)
    if declared == "csv":
        return _csv(connection, path, shape, wanted, exact=exact)
    if declared == "parquet":
        return _parquet(connection, path, wanted)
    return TextColumns(json_relation(path, wanted.read_columns))


def json_relation(path: Path, columns: list[str]) -> str:
    """A JSON file as a relation: an array of records, one record a line, or one object."""
    spec = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in columns)
    layout = json_layout(path)
    ignore = ", ignore_errors = true" if layout == "newline_delimited" else ""
    return (
        f"read_json({literal(path)}, format = '{layout}', columns = {{{spec}}}, compression = 'auto_detect', "
        f"maximum_object_size = {_MAX_OBJECT_BYTES}{ignore})"
    )


def json_layout(path: Path) -> str:
    """How the records of a JSON file stand in it, in DuckDB's words."""
    with open_bytes(path) as file:
        line = file.readline(_MAX_OBJECT_BYTES)
        while line and not line.strip():
            line = file.readline(_MAX_OBJECT_BYTES)
    if line.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        return "array"
    try:
        json.loads(line)
    except ValueError:
        return "newline_delimited" if line.rstrip().endswith(b"}") else "unstructured"
    return "newline_delimited"


def _csv(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, *, exact: bool
) -> TextColumns:
    names = csv_records.header(path, shape.encoding, shape.delimiter)
    missing = [name for name in wanted.columns if name not in names]
    if missing:
        raise UnreadableFileError(
            f"{path.name}:1 lacks the columns {', '.join(missing)} of shape {shape.name}; it has {', '.join(names)}"
        )
    selected = ", ".join(
        identifier(name) if name in names else f"CAST(NULL AS VARCHAR) AS {identifier(name)}"
        for name in wanted.read_columns
    )
    if exact or shape.encoding.lower() not in _FAST_ENCODINGS or not _is_plain(path):
        rejects: list[Reject] = []
        schema = pa.schema([*((name, pa.string()) for name in names), ("landed_row", pa.int64())])
        batches = _batches(path, shape, schema, rejects)
        connection.register("exact_records", pa.RecordBatchReader.from_batches(schema, batches))
        return TextColumns(f"(SELECT {selected}, landed_row FROM exact_records)", numbered=True, rejects=rejects)
    spec = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return TextColumns(
        f"(SELECT {selected} FROM read_csv({literal(path)}, auto_detect = false, header = true, "
        f"delim = {literal(shape.delimiter)}, quote = '\"', escape = '\"', strict_mode = true, "
        f"compression = 'auto_detect', columns = {{{spec}}}))"
    )


def _is_plain(path: Path) -> bool:
    """Whether the start of a file is what the fast reader takes: UTF-8 with line feeds."""
    with open_bytes(path) as file:
        head = file.read(1 << 16)
    return not head.startswith((b"\xff\xfe", b"\xfe\xff")) and b"\x00" not in head and b"\n" in head


def _batches(path: Path, shape: Shape, schema: pa.Schema, rejects: list[Reject]) -> Iterator[pa.RecordBatch]:
    rows: list[tuple[int, list[str]]] = []
    for record in csv_records.records(path, shape.encoding, shape.delimiter):
        if record.problem:
            rejects.append(Reject(record.number, record.problem))
            continue
        rows.append((record.number, record.fields))
        if len(rows) == _EXACT_BATCH:
            yield _batch(rows, schema)
            rows = []
    yield _batch(rows, schema)


def _batch(rows: list[tuple[int, list[str]]], schema: pa.Schema) -> pa.RecordBatch:
    cells: list[list[str | None]] = [
        [fields[position] or None for _, fields in rows] for position in range(len(schema) - 1)
    ]
    return pa.record_batch([*cells, [number for number, _ in rows]], schema=schema)


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, wanted: Selection) -> TextColumns:
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(path)})").fetchall()
    names = [row[0] for row in described]
    missing = [name for name in wanted.columns if name not in names]
    if missing:
        raise UnreadableFileError(f"{path.name} lacks the columns {', '.join(missing)}; it has {', '.join(names)}")
    selected = ", ".join(
        f"CAST({identifier(name) if name in names else 'NULL'} AS VARCHAR) AS {identifier(name)}"
        for name in wanted.read_columns
    )
    return TextColumns(f"(SELECT {selected} FROM read_parquet({literal(path)}))")
