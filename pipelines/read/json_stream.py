"""Records of one large JSON document, cut out one by one.

Belongs here: finding the list that a path leads to, and giving its elements in flat memory. DuckDB takes a document
as a whole, and the time and memory that its records then cost grow with the square of their number.
"""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pipelines.read.formats import UnreadableFileError, open_bytes, whole
from schemas.json_path import keys

# Answers of APIs come in pages far smaller than this.
LARGE_DOCUMENT_BYTES = 2 * 2**20

_CHUNK = 4 * 2**20
_BLANK = re.compile(r"[ \t\r\n]*")
# Behind a number that ends with the text at hand more digits may follow.
_MARGIN = 32


def is_large_document(path: Path) -> bool:
    """Whether a JSON file begins with an object that is larger than `LARGE_DOCUMENT_BYTES`."""
    with whole(path), open_bytes(path) as file:
        head = file.read(LARGE_DOCUMENT_BYTES + 1)
    if len(head) <= LARGE_DOCUMENT_BYTES or not head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"{"):
        return False
    try:
        json.loads(head[: head.index(b"\n")])
    except ValueError:
        return True
    return False


def large_records(path: Path, within: str) -> Iterator[str]:
    """The elements of the list that a path leads to, or what else stands there, as JSON, in order.

    Args:
        path: A file of one JSON object.
        within: The path to the list, of keys alone.

    Raises:
        UnreadableFileError: The path leads nowhere, or the document breaks off before the end of the list.
    """
    with whole(path), open_bytes(path) as file:
        text = JsonText(file)
        try:
            for key in keys(within):
                text.enter(key)
            yield from text.elements()
        except (ValueError, UnicodeError) as error:
            reason = " ".join(str(error).split())
            raise UnreadableFileError(f"{path.name} cannot be read up to the end of {within}: {reason}") from error


class JsonText:
    """A JSON text that is read on as far as it is needed, and forgotten behind."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._place = 0
        self._at_end = False

    def enter(self, wanted: str) -> None:
        """Moves to the value of a key of the object at hand."""
        self.expect("{")
        while self.peek() != "}":
            key = json.loads(self.value())
            self.expect(":")
            if key == wanted:
                return
            self.value()
            if self.peek() == ",":
                self.expect(",")
        raise ValueError(f"there is no {wanted!r}")

    def elements(self) -> Iterator[str]:
        """The elements of the list at hand; what is no list is the only one."""
        if self.peek() != "[":
            yield self.value()
            return
        self.expect("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.expect(",")

    def peek(self) -> str:
        """The next character that is no blank."""
        while True:
            self._place = _BLANK.match(self._text, self._place).end()  # type: ignore[union-attr] # matches nothing, too
            if self._place < len(self._text) or not self._more():
                return self._text[self._place : self._place + 1]

    def expect(self, character: str) -> None:
        """Moves behind a character, which must be the next that is no blank."""
        found = self.peek()
        if found != character:
            raise ValueError(f"{found!r} stands where {character!r} should" if found else "it ends there")
        self._place += 1

    def value(self) -> str:
        """The JSON value at hand."""
        self.peek()
        while True:
            try:
                _, end = self._scan(self._text, self._place)
            except ValueError:
                if not self._more():
                    raise
                continue
            if end + _MARGIN > len(self._text) and self._more():
                continue
            value = self._text[self._place : end]
            self._place = end
            return value

    def _more(self) -> bool:
        """Reads on; false where there is no more."""
        if self._at_end:
            return False
        # Twice as much as is at hand, so that a value of any size is scanned a few times only.
        data = self._file.read(max(_CHUNK, len(self._text) - self._place))
        self._at_end = not data
        self._text = self._text[self._place :] + self._decode.decode(data, final=not data)
        self._place = 0
        return True
