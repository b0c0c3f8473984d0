"""CSV, record by record, with everything that a fast reader cannot say about a damaged file.

Belongs here: the header, and the exact reading of a file that is not clean: which records have too few or too
many fields, their line and their raw text, going on after a stray quote instead of swallowing what follows.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pipelines.read.formats import UnreadableFileError, open_bytes

# A record longer than this is a quote that was never closed.
MAX_RECORD_CHARACTERS = 2**20
MAX_RECORD_LINES = 2_000

csv.field_size_limit(MAX_RECORD_CHARACTERS)


@dataclass(frozen=True)
class Record:
    """One record of a CSV file.

    Attributes:
        number: 1 for the first record after the header; blank lines do not count.
        line: The line it begins on, 1 for the file's first.
        fields: Its cells.
        raw: Its text as it stands in the file.
        problem: What is wrong with it, or an empty text.
    """

    number: int
    line: int
    fields: list[str]
    raw: str
    problem: str


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text with its line ends kept; bytes that are not of the encoding become surrogates."""
    binary = open_bytes(path)
    start = binary.read(4)
    binary.seek(0)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif start.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    return io.TextIOWrapper(binary, encoding=encoding, errors="surrogateescape", newline="")


def header(path: Path, encoding: str, delimiter: str) -> list[str]:
    """The names of the columns: white space folded, a name's second use called `name_2`, blanks `column_7`.

    Raises:
        UnreadableFileError: There is no header.
    """
    with open_text(path, encoding) as text:
        names = next((fields for fields in csv.reader(text, delimiter=delimiter) if fields), None)
    if names is None:
        raise UnreadableFileError(f"{path.name} has no header line")
    unique: list[str] = []
    for position, name in enumerate(names, start=1):
        base = re.sub(r"\s+", " ", name).strip() or f"column_{position}"
        uses = 1
        candidate = base
        while candidate in unique:
            uses += 1
            candidate = f"{base}_{uses}"
        unique.append(candidate)
    return unique


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """Every record after the header, good or not, in order.

    Raises:
        UnreadableFileError: The file ends in the middle of a record.
    """
    with open_text(path, encoding) as text:
        lines = _Lines(text)
        width = 0
        number = 0
        while True:
            line = lines.next_line
            fields, raw, is_open = lines.record(delimiter)
            if not raw:
                return
            if not fields:
                continue
            if width == 0:
                width = len(fields)
                continue
            if (is_open or len(fields) != width) and lines.taken > 1:
                # A stray quote: only the line that opens it is lost, the lines it swallowed are read again.
                fields, raw = lines.give_back_all_but_first(delimiter)
                is_open = True
            number += 1
            if (is_open or len(fields) < width) and lines.at_end and not raw.endswith(("\n", "\r")):
                raise UnreadableFileError(
                    f"{path.name}:{line} ends in the middle of a record: the file was cut short; pull it again"
                )
            yield Record(
                number, line, fields, raw.rstrip("\r\n"), _problem(fields, raw, width, encoding, is_open=is_open)
            )


def _problem(fields: list[str], raw: str, width: int, encoding: str, *, is_open: bool) -> str:
    if is_open:
        return "its quotes do not match"
    if len(fields) != width:
        return f"has {len(fields)} cells where the header has {width}"
    if not raw.isascii() and any("\udc80" <= character <= "\udcff" for character in raw):
        return f"holds bytes that are not {encoding}"
    if "\x00" in raw:
        return "holds a NUL character"
    return ""


class _Lines:
    """Lines of a file that can be given back, and records of fields made of them."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.next_line = 1

    @property
    def taken(self) -> int:
        """Lines that the last record was made of."""
        return len(self._taken)

    @property
    def at_end(self) -> bool:
        """Whether no line is left."""
        if not self._waiting and (line := self._text.readline(MAX_RECORD_CHARACTERS)):
            self._waiting.append(line)
        return not self._waiting

    def record(self, delimiter: str) -> tuple[list[str], str, bool]:
        """The next record: its fields, its raw text, and whether a quote of it was left open."""
        self._taken = []
        try:
            # strict, so that text behind a closing quote or an open quote at the end is an error and no guess
            fields = next(csv.reader(self._feed(), delimiter=delimiter, strict=True), [])
        except csv.Error:
            return [self._taken[0]] if self._taken else [], "".join(self._taken), True
        return fields, "".join(self._taken), False

    def give_back_all_but_first(self, delimiter: str) -> tuple[list[str], str]:
        """Returns the lines behind the first to the file, and the first line's own fields and text."""
        first, *rest = self._taken
        self._waiting.extendleft(reversed(rest))
        self.next_line -= len(rest)
        self._taken = [first]
        return first.rstrip("\r\n").split(delimiter), first

    def _feed(self) -> Iterator[str]:
        characters = 0
        while not self.at_end and len(self._taken) < MAX_RECORD_LINES and characters < MAX_RECORD_CHARACTERS:
            line = self._waiting.popleft()
            self._taken.append(line)
            self.next_line += 1
            characters += len(line)
            yield line
