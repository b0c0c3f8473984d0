"""Redaction of records in CSV, spreadsheets and Parquet files.

Belongs here: rewriting such a file so that every other record is unchanged and keeps its number. CSV keeps every other
byte; Parquet its row groups; a spreadsheet of any kind becomes XLSX of text (`plain_xlsx`) with equal cells.
"""

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from assets.erasing import plain_xlsx
from assets.erasing.redact_json import emptied_text
from assets.reading import csv_records, spreadsheets
from assets.reading.formats import open_bytes
from schemas.shape import Shape

_MARK = "forgotten"


def _bytes_of_surrogates(error: UnicodeError) -> tuple[bytes, int]:
    """Encodes surrogates as the original bytes: see `csv_records`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return bytes(ord(character) - 0xDC00 for character in error.object[error.start : error.end]), error.end


codecs.register_error("bytes_for_surrogates", _bytes_of_surrogates)


def empty_csv(path: Path, out: IO[bytes], shape: Shape, rows: frozenset[int]) -> None:
    """Writes a CSV file with some records redacted, each as one line with the same number of empty cells.

    Args:
        path: The file; gzip and zstd are opened.
        out: The output file, not compressed.
        shape: Its delimiter, encoding and header line.
        rows: Numbers of the records, from 1.

    Raises:
        UnreadableFileError: It cannot be read to its end.
    """
    cells: dict[int, str] = {}
    gone: set[int] = set()
    width = len(csv_records.header(path, shape.encoding, shape.delimiter, shape.header_line))
    for record in csv_records.records(path, shape.encoding, shape.delimiter, shape.header_line):
        if record.number in rows:
            kept = [emptied_text(cell) or "" for cell in record.fields[:width]] + [""] * (width - len(record.fields))
            cells[record.line] = shape.delimiter.join(map(_quoted, kept)) if width > 1 else '""'
            gone |= set(range(record.line + 1, record.line + record.lines))
    with open_bytes(path) as file:
        start = file.read(4)
    mark, encoding = _encoder(start, csv_records.text_encoding(start, shape.encoding))
    out.write(mark)
    with csv_records.open_text(path, shape.encoding) as text:
        for number, line in enumerate(iter(text.readline, ""), start=1):
            if number in gone:
                continue
            written = line if number not in cells else cells[number] + (line[len(line.rstrip("\r\n")) :] or "\n")
            out.write(written.encode(encoding, errors="bytes_for_surrogates"))


def empty_spreadsheet(
    path: Path, out: IO[bytes], shape: Shape, rows: frozenset[int], named: Callable[[str], bool]
) -> None:
    """Writes a spreadsheet with some records redacted, and rows of other sheets that name the person.

    Redacted rows keep a mark after the last column, since a row without any cell is not a record.

    Raises:
        UnreadableFileError: It cannot be read.
    """
    numbered = spreadsheets.records(path, shape.sheet, shape.header_line)
    lines = {record.line for record in numbered if record.number in rows}
    names = spreadsheets.sheets(path)
    read = shape.sheet or spreadsheets.sheet_names(path)[0]
    sheets: dict[str, list[tuple[int, list[str]]]] = {}
    for name in [read, *(name for name in names if name != read)]:
        found = list(spreadsheets.rows(path, name))
        width = max((len(cells) for _, cells in found), default=0)
        sheets[name] = [
            (line, [*(emptied_text(cell) or "" for cell in cells), *[""] * (width - len(cells)), _MARK])
            if (line in lines if name == read else any(map(named, cells)))
            else (line, cells)
            for line, cells in found
        ]
    # Sheets keep their order: a shape without a sheet name reads the first.
    plain_xlsx.write(out, {name: sheets[name] for name in spreadsheets.sheet_names(path) if name in sheets})


def empty_parquet(path: Path, target: Path, rows: frozenset[int], places: Mapping[int, frozenset[int]]) -> None:
    """Writes a Parquet file with some records redacted, one row group at a time.

    Args:
        path: The file.
        target: The file to write.
        rows: Numbers of the records, from 1.
        places: Unused here but refused: elements of lists are emptied with their record only.

    Raises:
        ValueError: Single elements of a list are to be emptied.
    """
    if places:
        raise ValueError("posts of theirs lie in records of others")
    with pq.ParquetFile(path) as file:
        schema = pa.schema(
            [field.with_nullable(True) for field in file.schema_arrow], metadata=file.schema_arrow.metadata
        )
        codec = file.metadata.row_group(0).column(0).compression if file.metadata.num_row_groups else "SNAPPY"
        with pq.ParquetWriter(target, schema, compression=codec) as writer:
            start = 1
            for group in range(file.metadata.num_row_groups):
                table = file.read_row_group(group)
                here = sorted(row - start for row in rows if start <= row < start + table.num_rows)
                start += table.num_rows
                columns = [_without(column, here) for column in table.columns] if here else table.columns
                writer.write_table(pa.table(columns, schema=schema), row_group_size=max(table.num_rows, 1))


def _without(column: pa.ChunkedArray, places: list[int]) -> pa.ChunkedArray:
    pieces: list[pa.Array] = []
    start = 0
    for place in places:
        pieces += column.slice(start, place - start).chunks
        value = column[place].as_py() if _is_list_of_records(column.type) else None
        pieces.append(pa.array([None if value is None else [None] * len(value)], type=column.type))
        start = place + 1
    pieces += column.slice(start).chunks
    return pa.chunked_array(pieces, type=column.type)


def _is_list_of_records(kind: pa.DataType) -> bool:
    return bool((pa.types.is_list(kind) or pa.types.is_large_list(kind)) and pa.types.is_struct(kind.value_type))


def _encoder(start: bytes, encoding: str) -> tuple[bytes, str]:
    """Returns the byte order mark of a text, and an encoding that writes none."""
    for mark, name in (
        (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, "utf-8"),
    ):  # fmt: skip
        if start.startswith(mark):
            return mark, name
    return b"", "utf-16-le" if codecs.lookup(encoding).name == "utf-16" else encoding


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if cell else ""
