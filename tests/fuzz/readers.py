"""The parts that take bytes apart in Python, alone: hundreds of times as many files a second as whole imports.

Belongs here: what must hold of a reader of any bytes. Does not: DuckDB's readers, which run in whole imports alone.
"""

import json
from itertools import pairwise
from pathlib import Path

from assets.reading import csv_records, json_records, json_stream
from assets.reading.dialect import dialect_of
from assets.reading.encodings import encoding_of
from assets.reading.formats import UnreadableFileError, container_of
from schemas.config.limits import DEFAULT_LIMITS
from tests.fuzz.whole_path import UnaccountedError, records_of


def csv(path: Path) -> None:
    """Reads a file of separated values as inference and import do.

    Raises:
        UnaccountedError: Records are missing, or numbered wrongly.
    """
    content = path.read_bytes()
    encoding = encoding_of(path)
    dialect_of(content.decode(encoding, "replace"))
    found = [*csv_records.records(path, "utf-8", ",")]
    if [record.number for record in found] != [*range(1, len(found) + 1)]:
        raise UnaccountedError("records are not numbered one by one")
    if any(later.line <= earlier.line for earlier, later in pairwise(found)):
        raise UnaccountedError("lines of records do not grow")
    meant = records_of("a.csv", content)
    if meant is not None and container_of(path) == "none" and meant != len(found):
        raise UnaccountedError(f"{meant} records, and {len(found)} were found")


def json_(path: Path) -> None:
    """Reads JSON as lines, and as the elements of a large document.

    Raises:
        UnaccountedError: An element of a whole document is missing or changed.
    """
    json_records.json_layout(path)
    lines = [*json_records.lines(path, DEFAULT_LIMITS)]
    if [line.number for line in lines] != [*range(1, len(lines) + 1)]:
        raise UnaccountedError("lines are not numbered one by one")
    json_stream.is_large_document(path)
    elements = [*json_stream.large_records(path, "data", DEFAULT_LIMITS)]
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"), object_pairs_hook=_first)
    except (ValueError, RecursionError):
        return
    meant = document["data"] if isinstance(document["data"], list) else [document["data"]]
    if [json.loads(element, object_pairs_hook=_first) for element in elements] != meant:
        raise UnaccountedError(f"{elements} were found of {meant}")


def _first(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose first value of a key counts, as a reader that goes on from there has it."""
    return dict(reversed(pairs))


READERS = {"csv_reader": csv, "json_reader": json_}


def read(target: str, path: Path) -> None:
    """Runs a reader; that it refuses a file in words is well."""
    try:
        READERS[target](path)
    except UnreadableFileError:
        return
