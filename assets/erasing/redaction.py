"""Redaction of a person's records in landed files: all records keep their number, and the others their content.

Belongs here: rewriting a file of any format, compression or archive, and comparing it with the original. Does not:
the manifest (`landed`).
"""

import gzip
import shutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from assets.erasing.records import Meant, identities, kinds
from assets.erasing.redact_json import Emptying, byte_order_mark
from assets.erasing.redact_json import empty as empty_json
from assets.erasing.redact_tables import empty_csv, empty_parquet, empty_spreadsheet
from assets.importing.open_files import LandedPart
from assets.landing.suppression import is_empty
from assets.reading.formats import Format, UnreadableFileError, compression, format_of
from schemas.config.source import Source
from schemas.settings import Settings
from schemas.shape import Records, Shape


class CannotEmptyError(Exception):
    """Records of a file could not be redacted; the file is unchanged. The message gives the reason and the remedy."""


def empty(
    settings: Settings,
    part: LandedPart,
    source: Source,
    wanted: Mapping[Records, Meant],
    named: Callable[[str], bool],
    target: Path,
) -> dict[Records, list[int]]:
    """Writes a file with some records redacted, and verifies that no other record changed.

    Args:
        settings: Settings of the home.
        part: The file, unpacked where it came in an archive.
        source: Its source.
        wanted: The records to redact, by kind of record.
        named: Whether a text names the person, for keys of JSON and other sheets.
        target: The file to write.

    Returns:
        Kind of record to the numbers of the records that are empty now.

    Raises:
        CannotEmptyError: It cannot be done, or another record came out differently.
    """
    at, aside = part.path, target.with_name(f"{target.name}.aside")
    try:
        declared = format_of(part.path, part.shape)
        for step in _steps(part.shape, wanted):
            _write(at, target, declared, part.shape, step, named)
            target.replace(aside)
            at = aside
        aside.replace(target)
        return _compared(settings, part, source, wanted, target)
    except (UnreadableFileError, ValueError, KeyError, TypeError, OSError, pa.ArrowException) as error:
        target.unlink(missing_ok=True)
        raise CannotEmptyError(f"{part.file.path} cannot be rewritten: {error}") from error
    finally:
        aside.unlink(missing_ok=True)


def pack(path: Path, target: Path, members: Mapping[str, Path], is_left_out: Callable[[str, bytes], bool]) -> None:
    """Writes a zip archive with some members replaced.

    Args:
        path: The archive.
        target: The file to write.
        members: Name to the file that takes a member's place.
        is_left_out: Whether to drop a member without records, by its name and bytes.
    """
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(target, "w") as packed:
        for member in archive.infolist():
            content = members[member.filename].read_bytes() if member.filename in members else archive.read(member)
            if member.filename in members or not is_left_out(member.filename, content):
                entry = zipfile.ZipInfo(member.filename, member.date_time)
                entry.external_attr = member.external_attr
                packed.writestr(entry, content, zipfile.ZIP_DEFLATED)


class _Step:
    """Redactions of one rewriting of a file: of the kinds of records that share a numbering."""

    def __init__(self, within: str | None, rows: frozenset[int], nested: str | None, meant: Meant) -> None:
        self.within, self.rows, self.nested = within, rows, nested
        self.places = {row: places for row, places in meant.places.items() if row not in rows}


def _steps(shape: Shape, wanted: Mapping[Records, Meant]) -> list[_Step]:
    nothing = Meant(frozenset(), {})
    steps: dict[str | None, _Step] = {}
    for records, meant in wanted.items():
        selection = shape.selection(records)
        within = shape.read_columns(records).records
        rows = meant.rows | (steps[within].rows if within in steps else frozenset())
        places = meant if meant.places else nothing
        steps[within] = _Step(within, rows, selection.nested if selection else None, places)
    return list(steps.values())


def _write(path: Path, target: Path, declared: Format, shape: Shape, step: _Step, named: Callable[[str], bool]) -> None:
    if declared == "parquet":
        empty_parquet(path, target, step.rows, step.places)
        return
    with _compressed(path, target) as out:
        if declared in ("json", "ndjson"):
            out.write(byte_order_mark(path))
            empty_json(path, out, step.within, Emptying(step.rows, step.nested, step.places, named))
            return
        if step.places:
            raise ValueError("posts of theirs lie in records of others")
        if declared == "csv":
            empty_csv(path, out, shape, step.rows)
        else:
            empty_spreadsheet(path, out, shape, step.rows, named)


@contextmanager
def _compressed(path: Path, target: Path) -> Iterator[IO[bytes]]:
    """Opens a file to write, compressed as another is, without time or name in it."""
    match compression(path):
        case "gzip":
            with target.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                yield cast("IO[bytes]", packed)
        case "zstd":
            with pa.output_stream(str(target), compression="zstd") as packed:
                yield packed
        case "none":
            with target.open("wb") as file:
                yield file


def _compared(
    settings: Settings, part: LandedPart, source: Source, wanted: Mapping[Records, Meant], target: Path
) -> dict[Records, list[int]]:
    """Compares both files: the matching records must be empty, and all others equal."""
    rewritten = LandedPart(part.file, target, part.shape, part.is_inferred)
    empty: dict[Records, list[int]] = {}
    for records in kinds(part):
        before, after = (identities(settings, each, source, records, with_digest=True) for each in (part, rewritten))
        if not before["landed_row"].equals(after["landed_row"]):
            raise CannotEmptyError(
                f"{part.file.path} has {after.height:,} {records} once theirs are empty, and {before.height:,} before"
            )
        meant = wanted.get(records, Meant(frozenset(), {}))
        asked = before["landed_row"].is_in([*meant.rows, *meant.places])
        emptied = is_empty(after) & (~is_empty(before) | asked)
        changed = before["digest"].ne_missing(after["digest"]) & ~emptied & ~asked
        left = before.filter(asked & before["landed_row"].is_in([*meant.rows]) & ~is_empty(after))
        if changed.any() or left.height:
            raise CannotEmptyError(
                f"{part.file.path}: {changed.sum():,} other {records} would change and {left.height:,} stay; "
                "look at its shape, and run again"
            )
        empty[records] = before.filter(emptied)["landed_row"].unique().sort().to_list()
    return empty


def copy(path: Path, target: Path) -> None:
    """Copies an unchanged file beside the rewritten ones."""
    try:
        target.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, target)
