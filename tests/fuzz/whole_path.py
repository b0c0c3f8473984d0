"""A file of any bytes, landed and imported, with a check that every record is accounted for.

Belongs here: the invariant that fuzzing and the corpora of broken files check. Does not: the bytes (`broken_files`,
`targets`).

A file may be rejected with a message, and a record of it may be quarantined. Violations are any other exception, a
record that is counted nowhere, and more seconds than `MOST_SECONDS`.
"""

import csv
import io
import json
import os
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assets.importing.importing import NothingToPublishError, import_date
from assets.landing import store
from schemas.config.source import SourcesFile
from tests.factories.small_exports import DAY, Exports, Imported

MOST_SECONDS = 2.0
SHAPES = ("auto", "declared")
_FORMATS = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".parquet": "parquet", ".xlsx": "xlsx"}


class UnaccountedError(AssertionError):
    """Records of a file are missing, or there are more than it has."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a file.

    Attributes:
        state: State of the landing or of the import.
        landed: Records found; accepted, quarantined and deduplicated add up to it.
        accepted: Records in the lake, without deduplicated ones.
        quarantined: Rejected records.
        deduplicated: Older copies of an account.
        seconds: Processor seconds, for landing and importing.
        message: The reason of the rejection.
    """

    state: str
    landed: int
    accepted: int
    quarantined: int
    deduplicated: int
    seconds: float
    message: str


def outcome(name: str, content: bytes, shape: str = "declared") -> Outcome:
    """Lands and imports a file, in a temporary home.

    Args:
        name: The name of the file; its extension declares the format.
        content: Its bytes.
        shape: `auto`, or `declared`: an account's handle and followers, wherever the format has them.

    Raises:
        UnaccountedError: Records are counted nowhere, or twice.
    """
    sources = _sources(_FORMATS.get(Path(name).suffix, "csv"), shape)
    with tempfile.TemporaryDirectory(prefix="smallvoices-") as folder:
        made = Exports(Path(folder))
        made.write(f"in/{name}", content)
        began = _spent()
        (source,) = sources.sources
        landed = store.land(
            source, sources.shape(source), DAY, landing=made.settings.landing, folder=made.folder, force=False
        )
        message = landed.message
        if landed.state == "complete":
            try:
                import_date(made.settings, sources, DAY, "run")
            except NothingToPublishError as nothing:
                message = str(nothing)
        seconds = _spent() - began
        return _accounted(name, content, shape, made.tables(DAY), landed.state, message, seconds)


def _spent() -> float:
    """Returns processor seconds of this process and its ended children: wall time depends on other load."""
    return time.process_time() + sum(os.times()[2:4])


@cache
def _sources(file_format: str, shape: str) -> SourcesFile:
    with tempfile.TemporaryDirectory(prefix="smallvoices-") as folder:
        made = Exports(Path(folder))
        keys = {"platform": "instagram", "carry_days": 0, "max_quarantine_share": 1}
        made.source("only", "in/*", shape="own" if shape == "declared" else shape, **keys)
        selected = {"handle": "handle_of(handle)", "followers": "count_of(followers)"}
        columns = {"columns": [], "optional": ["handle", "followers"]}
        made.shape("own", format=file_format, profiles={**columns, "select": selected})
        return made.sources()


def _accounted(
    name: str, content: bytes, shape: str, imported: Imported, state: str, message: str, seconds: float
) -> Outcome:
    total = dict.fromkeys(("landed", "accepted", "quarantined", "deduplicated"), 0)
    for row in imported.report:
        for key in total:
            total[key] += row[key]
        state = row["state"]
        if row["landed"] != row["accepted"] + row["quarantined"] + row["deduplicated"]:
            raise UnaccountedError(f"{name} ({shape}): {row}")
    if len(imported.profiles) != total["accepted"]:
        raise UnaccountedError(f"{name} ({shape}): {len(imported.profiles)} rows in the lake, and {total}")
    meant = records_of(name, content)
    if (
        shape == "declared"
        and meant is not None
        and state in ("published", "quarantine_limit_exceeded")
        and total["landed"] != meant
    ):
        raise UnaccountedError(f"{name}: {meant} records, and {total}; {message}")
    return Outcome(state, **total, seconds=seconds, message=message)


def records_of(name: str, content: bytes) -> int | None:
    """Counts the records of a file with Python's own readers; None if they cannot determine it."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    match Path(name).suffix:
        case ".csv":
            return _rows(text)
        case ".ndjson":
            lines = [line for line in text.split("\n") if line.strip(" \t\r")]
            return len(lines) if all(map(_is_json, lines)) else None
        case ".json":
            document = _parsed(text)
            return len(document) if isinstance(document, list) else None
    return None


def _rows(text: str) -> int | None:
    """Counts the rows below the header, if all have its width and no quote is misplaced."""
    if "\r" in text.replace("\r\n", "") or "\0" in text:
        return None
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True, skipinitialspace=True) if row]
    except csv.Error:
        return None
    return len(rows) - 1 if rows and {len(row) for row in rows} == {len(rows[0])} else None


def _parsed(text: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse, parse_int=str)
    except (ValueError, RecursionError):
        return None


def _is_json(text: str) -> bool:
    return isinstance(_parsed(text), dict)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
