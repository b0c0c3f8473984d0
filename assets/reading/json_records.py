"""Records of a landed JSON file: in an array, one a line, or in documents that wrap them.

Belongs here: the layout of records in a JSON file, and the relation that reads them. Plain arrays and lines go through
DuckDB's own reader of columns; records with paths into them are read by one structure each (`schemas.json_path`).
"""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import duckdb
import pyarrow as pa

from assets.reading.formats import UnreadableFileError, compression, open_bytes, whole
from assets.reading.json_stream import is_json, is_large_document, large_records
from schemas.config.limits import DEFAULT_LIMITS, MAX_RECORD_BYTES, Limits
from schemas.first_line import first_line
from schemas.json_path import keys, list_within, member, pointer, raw_records_within, records_within, structure
from schemas.quoting import identifier, literal
from schemas.shape import Selection, Shape

_BATCH = 20_000
_TOO_LARGE = "maximum_object_size"
# Limits of bytes and records for a page of an API to be read together with others.
MAX_PAGE_BYTES = 2**20
PAGE_ROWS = 2**32
_PROBED = 200
# With fewer records, all may lack a key that their vendor omits when it has no value.
_ENOUGH = 10
_RAW_LIST = "from_json({}, '[\"JSON\"]')"


def json_columns(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, limits: Limits, *, exact: bool
) -> str:
    """Returns a JSON file as a relation of text columns, in the order of its records.

    DuckDB's own reader of columns is the fastest, but fails on elements that are not objects; `exact` avoids it.

    Raises:
        UnreadableFileError: A column that the shape demands is in none of its first records.
    """
    _require_keys(connection, path, shape, wanted, limits)
    names = {column: identifier(shape.column_name(column)) for column in wanted.read_columns}
    if not exact and not wanted.records and all(len(keys(column)) == 1 for column in names):
        spec = ", ".join(f"{name}: 'VARCHAR'" for name in names.values())
        return f"{_reader('read_json', path, limits)}, columns = {{{spec}}})"
    # One pass over each record, for any number of paths into it.
    paths = structure(names)
    if wanted.records and not _is_cut(path, wanted.records):
        found = records_within(_documents(path, limits), wanted.records, paths)
    else:
        documents = (
            _large_records(connection, path, wanted.records, limits) if wanted.records else _documents(path, limits)
        )
        found = f"(SELECT from_json(json, {literal(paths)}) AS record FROM {documents})"
    selected = ", ".join(f"{member('record', column)} AS {name}" for column, name in names.items())
    return f"(SELECT {selected} FROM {found})"


def is_page(path: Path, shape: Shape, wanted: Selection) -> bool:
    """Returns whether a file is like a page of an API: one small document with a list of records."""
    if path.stat().st_size > MAX_PAGE_BYTES or shape.format not in (None, "json") or path.suffix.lower() != ".json":
        return False
    return (json_layout(path) == "array") is not bool(wanted.records) and compression(path) == "none"


def json_pages(connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], shape: Shape, wanted: Selection) -> str:
    """Returns pages as one relation of text columns.

    `landed_row` is a page's index, from 1, × `PAGE_ROWS` + a record's index in it.

    Raises:
        UnreadableFileError: They are not pages, or one lacks a column: read each on its own.
    """
    listed = ", ".join(map(literal, paths))
    reader = (
        f"read_json_objects([{listed}], format = 'unstructured', maximum_object_size = {MAX_RECORD_BYTES}, "
        "filename = true)"
    )
    documents = f"(SELECT json, filename AS document FROM {reader})"
    _require_pages(connection, paths, shape, wanted, documents)
    names = {column: identifier(shape.column_name(column)) for column in wanted.read_columns}
    paths_within = structure(names)
    elements = (
        list_within(wanted.records, paths_within)
        if wanted.records
        else f"from_json(json, {literal(f'[{paths_within}]')})"
    )
    selected = ", ".join(f"{member('record', column)} AS {name}" for column, name in names.items())
    return (
        f"(SELECT {selected}, list_position([{listed}], document) * {PAGE_ROWS} + place AS landed_row FROM ("
        f"SELECT document, unnest(elements) AS record, generate_subscripts(elements, 1) AS place "
        f"FROM (SELECT document, {elements} AS elements FROM {documents})))"
    )


def _require_pages(
    connection: duckdb.DuckDBPyConnection, paths: Sequence[Path], shape: Shape, wanted: Selection, documents: str
) -> None:
    """Refuses pages of several documents, and pages whose records lack a required key."""
    try:
        if connection.execute(f"SELECT count(*) FROM {documents}").fetchall() != [(len(paths),)]:
            raise UnreadableFileError("a page has more documents than one")
        records = (
            raw_records_within(documents, wanted.records)
            if wanted.records
            else f"(SELECT document, unnest({_RAW_LIST.format('json')}) AS json FROM {documents})"
        )
        for relation, columns in _required(records, shape, wanted):
            found = ", ".join(f"count_if({_has(column)}) = 0" for column in columns)
            lacking = connection.execute(
                f"SELECT document FROM {relation} GROUP BY document "
                f"HAVING count(json) >= {_ENOUGH} AND greatest({found}, false)"
            ).fetchall()
            if lacking:
                raise UnreadableFileError(f"{lacking[0][0]} lacks a column")
    except duckdb.Error as error:
        raise UnreadableFileError(str(error)) from error


def json_objects(connection: duckdb.DuckDBPyConnection, path: Path, within: str | None, limits: Limits) -> str:
    """Returns the records as a relation with the columns `json` and `document`, which contains the record."""
    if within and _is_cut(path, within):
        return f"(SELECT json, NULL AS document FROM {_large_records(connection, path, within, limits)})"
    documents = f"(SELECT json, json AS document FROM {_documents(path, limits)})"
    return raw_records_within(documents, within) if within else documents


def json_layout(path: Path) -> str:
    """Returns the layout of the records of a JSON file, by DuckDB's name for it."""
    found = lines(path, DEFAULT_LIMITS)
    first = next(found, _NO_LINE)
    if first.content.startswith(b"["):
        return "array"
    if first.is_whole and is_json(first.content):
        return "newline_delimited"
    # A record over several lines, or an unreadable first line followed by the next record.
    second = next(found, Line(0, 0, b"{}" if first.is_whole else b"", is_whole=True)).content.rstrip()
    is_opened = first.is_whole and first.content.rstrip().endswith((b"[", b"{", b","))
    is_opened |= second.endswith((b",", b"]}"))
    return "newline_delimited" if second.startswith(b"{") and not is_opened else "unstructured"


@dataclass(frozen=True)
class Line:
    """A record of a file with one record a line.

    Attributes:
        number: 1 for the first; blank lines do not count.
        line: The line it stands on, 1 for the file's first.
        content: Its bytes, up to the limit of a record.
        is_whole: Whether that is all of it.
    """

    number: int
    line: int
    content: bytes
    is_whole: bool


_NO_LINE = Line(0, 0, b"", is_whole=True)


def lines(path: Path, limits: Limits) -> Iterator[Line]:
    """Yields the lines of a JSON file that are not blank, without byte order mark, in flat memory.

    Raises:
        UnreadableFileError: It is compressed, and broken.
    """
    most = limits.max_record_bytes
    number = 0
    with whole(path), open_bytes(path) as file:
        for place in count(1):
            content = file.readline(most + 1)
            if not content:
                return
            is_whole = len(content) <= most or content.endswith(b"\n")
            rest = b"" if is_whole else content
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(most)
            content = (content.removeprefix(codecs.BOM_UTF8) if place == 1 else content).lstrip()
            if content:
                number += 1
                yield Line(number, place, content[:most], is_whole)


def line_columns(documents: str, shape: Shape, wanted: Selection) -> str:
    """Like `json_columns`, for lines (`json` and `landed_row`) that have been read one by one."""
    names = {column: identifier(shape.column_name(column)) for column in wanted.read_columns}
    selected = ", ".join(f"{member('record', column)} AS {name}" for column, name in names.items())
    record = f"from_json(CASE WHEN json_valid(json) THEN json END, {literal(structure(names))})"
    return f"(SELECT {selected}, landed_row FROM (SELECT {record} AS record, landed_row FROM {documents}))"


def reason(error: duckdb.Error, limits: Limits) -> str:
    """Formats why a JSON file cannot be read, on one line."""
    told = first_line(error)
    return f"a record is larger than {limits.passed('max_record_bytes')}" if _TOO_LARGE in told else told


def _require_keys(
    connection: duckdb.DuckDBPyConnection, path: Path, shape: Shape, wanted: Selection, limits: Limits
) -> None:
    """Refuses a file whose records lack a required key, which would otherwise be read as a null figure."""
    some = f"(SELECT json, document FROM {json_objects(connection, path, wanted.records, limits)} LIMIT {_PROBED})"
    for relation, columns in _required(some, shape, wanted):
        found = ", ".join(f"count_if({_has(column)})" for column in columns)
        try:
            ((records, *counts),) = connection.execute(f"SELECT count(json), {found} FROM {relation}").fetchall()
        except duckdb.Error:
            continue  # A reader of the whole file reports this with a better message.
        missing = [column for column, count in zip(columns, counts, strict=True) if not count]
        if missing and records >= _ENOUGH:
            raise UnreadableFileError(
                f"{path.name}: none of its first {records} records has {', '.join(missing)}, which shape {shape.name} "
                "demands; correct the shape if the vendor has renamed it, or name it under optional"
            )


def _required(records: str, shape: Shape, wanted: Selection) -> Iterator[tuple[str, list[str]]]:
    """Lists records (`json` and their `document`), and posts nested in them, each with its required keys."""
    yield records, wanted.columns
    if shape.posts and shape.posts.nested in wanted.read_columns:
        posts = _RAW_LIST.format(f"json_extract(json, {literal(pointer(shape.posts.nested))})")
        yield f"(SELECT document, unnest({posts}) AS json FROM {records})", shape.posts.columns


def _has(column: str) -> str:
    return f"json_exists(json, {literal(pointer(column))})"


def _is_cut(path: Path, within: str) -> bool:
    """Returns whether a file is cut into records here, before DuckDB reads it."""
    return "*" not in keys(within) and is_large_document(path)


def _large_records(connection: duckdb.DuckDBPyConnection, path: Path, within: str, limits: Limits) -> str:
    schema = pa.schema([("json", pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        records = large_records(path, within, limits)
        while some := list(islice(records, _BATCH)):
            yield pa.record_batch([some], schema=schema)

    connection.register("large_records", pa.RecordBatchReader.from_batches(schema, batches()))
    return "large_records"


def _documents(path: Path, limits: Limits) -> str:
    return f"{_reader('read_json_objects', path, limits)})"


def _reader(function: str, path: Path, limits: Limits) -> str:
    layout = json_layout(path)
    ignore = ", ignore_errors = true" if layout == "newline_delimited" else ""
    return (
        f"{function}({literal(path)}, format = '{layout}', compression = '{compression(path)}', "
        f"maximum_object_size = {limits.max_record_bytes}{ignore}"
    )
