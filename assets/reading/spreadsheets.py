"""Spreadsheets: their sheets as records of text.

Belongs here: XLSX, XLS, XLSB and ODS through calamine, in a process of its own (`sheet_process`). Does not: which
record is the header (`dialect`).
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assets.reading import sheet_process
from assets.reading.csv_records import Record, unique_names
from assets.reading.formats import UnreadableFileError
from schemas.settings import REPOSITORY


def sheets(path: Path) -> list[str]:
    """Lists the names of the sheets that are not empty.

    Raises:
        UnreadableFileError: It is not a complete spreadsheet.
    """
    return [name for name, is_filled in _lines(path) if is_filled]


def sheet_names(path: Path) -> list[str]:
    """Lists the names of all sheets in order, empty ones included.

    Raises:
        UnreadableFileError: It is not a complete spreadsheet.
    """
    return [name for name, _ in _lines(path)]


def rows(path: Path, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """Yields the records of a sheet, as (row number, cells as text), without blank ones.

    Args:
        path: The file.
        sheet: The sheet; None for the first.

    Raises:
        UnreadableFileError: It is not a complete spreadsheet, or lacks the sheet.
    """
    for line in _lines(path, json.dumps(sheet)):
        if isinstance(line, dict):
            raise UnreadableFileError(f"{path.name} has no sheet {sheet!r}; it has {', '.join(line['missing'])}")
        number, texts = line
        yield number, texts


def header(path: Path, sheet: str | None, header_row: int) -> list[str]:
    """Returns the column names, as `csv_records.unique_names` gives them.

    Raises:
        UnreadableFileError: There is no header in that row.
    """
    names = next((cells for number, cells in rows(path, sheet) if number >= header_row), [])
    if not names:
        raise UnreadableFileError(f"{path.name} has no row {header_row} for its header")
    return unique_names(names)


def records(path: Path, sheet: str | None, header_row: int) -> Iterator[Record]:
    """Yields every record below the header.

    Raises:
        UnreadableFileError: It is not a complete spreadsheet.
    """
    below = (row for row in rows(path, sheet) if row[0] >= header_row)
    next(below, None)
    for number, (line, cells) in enumerate(below, start=1):
        yield Record(number, line, cells, "\t".join(cells), "")


def _lines(path: Path, *arguments: str) -> Iterator[Any]:
    """Yields the process's output by line; closing the generator ends the process."""
    command = [sys.executable, "-m", sheet_process.__name__, str(path.absolute()), *arguments]
    with subprocess.Popen(  # noqa: S603 - this project's own module
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY
    ) as process:
        try:
            for text in process.stdout or ():
                if not text.endswith("\n"):
                    break  # it ended in the middle of a line
                line = json.loads(text)
                _require_well(path, line)
                yield line
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise UnreadableFileError(
            f"{path.name} is a spreadsheet that its reader cannot hold in {sheet_process.MOST_MEMORY / 2**30:g} GiB, "
            "perhaps since a cell lies far from the others; save it anew, or as CSV"
        )


def _require_well(path: Path, line: object) -> None:
    if not isinstance(line, dict) or "error" not in line:
        return
    if line["error"] == "password":
        raise UnreadableFileError(f"{path.name} is protected by a password; ask for it without one")
    raise UnreadableFileError(f"{path.name} is no whole spreadsheet ({line['error']}); pull it again")
