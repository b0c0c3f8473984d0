"""The landing folder: the bytes of each source, unchanged, with the time of each pull.

    landing/<source>/<date>/manifests/0001.json     one per pull, in order
    landing/<source>/<date>/<content>/<file>        the bytes, in a folder named by their hash

Belongs here: pulling a source once, storing its files, and finding them again. A pull never changes the files of an
earlier one; the newest complete pull of a date counts. Equal bytes are stored once.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from assets.landing.dates import yesterday
from assets.landing.pull.errors import Pulled, PullError
from assets.landing.pull.files import matching
from assets.landing.pull.pulling import UNFINISHED, CacheLookup, pull
from assets.reading import formats
from assets.storage import atomic_write
from schemas.config.addresses import place_of
from schemas.config.source import Source
from schemas.shape import Records, Shape

State = Literal["complete", "refused", "failed"]

# Dates that are searched for files landed from the same address.
_EARLIER_DATES = 8
_UNFINISHED_SECONDS = 24 * 3600
_CONTENT_DIGITS = 16
_CONTENT = "[0-9a-f]" * _CONTENT_DIGITS


@dataclass(frozen=True)
class Tombstone:
    """A redacted record: it keeps its index in the file, and nothing of the person.

    Attributes:
        records: The kind of record.
        row: Its number in the file, as in `landed_row`.
        member: The file in an archive that it lies in; empty outside of archives.
    """

    records: Records
    row: int
    member: str = ""


@dataclass(frozen=True)
class LandedFile:
    """One landed file; `path` is relative to the landing folder.

    Tombstones are records of erased people: an erasure is the only reason to rewrite landed bytes, and the manifest
    with them.
    """

    path: str
    records: Records
    origin: str
    sha256: str
    bytes: int
    etag: str = ""
    tombstones: tuple[Tombstone, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """One pull of one source for one date; `addresses` are those of sources.yaml at that time, by kind of records."""

    source: str
    snapshot_date: str
    sequence: int
    state: State
    message: str
    pulled_at: str
    content: str
    files: tuple[LandedFile, ...]
    addresses: dict[str, str] = field(default_factory=dict)

    @property
    def date(self) -> date:
        """Returns the snapshot date."""
        return date.fromisoformat(self.snapshot_date)

    @property
    def total_bytes(self) -> int:
        """Returns the size of all landed files."""
        return sum(file.bytes for file in self.files)


# Rewrites pulled files, in a folder, before they land; None if they are unchanged.
LandingFilter = Callable[[Sequence[LandedFile], Path], list[LandedFile] | None]


def land(
    source: Source,
    shape: Shape,
    snapshot_date: date,
    *,
    landing: Path,
    folder: Path,
    force: bool,
    landing_filter: LandingFilter | None = None,
) -> Manifest:
    """Pulls a source for a date, unless it has landed already.

    Args:
        source: The source.
        shape: Its shape, which defines the expected files.
        snapshot_date: The date.
        landing: The landing folder.
        folder: The folder of sources.yaml, which paths are relative to.
        force: Whether to pull again although the date has landed.
        landing_filter: Redacts files before they land.

    Returns:
        The manifest of the pull: `complete`; `refused`, if the bytes are kept but are not an export; or `failed`, if
        nothing was received. Its message holds the remedy, or for a complete pull a possible problem to check.
    """
    landed = newest_complete(landing, source.name, snapshot_date)
    if landed and not force:
        return landed
    place = landing / source.name / snapshot_date.isoformat()
    with atomic_write.temp_dir(place) as aside, atomic_write.temp_dir(place) as filtered:
        if not is_offered(source, snapshot_date):
            return _recorded_unoffered(source, snapshot_date, place)
        try:
            pulled = pull(
                source, snapshot_date, aside=aside, folder=folder, earlier=_earlier(landing, source, snapshot_date)
            )
        except PullError as error:
            return _record(source, snapshot_date, place, "failed", str(error), "", ())
        mistakes = [
            mistake for _, file in pulled if (mistake := file.mistake or formats.first_error(aside / file.name, shape))
        ]
        came = [
            LandedFile(
                str((aside / file.name).relative_to(landing)), records, file.origin, file.sha256, file.bytes, file.etag
            )
            for records, file in pulled
        ]
        lies_in = aside
        if landing_filter and not mistakes:
            try:
                left = landing_filter(came, filtered)
            except PullError as error:
                return _record(source, snapshot_date, place, "failed", str(error), "", ())
            if left:
                came, lies_in = left, filtered
        content = content_of(came)
        keep(lies_in, place / content)
        prefix = f"{source.name}/{snapshot_date.isoformat()}/{content}"
        landed_files = tuple(replace(file, path=f"{prefix}/{Path(file.path).name}") for file in came)
        state: State = "refused" if mistakes else "complete"
        message = "; ".join(mistakes or [file.warning for _, file in pulled if file.warning])
        return _record(source, snapshot_date, place, state, message, content, landed_files)


def is_offered(source: Source, snapshot_date: date) -> bool:
    """Returns whether a source still offers a date."""
    return source.history != "current" or snapshot_date >= yesterday()


def unoffered(source: Source, snapshot_date: date) -> str:
    """Formats the message for a date that a source no longer offers."""
    return (
        f"source {source.name} only offers today's figures, and nothing was landed on {snapshot_date}; leave that date "
        "out, or say history: dated where its address has it"
    )


def _recorded_unoffered(source: Source, snapshot_date: date, place: Path) -> Manifest:
    """Returns the failed pull of a date that is not offered: one manifest, for any number of attempts."""
    message = unoffered(source, snapshot_date)
    newest = next(reversed(pulls_of(place)), None)
    if newest and newest.message == message:
        return newest
    return _record(source, snapshot_date, place, "failed", message, "", ())


def content_of(files: Sequence[LandedFile]) -> str:
    """Returns the name of a folder of files: the hash of them all."""
    listed = "".join(f"{file.records} {Path(file.path).name} {file.sha256}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()[:_CONTENT_DIGITS]


def newest_complete(landing: Path, source: str, snapshot_date: date) -> Manifest | None:
    """Returns the pull that counts for a date, or None if none was complete."""
    return next(
        (manifest for manifest in reversed(pulls(landing, source, snapshot_date)) if manifest.state == "complete"), None
    )


def failed_since(landing: Path, source: str, snapshot_date: date) -> Manifest | None:
    """Returns the newest pull of a date if it failed and an earlier one is used instead."""
    tried = pulls(landing, source, snapshot_date)
    has_landed = any(manifest.state == "complete" for manifest in tried)
    return tried[-1] if has_landed and tried[-1].state != "complete" else None


def pulls(landing: Path, source: str, snapshot_date: date) -> list[Manifest]:
    """Lists all pulls of a source for a date, oldest first."""
    return pulls_of(landing / source / snapshot_date.isoformat())


def pulls_of(place: Path) -> list[Manifest]:
    """Lists all pulls of a source for a date, oldest first, from the folder of that date."""
    return [_read(path) for path in sorted(place.glob("manifests/[0-9]*.json"))]


def sweep(landing: Path) -> int:
    """Deletes the files and folders of killed pulls; returns their number: see `temp_files`."""
    return sum(atomic_write.sweep(folder, paths) for folder, paths in temp_files(landing))


def sweep_date(place: Path) -> None:
    """Deletes files in the folder of a date without a manifest; only while nothing pulls: see `home_lock`."""
    atomic_write.sweep(place, _temp_files_of(place, is_alone=True))


def temp_files(landing: Path, *, is_alone: bool = False) -> Iterator[tuple[Path, Iterable[Path]]]:
    """Yields the files of killed pulls: folders that are being written to, each with its temporary files.

    Landed bytes are never among them: only files without a manifest are, once no pull is running on the date. A paged
    pull may go on for a day with the pages that it has, unless it is known that none will.
    """
    # A date whose deletion was interrupted lies beside its source's other dates.
    yield from ((folder, atomic_write.temp_files(folder)) for folder in landing.glob("*/"))
    yield from ((place, _temp_files_of(place, is_alone=is_alone)) for place in landing.glob("*/????-??-??"))


def _temp_files_of(place: Path, *, is_alone: bool) -> Iterator[Path]:
    yield from atomic_write.temp_files(place)
    yield from atomic_write.temp_files(place / "manifests")
    for unfinished in place.glob(f"{UNFINISHED}*"):
        if is_alone or time.time() - unfinished.stat().st_mtime > _UNFINISHED_SECONDS:
            yield unfinished
    contents = list(place.glob(_CONTENT))
    # A single manifest stays small; manifests of many pages are too long to be read in every run.
    if is_alone or len(contents) > 1:
        kept = {manifest.content for manifest in pulls_of(place)}
        yield from (folder for folder in contents if folder.name not in kept)


def changed_addresses(manifest: Manifest, source: Source) -> str | None:
    """Formats a message if sources.yaml has other addresses than those that a date was pulled from."""
    now = source.addresses(manifest.date)
    if not manifest.addresses or manifest.addresses == now:
        return None
    before = ", ".join(f"{address} ({records})" for records, address in manifest.addresses.items())
    return f"landed from {before}, and sources.yaml has another address since; pull it with --force"


def changed_files(manifest: Manifest, source: Source, folder: Path) -> str | None:
    """Formats a message if a local file was written after it landed."""
    pulled = datetime.fromisoformat(manifest.pulled_at).timestamp()
    addresses = [each for each in source.addresses(manifest.date).values() if place_of(each) == "file"]
    try:
        found = [path for address in addresses for path in matching(address, folder)]
    except PullError:
        return None
    # Times in manifests have a resolution of one second.
    newer = [path for path in found if path.stat().st_mtime >= pulled + 1]
    return f"{newer[0]} has been written since it landed; pull it with --force" if newer else None


def _earlier(landing: Path, source: Source, snapshot_date: date) -> CacheLookup:
    """Finds the files landed from an address, in the newest pull that has any; lazy."""

    @cache
    def known() -> dict[str, tuple[Path, Pulled]]:
        folder = landing / source.name
        names = sorted((path.name for path in folder.glob("????-??-??")), reverse=True)[:_EARLIER_DATES]
        days = {snapshot_date, *map(date.fromisoformat, names)}
        found = [manifest for day in days if (manifest := newest_complete(landing, source.name, day))]
        return {
            file.origin: (
                landing / file.path,
                Pulled(Path(file.path).name, file.origin, file.sha256, file.bytes, file.etag),
            )
            for manifest in sorted(found, key=lambda manifest: (manifest.pulled_at, manifest.date))
            for file in manifest.files
            if file.etag
        }

    return lambda address: known().get(address)


def keep(aside: Path, target: Path) -> None:
    """Moves pulled files to the folder of their content; an existing one holds the same bytes."""
    atomic_write.sync_folder(aside)
    try:
        aside.rename(target)
    except OSError:
        if not target.is_dir():
            raise
    atomic_write.sync_folder(target.parent)


def _record(
    source: Source,
    snapshot_date: date,
    place: Path,
    state: State,
    message: str,
    content: str,
    landed: tuple[LandedFile, ...],
) -> Manifest:
    folder = place / "manifests"
    folder.mkdir(exist_ok=True)
    sequence = 1 + max((int(path.stem) for path in folder.glob("[0-9]*.json")), default=0)
    while True:
        manifest = Manifest(
            source=source.name,
            snapshot_date=snapshot_date.isoformat(),
            sequence=sequence,
            state=state,
            message=message,
            pulled_at=datetime.now(tz=UTC).isoformat(timespec="seconds"),
            content=content,
            files=landed,
            addresses=source.addresses(snapshot_date),
        )
        aside = folder / f".{os.getpid()}-{os.urandom(4).hex()}.tmp"
        atomic_write.write_text(aside, json.dumps(asdict(manifest), indent=1))
        try:
            # A hard link fails where another pull took the number: each manifest is written once.
            os.link(aside, folder / f"{sequence:04d}.json")
        except FileExistsError:
            sequence += 1
            continue
        finally:
            aside.unlink()
        atomic_write.sync_folder(folder)
        return manifest


def _read(path: Path) -> Manifest:
    document = json.loads(path.read_text(encoding="utf-8"))
    files = (
        LandedFile(**(file | {"tombstones": tuple(Tombstone(**each) for each in file.get("tombstones", []))}))
        for file in document["files"]
    )
    return Manifest(**(document | {"files": tuple(files)}))
