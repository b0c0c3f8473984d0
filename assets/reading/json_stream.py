"""Records of one large JSON document, cut out one by one.

Belongs here: finding the list at a path, and yielding its elements in flat memory. DuckDB takes a document
as a whole, and the time and memory that its records then cost grow with the square of their number.
"""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from assets.reading.formats import UnreadableFileError, open_bytes, whole
from schemas.config.limits import Limits
from schemas.json_path import keys

# Pages of APIs are far smaller than this.
LARGE_DOCUMENT_BYTES = 2 * 2**20

_CHUNK = 4 * 2**20
_BLANK = re.compile(r"[ \t\r\n]*")
# A number at the end of the buffer may have more digits.
_MARGIN = 32
# Text without brackets to count: whole strings, and everything other than strings and brackets.
_PLAIN = re.compile(r'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
# Numbers are irrelevant here, and Python refuses those of very many digits.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)


def is_large_document(path: Path) -> bool:
    """Returns whether a JSON file begins with an object that is larger than `LARGE_DOCUMENT_BYTES`."""
    with whole(path), open_bytes(path) as file:
        head = file.read(LARGE_DOCUMENT_BYTES + 1)
    if len(head) <= LARGE_DOCUMENT_BYTES or not head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        return False
    first, feed, _ = head.partition(b"\n")
    return not feed or not is_json(first)


def is_json(text: bytes) -> bool:
    """Returns whether a text is one JSON document."""
    try:
        _DECODER.decode(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False
    return True


def large_records(path: Path, within: str, limits: Limits) -> Iterator[str]:
    """Yields the elements of the list at a path, or the other value there, as JSON, in order.

    Args:
        path: A file of one JSON object.
        within: The path to the list, of keys alone.
        limits: The size limit of an element.

    Raises:
        UnreadableFileError: The path leads nowhere, or the document breaks off before the end of the list.
    """
    with whole(path), open_bytes(path) as file:
        text = JsonText(file, limits)
        try:
            for key in keys(within):
                text.enter(key)
            yield from text.elements()
        except (ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise UnreadableFileError(f"{path.name} cannot be read up to the end of {within}: {reason}") from error


class JsonText:
    """A JSON text that is read on demand and dropped once consumed."""

    def __init__(self, file: IO[bytes], limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = _DECODER.raw_decode
        self._text = ""
        self._place = 0
        self._at_end = False

    def enter(self, wanted: str) -> None:
        """Moves to the value of a key of the current object."""
        self.expect("{")
        while self.peek() != "}":
            key = json.loads(self.value())
            self.expect(":")
            if key == wanted:
                return
            self._skip()
            if self.peek() == ",":
                self.expect(",")
        raise ValueError(f"there is no {wanted!r}")

    def elements(self) -> Iterator[str]:
        """Yields the elements of the current list; another value is the only element."""
        if self.peek() != "[":
            yield self.value()
            return
        self.expect("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.expect(",")

    def peek(self) -> str:
        """Returns the next character other than white space."""
        while True:
            self._place = _BLANK.match(self._text, self._place).end()  # type: ignore[union-attr] # matches nothing, too
            if self._place < len(self._text) or not self._more():
                return self._text[self._place : self._place + 1]

    def expect(self, character: str) -> None:
        """Consumes a character, which must be the next other than white space."""
        found = self.peek()
        if found != character:
            raise ValueError(f"{found!r} stands where {character!r} should" if found else "it ends there")
        self._place += 1

    def _skip(self) -> None:
        """Skips the current JSON value, of any size."""
        if self.peek() not in ("[", "{"):
            self.value()
            return
        depth = 0
        while True:
            self._place = _PLAIN.match(self._text, self._place).end()  # type: ignore[union-attr] # as below
            bracket = self._text[self._place : self._place + 1]
            if bracket in ("", '"'):
                self._require_small(len(self._text) - self._place)
                if not self._more():
                    raise ValueError("it ends there")
                continue
            self._place += 1
            depth += 1 if bracket in "[{" else -1
            if depth == 0:
                return

    def _require_small(self, size: int) -> None:
        if size > self._limits.max_record_bytes:
            raise ValueError(f"a value is larger than {self._limits.passed('max_record_bytes')}, or broken")

    def value(self) -> str:
        """Returns the current JSON value."""
        self.peek()
        while True:
            try:
                _, end = self._scan(self._text, self._place)
            except ValueError:
                self._require_small(len(self._text) - self._place)
                if not self._more():
                    raise
                continue
            if end + _MARGIN > len(self._text) and self._more():
                continue
            self._require_small(end - self._place)
            value = self._text[self._place : end]
            self._place = end
            return value

    def _more(self) -> bool:
        """Reads more text; returns False at the end of the file."""
        if self._at_end:
            return False
        # Doubles the buffer, so that a value of any size is scanned a few times only.
        data = self._file.read(max(_CHUNK, len(self._text) - self._place))
        self._at_end = not data
        self._text = self._text[self._place :] + self._decode.decode(data, final=not data)
        self._place = 0
        return True
