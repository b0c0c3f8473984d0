"""Dialect of a file of separated values: its delimiter, and the line of its header.

Belongs here: inferring these from the text itself. Does not: reading records (`csv_records`).
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_DELIMITERS = (",", ";", "\t", "|")
_RECORDS = 400
_HEADER_WITHIN = 40
_FEWEST = 2
_FIGURE = re.compile(r"[\s~$€£¥]*[+-]?[\d.,'\s]*\d[\d.,'\s]*[kKmMbB]?\s*%?")
_MOST_FIGURES = 0.2
_FILLED = 0.5


@dataclass(frozen=True)
class Dialect:
    """Delimiter and header line of a file.

    Attributes:
        delimiter: The text between cells.
        header_line: The line that the header begins on, 1 for the first; 0 where there is none.
    """

    delimiter: str
    header_line: int


def dialect_of(text: str) -> Dialect:
    """Infers the dialect of a file from its beginning.

    Args:
        text: The beginning, byte order mark left out; its last line may be cut.
    """
    best: tuple[tuple[float, int], str, list[tuple[int, list[str]]]] = ((0.0, 0), ",", [])
    for delimiter in _DELIMITERS:
        records = _records(text, delimiter)
        widths = Counter(len(cells) for _, cells in records if any(cell.strip() for cell in cells))
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        score = (round(count / widths.total(), 1), width) if width > 1 else (0.0, 0)
        if score > best[0]:
            best = score, delimiter, records
    _, delimiter, records = best
    return Dialect(delimiter, header_of(records or _records(text, delimiter)))


def header_of(records: Sequence[tuple[int, list[str]]]) -> int:
    """Finds the header: the first record that is about as wide as the others and holds no figures.

    Args:
        records: (number or line, cells) of the first records.

    Returns:
        Its number; 0 where there is none.
    """
    filled = [sum(1 for cell in cells if cell.strip()) for _, cells in records]
    usual = Counter(count for count in filled if count).most_common(1)
    widest = usual[0][0] if usual else 0
    for (number, cells), count in list(zip(records, filled, strict=True))[:_HEADER_WITHIN]:
        if not count or count < _FILLED * widest:
            continue
        figures = sum(1 for cell in cells if cell.strip() and _FIGURE.fullmatch(cell))
        if figures <= _MOST_FIGURES * count:
            return number
        return 0
    return 0


def _records(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Returns the first records, each with its first line number."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=delimiter != " ")
    found: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            found.append((line, cells))
            line = reader.line_num + 1
            if len(found) == _RECORDS:
                break
    except csv.Error:
        pass
    # The last one may be cut; a header and one record stay unchanged.
    return found[:-1] if len(found) > _FEWEST else found
