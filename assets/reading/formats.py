"""Format and completeness of a landed file, from its first and last bytes.

Belongs here: detecting formats and refusing files that are not exports. Does not: reading records.
"""

import codecs
import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

import pyarrow as pa

from schemas.shape import AUTO, Shape

Container = Literal["none", "gzip", "zstd", "zip", "spreadsheet"]
Compression = Literal["none", "gzip", "zstd"]
Format = Literal["csv", "ndjson", "json", "parquet", "xlsx"]

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv",
    ".ndjson": "ndjson", ".jsonl": "ndjson",
    ".json": "json",
    ".parquet": "parquet",
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".xlsb": "xlsx", ".xls": "xlsx", ".ods": "xlsx",
}  # fmt: skip
_COMPRESSED = {".gz", ".zst"}
_HEAD = 64 * 1024
_TAIL = 4 * 2**20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class UnreadableFileError(Exception):
    """A landed file cannot be read with its shape; the message names the file and the remedy."""


def container_of(path: Path) -> Container:
    """Detects the container of the records from the first bytes."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(_GZIP):
        return "gzip"
    if start.startswith(_ZSTD):
        return "zstd"
    if start == _OLE:
        return "spreadsheet"
    if not start.startswith(_ZIP):
        return "none"
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return "zip"
    return "spreadsheet" if names & {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} else "zip"


def compression(path: Path) -> Compression:
    """Detects the compression of a file, by DuckDB's name for it; from its bytes, since names are unreliable."""
    found = container_of(path)
    return found if found in ("gzip", "zstd") else "none"


def open_bytes(path: Path) -> IO[bytes]:
    """Opens the file, decompressing gzip and zstd."""
    match compression(path):
        case "gzip":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case "zstd":
            return cast("IO[bytes]", io.BufferedReader(pa.input_stream(path, compression="zstd")))
        case "none":
            return path.open("rb")


def tail(path: Path, size: int) -> bytes:
    """Returns at most so many of the last bytes of a file, without decompressing it."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, 2) - size))
        return file.read()


@contextmanager
def whole(path: Path) -> Iterator[None]:
    """Adds the file's name and the remedy to the error of a truncated or corrupt compressed file in the block.

    Raises:
        UnreadableFileError: It does.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableFileError(f"{path.name} is no whole gzip file ({error}); pull it again") from error
    except OSError as error:
        # Arrow's error, for a zstd stream; the system's have a number.
        if error.errno is not None:
            raise
        raise UnreadableFileError(f"{path.name} is no whole zstd file ({error}); pull it again") from error


def format_of(path: Path, shape: Shape) -> Format:
    """Returns the format that the shape declares, or else that of the file's name.

    Raises:
        UnreadableFileError: Neither gives one.
    """
    if shape.format:
        return shape.format
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in _COMPRESSED]
    found = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if found is None:
        raise UnreadableFileError(
            f"{path.name}: the name does not tell the format; allowed endings: {', '.join(_SUFFIXES)}"
        )
    return found


def first_error(path: Path, shape: Shape) -> str | None:  # noqa: C901, PLR0911 - a list of tells, one return each
    """Returns a visible sign that a file is not a whole export of its shape; None if there is none."""
    container = container_of(path)
    if container in ("zip", "spreadsheet"):
        # Their members are checked when they are opened; a zip archive without its end is invalid.
        is_whole = container == "spreadsheet" or zipfile.is_zipfile(path)
        return None if is_whole else f"{path.name} was cut short; pull it again"
    try:
        declared = None if shape.name == AUTO else format_of(path, shape)
        with whole(path), open_bytes(path) as file:
            head = file.read(_HEAD)
    except UnreadableFileError as error:
        return str(error)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in head[:64]:
        return None
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        return f"{path.name} is empty; ask for the export of this date and pull again"
    if declared is None:
        declared = _format_by_content(start)
    if declared == "xlsx":
        return f"{path.name} is no spreadsheet, and shape {shape.name} reads one; correct the shape"
    if declared == "parquet":
        return (
            None
            if start.startswith(b"PAR1") and tail(path, 4) == b"PAR1"
            else f"{path.name} is no whole Parquet file; pull it again"
        )
    if start[:1] == b"<":
        return (
            f"{path.name} is a web page, not an export (a login or error page?); "
            "open its address in a browser and correct the url"
        )
    is_json = start[:1] in b"[{"
    if declared == "csv" and start[:2] in (b'{"', b"[{", b"[]"):
        return f"{path.name} is JSON, and shape {shape.name} reads CSV; correct the shape"
    if declared in ("json", "ndjson") and not is_json:
        return f"{path.name} is not JSON, and shape {shape.name} reads {declared}; correct the shape"
    if declared in ("json", "ndjson") and container == "none" and not _ends(path, is_array=start[:1] == b"["):
        return f"{path.name} ends in the middle of a record: it was cut short; pull it again"
    return None


def _format_by_content(start: bytes) -> Format:
    if start.startswith(b"PAR1"):
        return "parquet"
    return "json" if start[:1] in (b"{", b"[") else "csv"


def _ends(path: Path, *, is_array: bool) -> bool:
    """Returns whether a JSON file has its end: the closing bracket, or a complete last line."""
    end = tail(path, _TAIL)
    if is_array:
        return end.rstrip().endswith(b"]")
    if end.endswith(b"\n") or end.rstrip().endswith(b"}"):
        return True
    try:
        json.loads(end.rstrip().rpartition(b"\n")[2])
    except (ValueError, RecursionError):
        return False
    return True
