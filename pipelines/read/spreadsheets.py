"""Spreadsheets: their sheets as records of text.

Belongs here: XLSX, XLS, XLSB and ODS through calamine. Does not: which record is the header (`dialect`).
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

from pipelines.read.csv_records import Record, unique_names
from pipelines.read.formats import UnreadableFileError

_EXACT = 2.0**53


def sheets(path: Path) -> list[str]:
    """The names of the sheets that hold something.

    Raises:
        UnreadableFileError: It is no whole spreadsheet.
    """
    workbook = _open(path)
    return [name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).total_height]


def sheet_names(path: Path) -> list[str]:
    """The names of all sheets, the first one first; those that hold nothing too.

    Raises:
        UnreadableFileError: It is no whole spreadsheet.
    """
    return list(_open(path).sheet_names)


def rows(path: Path, sheet: str | None) -> Iterator[tuple[int, list[str]]]:
    """The records of a sheet, as (row number, cells as text), blank ones left out.

    Args:
        path: The file.
        sheet: The sheet; None for the first.

    Raises:
        UnreadableFileError: It is no whole spreadsheet, or has no such sheet.
    """
    workbook = _open(path)
    try:
        found = workbook.get_sheet_by_name(sheet) if sheet else workbook.get_sheet_by_index(0)
    except WorksheetNotFound as error:
        raise UnreadableFileError(
            f"{path.name} has no sheet {sheet!r}; it has {', '.join(workbook.sheet_names)}"
        ) from error
    for number, cells in enumerate(found.to_python(skip_empty_area=False), start=1):
        texts = [_text(cell) for cell in cells]
        if any(texts):
            yield number, texts


def header(path: Path, sheet: str | None, header_row: int) -> list[str]:
    """The names of the columns, as `csv_records.unique_names` gives them.

    Raises:
        UnreadableFileError: There is no header in that row.
    """
    names = next((cells for number, cells in rows(path, sheet) if number >= header_row), [])
    if not names:
        raise UnreadableFileError(f"{path.name} has no row {header_row} for its header")
    return unique_names(names)


def records(path: Path, sheet: str | None, header_row: int) -> Iterator[Record]:
    """Every record below the header.

    Raises:
        UnreadableFileError: It is no whole spreadsheet.
    """
    below = (row for row in rows(path, sheet) if row[0] >= header_row)
    next(below, None)
    for number, (line, cells) in enumerate(below, start=1):
        yield Record(number, line, cells, "\t".join(cells), "")


def _open(path: Path) -> CalamineWorkbook:
    try:
        # By what is in it: the names of exports lie.
        with path.open("rb") as file:
            return CalamineWorkbook.from_filelike(file)
    except PasswordError as error:
        raise UnreadableFileError(f"{path.name} is protected by a password; ask for it without one") from error
    except (CalamineError, OSError) as error:
        raise UnreadableFileError(f"{path.name} is no whole spreadsheet ({error}); pull it again") from error


def _text(cell: object) -> str:
    """A cell as people would have typed it; whole numbers without a point."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)
