"""Candidate tables of an unknown JSON file: the paths of lists of records, and their keys.

Belongs here: finding records and flattening them for inference. Does not: the import, which reads the paths that a
shape names (`json_records`).
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from assets.reading.formats import UnreadableFileError
from assets.reading.json_records import json_objects, reason
from assets.storage.sandbox import confined
from schemas.config.limits import Limits

_MOST_RECORDS = 20_000
_MOST_BYTES = 256 * 2**20
_DEEPEST = 6
_MOST_COLUMNS = 400
_FEWEST_KEYS = 2


@dataclass
class JsonTable:
    """A list of records in a JSON file.

    Attributes:
        path: Its path in each document; None if the documents are the records.
        frame: Its records, a column of text per path to a value.
        nested: Path within a record to the records of a list there.
    """

    path: str | None
    frame: pl.DataFrame
    nested: dict[str, pl.DataFrame] = field(default_factory=dict)


def tables(path: Path, limits: Limits) -> list[JsonTable]:
    """Lists the candidate tables of a JSON file, the records of the outermost list first.

    Raises:
        UnreadableFileError: It is not complete JSON.
    """
    documents = list(_documents(path, limits))
    found = {None: documents} | _lists(documents)
    return [_table(place, records) for place, records in found.items() if records]


def _documents(path: Path, limits: Limits) -> Iterator[dict[str, Any]]:
    with confined(path.parent) as connection:
        try:
            rows = connection.execute(
                f"SELECT CAST(json AS VARCHAR) FROM {json_objects(connection, path, None, limits)} "
                f"LIMIT {_MOST_RECORDS}"
            )
            size = 0
            while chunk := rows.fetchmany(1_000):
                for (text,) in chunk:
                    if text is None:
                        continue
                    size += len(text)
                    if size > _MOST_BYTES:
                        return
                    value = json.loads(text)
                    if isinstance(value, dict):
                        yield value
        except duckdb.Error as error:
            told = reason(error, limits)
            raise UnreadableFileError(f"{path.name} is no whole JSON ({told}); pull it again") from error
        except (ValueError, RecursionError) as error:
            raise UnreadableFileError(f"{path.name} is no JSON that can be read: {error}") from error


def _lists(documents: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Maps paths to records, for every list of objects, and every object whose values are similar objects."""
    found: dict[str, list[dict[str, Any]]] = {}

    def walk(value: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        if len(keys) >= _DEEPEST:
            return
        # Keys that are ids: "17893085207160254": {...}.
        children = [child for child in value.values() if isinstance(child, dict)]
        if len(children) == len(value) > 1 and len(set.intersection(*map(set, children))) >= _FEWEST_KEYS:
            found.setdefault(_path((*keys, "*")), []).extend(children)
            return
        for key, child in value.items():
            if isinstance(child, dict):
                walk(child, (*keys, key))
            elif records := _objects(child):
                found.setdefault(_path((*keys, key)), []).extend(records)

    for document in documents:
        walk(document, ())
    return found


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _table(place: str | None, records: Sequence[Mapping[str, Any]]) -> JsonTable:
    rows = [dict(_flat(record)) for record in records]
    return JsonTable(
        place,
        _frame(rows),
        {
            path: _frame([dict(_flat(item)) for item in items])
            for path, items in _lists(records).items()
            if "*" not in path
        },
    )


def _flat(value: Mapping[str, Any], keys: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Maps paths to the text of all values below; lists as JSON."""
    for key, child in value.items():
        here = (*keys, key)
        if isinstance(child, dict):
            if len(here) < _DEEPEST:
                yield from _flat(child, here)
        elif isinstance(child, list):
            if not _objects(child):
                yield _path(here), json.dumps(child, ensure_ascii=False)
        elif child is not None:
            yield _path(here), child if isinstance(child, str) else json.dumps(child)


def _path(keys: Sequence[str]) -> str:
    return ".".join(f'"{key}"' if "." in key else key for key in keys)


def _frame(rows: Sequence[Mapping[str, str]]) -> pl.DataFrame:
    seen = dict.fromkeys(name for row in rows for name in row)
    # One structure cannot read a key that is a value in one record and an object in another, or differs in case alone.
    lower = Counter(name.lower() for name in seen)
    objects = {name[: point.start()] for name in seen for point in re.finditer(r"\.", name)}
    names = [
        name
        for name in seen
        if name
        and not name.startswith(".")
        and '"' not in name
        and "\0" not in name  # Arrow does not allow this column name
        and lower[name.lower()] == 1
        and name not in objects
        and not any(part.isdecimal() or not part for part in name.split("."))
    ][:_MOST_COLUMNS]
    return pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in names},
        schema=dict.fromkeys(names, pl.String),
    )
