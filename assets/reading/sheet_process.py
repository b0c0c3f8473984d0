"""Cells of a spreadsheet, written to standard output by a separate process.

    python -m assets.reading.sheet_process FILE             sheets, one a line: [name, whether it holds something]
    python -m assets.reading.sheet_process FILE '"NAME"'    rows, one a line: [number, cells as text]; null: the first

Belongs here: the code of that process, and its memory limit. Does not: starting it (`spreadsheets`).

The reader, written in Rust, allocates each cell up to the farthest, and aborts its process if there is no memory: a
file of five kilobytes with a cell in the last row and column needs 500 GB. Here only this process aborts.
"""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

# A million rows of twenty columns need half of it.
MOST_MEMORY = 3 * 2**30
_EXACT = 2.0**53


def _lines(path: str, sheet: str | None) -> Iterator[object]:
    """Yields the output lines for the given arguments."""
    workbook = CalamineWorkbook.from_path(path)
    if sheet is None:
        yield from ([name, workbook.get_sheet_by_name(name).total_height > 0] for name in workbook.sheet_names)
        return
    name = json.loads(sheet)
    try:
        found = workbook.get_sheet_by_name(name) if name else workbook.get_sheet_by_index(0)
    except WorksheetNotFound:
        yield {"missing": workbook.sheet_names}
        return
    # It omits empty columns before the first filled one.
    before = [""] * (found.start[1] if found.start else 0)
    blank = [""] * found.width
    for number, cells in enumerate(found.iter_rows(), start=1):
        # True of nearly all rows of a sheet with one cell far below the others.
        if cells != blank and any(texts := [*map(_text, cells)]):
            yield [number, before + texts]


def _text(cell: object) -> str:
    """Formats a cell as typed; whole numbers without a decimal point."""
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


def main() -> None:
    """Writes the lines; an error in the file is the last of them."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    path, sheet, *_ = [*sys.argv[1:], None]
    try:
        for line in _lines(str(path), sheet):
            sys.stdout.write(json.dumps(line) + "\n")
    except PasswordError:
        sys.stdout.write(json.dumps({"error": "password"}) + "\n")
    except (CalamineError, OSError) as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")


if __name__ == "__main__":
    main()
