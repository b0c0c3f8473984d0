"""The Python parsers alone: hundreds of times as many files per second as whole imports.

Belongs here: invariants of a reader of any bytes. Does not: DuckDB's readers, which run only in whole imports.
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
    """Returns an object in which the first value of a duplicate key counts, as in the incremental reader."""
    return dict(reversed(pairs))


READERS = {"csv_reader": csv, "json_reader": json_}


def read(target: str, path: Path) -> None:
    """Runs a reader; a rejection with a message is valid."""
    try:
        READERS[target](path)
    except UnreadableFileError:
        return
