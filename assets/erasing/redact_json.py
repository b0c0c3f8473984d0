"""Redaction of records in JSON files; all other bytes are unchanged.

Belongs here: finding records by their number as the readers count them (`assets/reading/json_records`), and redacting
one so that the elements counted below it, such as its posts, keep their count. Does not: matching records to a person.
"""

import codecs
import io
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from assets.reading.formats import open_bytes
from assets.reading.json_records import json_layout
from assets.reading.json_stream import JsonText
from schemas.config.limits import DEFAULT_LIMITS
from schemas.json_path import keys

_EMPTY_LINE = "{}"
# Landed files were checked against the limits of their source when they were read.
_LIMITS = DEFAULT_LIMITS.model_copy(update={"max_record_bytes": sys.maxsize})


@dataclass(frozen=True)
class Emptying:
    """The parts of a record to redact.

    Attributes:
        rows: Records by number, from 1, wholly.
        nested: Path within a record to a list, where single elements of it are to be emptied.
        places: Record to places in that list, from 1.
        named: Whether a key names the person: exports keep records under ids and handles, too.
    """

    rows: frozenset[int]
    nested: str | None
    places: Mapping[int, frozenset[int]]
    named: Callable[[str], bool]

    def touches(self, number: int) -> bool:
        """Returns whether any part of a record is to be redacted."""
        return number in self.rows or number in self.places

    def apply(self, number: int, text: str) -> str:
        """Returns a record's text with these parts redacted."""
        try:
            record = json.loads(text)
        except ValueError:
            return _EMPTY_LINE
        if number in self.rows:
            return _dumped(emptied(record, self.named))
        owner = record
        *way, last = keys(self.nested or "")
        for key in way:
            owner = owner[key]
        owner[last] = [
            emptied(item, self.named) if place in self.places[number] else item
            for place, item in enumerate(owner[last], start=1)
        ]
        return _dumped(record)


def empty(path: Path, out: IO[bytes], within: str | None, what: Emptying) -> None:
    """Writes a JSON file with some records redacted.

    Args:
        path: The file; gzip and zstd are opened.
        out: The output file, not compressed.
        within: The path to the records, where documents wrap them.
        what: The parts to redact.

    Raises:
        ValueError: It is not valid JSON.
    """
    layout = json_layout(path)
    with open_bytes(path) as file:
        if layout == "newline_delimited":
            _lines(file, out, within, what)
            return
        text = _Copied(file, out)
        if layout == "array":
            text.expect("[")
        visitor = _Visitor(text, what)
        while text.peek() not in ("", "]"):
            visitor.visit(keys(within) if within else [])
            if text.peek() == ",":
                text.expect(",")
        text.finish()


def emptied(value: Any, named: Callable[[str], bool]) -> Any:  # noqa: ANN401 - any JSON value
    """Empties a value but keeps its structure: lists of objects keep their length, and keys that name nobody."""
    if isinstance(value, dict):
        return {
            f"forgotten-{place}" if named(key) else key: emptied(child, named)
            for place, (key, child) in enumerate(value.items(), start=1)
        }
    if isinstance(value, list):
        return [emptied(item, named) for item in value] if any(isinstance(item, (dict, list)) for item in value) else []
    return emptied_text(value) if isinstance(value, str) else None


def emptied_text(cell: str) -> str | None:
    """Empties a cell of text; a list of objects in it keeps its length."""
    if not cell.lstrip().startswith("["):
        return None
    try:
        items = json.loads(cell)
    except ValueError:
        return None
    return json.dumps([None] * len(items)) if any(isinstance(item, dict) for item in items) else None


def _lines(file: IO[bytes], out: IO[bytes], within: str | None, what: Emptying) -> None:
    number = 0
    for line in file:
        if not line.strip():
            out.write(line)
            continue
        if within:
            written = io.BytesIO()
            visitor = _Visitor(_Copied(io.BytesIO(line), written), what, number)
            visitor.run_line(keys(within))
            number = visitor.number
            out.write(written.getvalue())
            continue
        number += 1
        if what.touches(number):
            content = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
            end = line[len(line.rstrip(b"\r\n")) :]
            line = what.apply(number, content).encode() + end  # noqa: PLW2901 - the same line, emptied
        out.write(line)


class _Copied(JsonText):
    """Copies a JSON text while reading it, except for replaced values."""

    def __init__(self, file: IO[bytes], out: IO[bytes]) -> None:
        super().__init__(file, _LIMITS)
        self._out = out
        self._written = 0

    def replace(self, change: Callable[[str], str]) -> None:
        """Reads the current value and writes another in its place."""
        self.peek()
        value = self.value()
        self._flush(self._place - len(value))
        self._out.write(change(value).encode())
        self._written = self._place

    def finish(self) -> None:
        """Writes the remaining text."""
        while True:
            self._place = len(self._text)
            if not self._more():
                break
        self._flush(self._place)

    def _more(self) -> bool:
        if self._at_end:
            return False
        self._flush(self._place)
        self._written = 0
        return super()._more()

    def _flush(self, end: int) -> None:
        if end > self._written:
            self._out.write(self._text[self._written : end].encode())
            self._written = end


class _Visitor:
    """Counts records as DuckDB does: lists on the path are traversed, and a path without a value is one record."""

    def __init__(self, text: _Copied, what: Emptying, number: int = 0) -> None:
        self._text, self._what = text, what
        self.number = number

    def visit(self, steps: list[str]) -> None:  # noqa: PLR0912 - one branch a kind of step
        """Traverses the current value, and redacts the records at the path."""
        if not steps:
            self.number += 1
            number = self.number
            if self._what.touches(number):
                self._text.replace(lambda text: self._what.apply(number, text))
            else:
                self._text.value()
            return
        first, *rest = steps
        opened = self._text.peek()
        is_found = False
        if opened == "{" and not first.isdecimal():
            for key in self._members(is_any=first == "*", leads_to_records=not rest):
                if first == "*" or (key == first and not is_found):
                    is_found = True
                    self._elements(rest)
                else:
                    self._text.value()
            is_found = is_found or first == "*"
        elif opened == "[" and first.isdecimal():
            for place in self._items():
                if place == int(first):
                    is_found = True
                    self._elements(rest)
                else:
                    self._text.value()
        else:
            self._text.value()
        if not is_found:
            self.number += 1

    def run_line(self, steps: list[str]) -> None:
        """Does the same for a line; an invalid line is one record."""
        before = self.number
        try:
            self.visit(steps)
        except ValueError:
            self.number = before + 1
        self._text.finish()

    def _elements(self, steps: list[str]) -> None:
        if self._text.peek() != "[":
            self.visit(steps)
            return
        for _ in self._items():
            self.visit(steps)

    def _items(self) -> Iterator[int]:
        self._text.expect("[")
        place = 0
        while self._text.peek() != "]":
            yield place
            place += 1
            if self._text.peek() != "]":
                self._text.expect(",")
        self._text.expect("]")

    def _members(self, *, is_any: bool, leads_to_records: bool) -> Iterator[str]:
        """Yields the keys of the current object; a key above records may be the person's own name."""
        keys_read: list[str] = []

        def change(text: str) -> str:
            keys_read.append(str(json.loads(text)))
            goes = self._what.named(keys_read[-1]) or (leads_to_records and self.number + 1 in self._what.rows)
            return json.dumps(f"forgotten-{self.number + 1}") if is_any and goes else text

        self._text.expect("{")
        while self._text.peek() != "}":
            self._text.replace(change)
            self._text.expect(":")
            yield keys_read[-1]
            if self._text.peek() != "}":
                self._text.expect(",")
        self._text.expect("}")


def byte_order_mark(path: Path) -> bytes:
    """Returns the UTF-8 byte order mark if a file begins with one, else nothing."""
    with open_bytes(path) as file:
        return codecs.BOM_UTF8 if file.read(3) == codecs.BOM_UTF8 else b""


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
