"""Reading of an unknown file, inferred from its bytes and never from its name.

Belongs here: format, encoding, delimiter, header, sheet. Does not: the meaning of its columns (`assets/inference`).
"""

import re
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from assets.reading import csv_records, json_tables, spreadsheets
from assets.reading.dialect import dialect_of, header_of
from assets.reading.encodings import encoding_of
from assets.reading.formats import UnreadableFileError, container_of, open_bytes, whole
from assets.reading.json_records import json_layout
from assets.reading.json_tables import JsonTable
from assets.reading.text_columns import open_columns, parquet_types, require_few
from assets.storage.sandbox import confined
from schemas.config.limits import Limits
from schemas.quoting import identifier
from schemas.shape import Selection, Shape

_HEAD = 2**20
_GLANCE = 2**16
# Control characters except white space.
_STRANGE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
# Binary data has at least a tenth of them; exports have none, or a stray one.
_STRANGE_SHARE = 0.03
# Sample for inference. The import reads the rest by the same shape, and quarantines the rows that do not fit.
MOST_RECORDS = 200_000


class Sniffed(NamedTuple):
    """An unknown file, opened.

    Attributes:
        layout: A shape that defines how its bytes are read, and nothing else.
        frame: Its records, one column of text per column; the first `MOST_RECORDS`.
        said: The detected format, as text.
        table: For a JSON file, the path of the records and of the lists within them.
    """

    layout: Shape
    frame: pl.DataFrame
    said: list[str]
    table: JsonTable | None = None


def sniff(path: Path, limits: Limits) -> list[Sniffed]:
    """Opens an unknown file.

    Args:
        path: The file.
        limits: The limits of record size and number of columns.

    Returns:
        The tables that it could be: one, or one per sheet of a spreadsheet, or per list in a JSON file.

    Raises:
        UnreadableFileError: It holds no table; the message names what was detected.
    """
    found: list[Sniffed] = []
    for layout, said in _layouts(path):
        if layout.format in ("json", "ndjson"):
            found += [
                Sniffed(layout, table.frame, [*said, *([f"records in {table.path}"] if table.path else [])], table)
                for table in json_tables.tables(path, limits)
            ]
        else:
            names = _names(path, layout)
            require_few(path, names, limits)
            found.append(Sniffed(layout, _frame(path, layout, names), said))
    if not found:
        raise UnreadableFileError(f"{path.name} holds no records")
    return found


def _layouts(path: Path) -> list[tuple[Shape, list[str]]]:
    container = container_of(path)
    said: list[str] = [container] if container not in ("none", "spreadsheet") else []
    if container == "spreadsheet":
        return _sheets(path)
    with whole(path), open_bytes(path) as file:
        head = file.read(_HEAD)
    if head.startswith(b"PAR1"):
        return [(_layout(format="parquet"), [*said, "Parquet"])]
    encoding = encoding_of(path)
    text = head.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace").lstrip("\ufeff")
    start = text.lstrip()
    if start[:1] in ("{", "["):
        # One document on one line fits both, and the next export of its kind may be indented.
        is_lines = start.rstrip().count("\n") > 0 and json_layout(path) == "newline_delimited"
        kind = "ndjson" if is_lines else "json"
        return [(_layout(format=kind), [*said, kind.upper()])]
    if start[:1] == "<":
        raise UnreadableFileError(f"{path.name} is a web page, not an export; open its address in a browser")
    if not start:
        raise UnreadableFileError(f"{path.name} is empty")
    if _is_no_text(text[:_GLANCE]):
        raise UnreadableFileError(f"{path.name} is no text, and no kind of file that is read; have it sent as CSV")
    dialect = dialect_of(text)
    if not dialect.header_line:
        raise UnreadableFileError(f"{path.name} has no header: its first line holds figures; add one")
    said += [f"CSV, {_named(dialect.delimiter)} between cells", encoding]
    if dialect.header_line > 1:
        said.append(f"header on line {dialect.header_line}")
    layout = _layout(format="csv", delimiter=dialect.delimiter, encoding=encoding, header_line=dialect.header_line)
    return [(layout, said)]


def _is_no_text(text: str) -> bool:
    """Returns whether control characters are as frequent as in binary files."""
    return len(_STRANGE.findall(text)) > len(text) * _STRANGE_SHARE


def _sheets(path: Path) -> list[tuple[Shape, list[str]]]:
    found = []
    for sheet in spreadsheets.sheets(path):
        first = [row for row, _ in zip(spreadsheets.rows(path, sheet), range(400), strict=False)]
        header = header_of(first)
        if header and len(first) > 1:
            layout = _layout(format="xlsx", sheet=sheet, header_line=header)
            found.append((layout, [f"spreadsheet, sheet {sheet!r}", f"header in row {header}"]))
    if not found:
        raise UnreadableFileError(f"{path.name} has no sheet with a header and records under it")
    return found


def _layout(**keys: object) -> Shape:
    return Shape(name="auto", description="How the bytes are read.", **keys)


def _names(path: Path, layout: Shape) -> list[str]:
    if layout.format == "csv":
        return csv_records.header(path, layout.encoding, layout.delimiter, layout.header_line)
    if layout.format == "xlsx":
        return spreadsheets.header(path, layout.sheet, layout.header_line)
    with confined(path.parent) as connection:
        return [*parquet_types(connection, path)]


def _frame(path: Path, layout: Shape, names: list[str]) -> pl.DataFrame:
    wanted = Selection(columns=names)
    for exact in (False, True):
        with confined(path.parent) as connection:
            text = open_columns(connection, path, layout, wanted, exact=exact)
            items = ", ".join(f"t.{identifier(name)}" for name in names)
            try:
                frame: pl.DataFrame = connection.sql(
                    f"SELECT {items} FROM {text.relation} AS t LIMIT {MOST_RECORDS}"
                ).pl()
                if frame.height == MOST_RECORDS or not text.may_lack_records(frame.height, path):
                    return frame
            except duckdb.Error as error:
                if exact:
                    raise UnreadableFileError(f"{path.name}: {error}") from error
    raise AssertionError


def _named(delimiter: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}[delimiter]
