"""CSV, record by record, with all details of damaged files that a fast reader omits.

Belongs here: the header, and the exact reading of a damaged file: records with too few or too many fields, their line
and their raw text, resuming after a stray quote instead of swallowing the following records.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, cast

from assets.reading.formats import UnreadableFileError, open_bytes, whole

if TYPE_CHECKING:
    import _csv

# A longer record has a quote that was never closed.
MAX_RECORD_CHARACTERS = 2**20
MAX_RECORD_LINES = 2_000
# Limit of lines that are read again because a quote swallowed them: a constant, plus a multiple of the file's lines,
# so that a file of stray quotes takes only a few times as long as a clean one.
_AGAIN = 20_000
_AGAIN_PER_LINE = 2

_LINE_ENDS = ("\n", "\r")
_BLANK = ("\n", "\r\n", "\r")
_UNMATCHED = "its quotes do not match"

_CHUNK = 4 * 2**20

csv.field_size_limit(MAX_RECORD_CHARACTERS)


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Decodes invalid bytes of an encoding as surrogates; "surrogateescape" does so from 0x80 on only."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("surrogates_for_bytes", _escape)
_UNDECODED = re.compile("[\udc00-\udcff]")


def undecoded(text: str) -> bool:
    """Returns whether a text has bytes that are invalid in its encoding."""
    return bool(_UNDECODED.search(text))


def bytes_shown(text: str) -> str:
    """Returns a text with such bytes as hexadecimal digits."""
    return _UNDECODED.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02x}", text)


@dataclass(frozen=True)
class Record:
    """One record of a CSV file.

    Attributes:
        number: 1 for the first record after the header; blank lines do not count.
        line: The line it begins on, 1 for the file's first.
        fields: Its cells.
        raw: Its text as it stands in the file.
        problem: Its error, or an empty text.
        lines: Its number of lines.
    """

    number: int
    line: int
    fields: list[str]
    raw: str
    problem: str
    lines: int = 1


def text_encoding(start: bytes, encoding: str) -> str:
    """Returns the encoding of a text by its first bytes: a byte order mark overrides the declared one."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else encoding


def open_text(path: Path, encoding: str) -> TextIO:
    """Opens the file as text with its line ends kept; invalid bytes become surrogates."""
    binary = open_bytes(path)
    encoding = text_encoding(cast("io.BufferedReader", binary).peek(4)[:4], encoding)
    return io.TextIOWrapper(binary, encoding=encoding, errors="surrogates_for_bytes", newline="")


def line_count(path: Path) -> int:
    """Counts the lines of a file, header and blank ones included, by line feeds."""
    count = 0
    last = b"\n"
    with open_bytes(path) as file:
        while chunk := file.read(_CHUNK):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def header(path: Path, encoding: str, delimiter: str, header_line: int = 1) -> list[str]:
    """Returns the column names of the header that begins on a line; see `unique_names`.

    Raises:
        UnreadableFileError: There is no readable header.
    """
    with _readable(path), open_text(path, encoding) as text:
        return unique_names(_header(_Lines(text, header_line), path, delimiter))


def unique_names(names: list[str]) -> list[str]:
    """Makes column names unique: white space folded, a name's second use called `name_2`, blanks `column_7`."""
    uses: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        base = candidate = re.sub(r"\s+", " ", name).strip() or f"column_{position}"
        while candidate in uses:
            uses[base] += 1
            candidate = f"{base}_{uses[base]}"
        uses[candidate] = 1
    return [*uses]


def records(path: Path, encoding: str, delimiter: str, header_line: int = 1) -> Iterator[Record]:
    """Yields every record after the header, valid or not, in order.

    Empty cells after the last column are ignored, as by the fast reader.

    Raises:
        UnreadableFileError: There is no readable header, or the file ends in the middle of a record.
    """
    with _readable(path), open_text(path, encoding) as text:
        lines = _Lines(text, header_line)
        width = len(_header(lines, path, delimiter))
        number = 0
        while True:
            lines.skip_blank()
            line = lines.next_line
            fields, raw, problem = lines.record(delimiter)
            if not raw:
                return
            if not fields:
                continue
            fields = fields if any(fields[width:]) else fields[:width]
            if (problem or len(fields) != width) and lines.taken > 1:
                # A stray quote: only its line is lost, and the lines it swallowed are read again.
                fields, raw = lines.give_back_all_but_first(delimiter)
                problem = _UNMATCHED
            number += 1
            if (problem or len(fields) < width) and lines.at_end and not raw.endswith(_LINE_ENDS):
                raise UnreadableFileError(
                    f"{path.name}:{line} ends in the middle of a record: the file was cut short; pull it again"
                )
            told = problem or _problem(fields, raw, width, encoding)
            yield Record(number, line, fields, raw.rstrip("\r\n"), told, lines.taken)


def _header(lines: "_Lines", path: Path, delimiter: str) -> list[str]:
    raw = "begin"
    while raw:
        names, raw, problem = lines.record(delimiter)
        if problem:
            raise UnreadableFileError(f"{path.name} has a header that cannot be read: {problem}; pull it again")
        if names:
            return names
    raise UnreadableFileError(f"{path.name} has no header line")


def _problem(fields: list[str], raw: str, width: int, encoding: str) -> str:
    if len(fields) != width:
        return f"has {len(fields)} cells where the header has {width}"
    if not raw.isascii() and any("\udc00" <= character <= "\udcff" for character in raw):
        return f"holds bytes that are not {encoding}"
    if "\x00" in raw:
        return "holds a NUL character"
    return ""


def _reader(lines: Iterator[str], delimiter: str) -> "_csv.Reader":
    # Blanks before a quote do not hide it. Strict, so that text after a closing quote, or an open quote at the end, is
    # an error and not guessed.
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != " ", strict=True)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    with whole(path):
        try:
            yield
        except UnicodeError as error:
            raise UnreadableFileError(f"{path.name}: {error}; correct the encoding of its shape") from error


class _Cut(str):
    """A line without its end, since it is longer than `MAX_RECORD_CHARACTERS`."""

    __slots__ = ()


class _Lines:
    """Lines of a file with push-back, and records of fields made of them."""

    def __init__(self, text: TextIO, first_line: int) -> None:
        self._text = text
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._read_again = 0
        self.next_line = first_line
        for _ in range(first_line - 1):
            self._read()

    @property
    def taken(self) -> int:
        """Returns the number of lines of the last record."""
        return len(self._taken)

    @property
    def at_end(self) -> bool:
        """Returns whether no line is left."""
        if not self._waiting and (line := self._read()):
            self._waiting.append(line)
        return not self._waiting

    def skip_blank(self) -> None:
        """Skips blank lines, far faster than by records."""
        while not self.at_end and self._waiting[0] in _BLANK:
            self._waiting.popleft()
            self.next_line += 1

    def record(self, delimiter: str) -> tuple[list[str], str, str]:
        """Returns the next record: its fields, its raw text, and the error that prevented splitting it into fields."""
        self._taken = []
        try:
            fields = next(_reader(self._feed(), delimiter), [])
        except csv.Error:
            fields = self._without_blanks_behind_quotes(delimiter)
            if not fields:
                return [self._taken[0]] if self._taken else [], "".join(self._taken), _UNMATCHED
        text = "".join(self._taken)
        is_cut = len(text) > MAX_RECORD_CHARACTERS and any(isinstance(line, _Cut) for line in self._taken)
        return fields, text, f"is longer than {MAX_RECORD_CHARACTERS:,} characters" if is_cut else ""

    def give_back_all_but_first(self, delimiter: str) -> tuple[list[str], str]:
        """Pushes back the lines after the first; returns the first line's own fields and text."""
        first, *rest = self._taken
        self._waiting.extendleft(reversed(rest))
        self.next_line -= len(rest)
        self._read_again += len(rest)
        self._taken = [first]
        return first.rstrip("\r\n").split(delimiter), first

    def _without_blanks_behind_quotes(self, delimiter: str) -> list[str]:
        """Returns the last lines' fields as the fast reader reads `"1" ,"2"`; none if they have other problems."""
        blanks = re.compile(rf'" +(?=[{re.escape(delimiter)}\r\n]|$)')
        lines = [blanks.sub('"', line) for line in self._taken]
        reader = _reader(iter(lines), delimiter)
        try:
            fields = next(reader, [])
        except csv.Error:
            return []
        return fields if reader.line_num == len(lines) else []

    def _feed(self) -> Iterator[str]:
        characters = 0
        left = _AGAIN + _AGAIN_PER_LINE * self.next_line - self._read_again
        most = max(2, min(MAX_RECORD_LINES, left))
        while not self.at_end and len(self._taken) < most and characters < MAX_RECORD_CHARACTERS:
            line = self._waiting.popleft()
            self._taken.append(line)
            self.next_line += 1
            characters += len(line)
            yield line

    def _read(self) -> str:
        line = self._text.readline(MAX_RECORD_CHARACTERS)
        if len(line) < MAX_RECORD_CHARACTERS or line.endswith(_LINE_ENDS):
            return line
        rest = line
        while rest and not rest.endswith(_LINE_ENDS):
            rest = self._text.readline(MAX_RECORD_CHARACTERS)
        return _Cut(line + rest[-1:])
