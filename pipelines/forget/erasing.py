"""Erasing a person from landing and lake: finding their data, and removing it.

Belongs here: the order in which a home's own tables lose a person, so that a rerun completes an interrupted erasure.
Does not: rewriting files (`assets/erasing`), publishing, or asking.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import polars as pl

from assets.erasing import landed
from assets.erasing.landed import Wanted
from assets.erasing.records import IDENTITY
from assets.erasing.redaction import CannotEmptyError
from assets.landing import store
from assets.reading.formats import UnreadableFileError
from assets.storage import atomic_write, progress
from assets.storage.lake import Lake
from pipelines.forget import identity_resolution
from pipelines.forget.identity_resolution import Pull
from pipelines.forget.person import Person
from pipelines.forget.verification import text_of
from schemas.config.source import SourcesFile
from schemas.settings import Settings

_RUN = "forget"


@dataclass(frozen=True)
class Erased:
    """Data that was erased, or would be.

    Attributes:
        tombstones: Hash of a landed file before the change, to its emptied records.
        emptied: Landed files that are not exports, emptied because they name the person.
        lake: Rows by table.
        days: Dates whose tables must be recomputed.
        left: Data that could not be erased, with the remedy.
    """

    tombstones: dict[str, int]
    emptied: tuple[str, ...]
    lake: dict[str, int]
    days: tuple[date, ...]
    left: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Reports whether nothing of the person was found."""
        return not (self.tombstones or self.emptied or self.lake)


def look(settings: Settings, sources: SourcesFile, person: Person) -> Erased:
    """Finds the data of a person; changes nothing."""
    return _Erasing(settings, sources, person, is_trial=True).run()


def erase(settings: Settings, sources: SourcesFile, person: Person) -> Erased:
    """Erases a person from landing and lake.

    Args:
        settings: The settings of the home.
        sources: The sources, which define how landed files are read.
        person: The person.
    """
    return _Erasing(settings, sources, person, is_trial=False).run()


class _Erasing:
    def __init__(self, settings: Settings, sources: SourcesFile, person: Person, *, is_trial: bool) -> None:
        self._settings, self._sources, self._person, self._is_trial = settings, sources, person, is_trial
        self._tombstones: dict[str, int] = {}
        self._emptied: list[str] = []
        self._left: list[str] = []
        self._contents: set[str] = set()
        self._days: set[date] = set()
        self._gone: set[tuple[str, int]] = set()

    def run(self) -> Erased:
        pulls = identity_resolution.pulls(self._settings, self._sources)
        for number, pull in enumerate(pulls, start=1):
            progress.report("their records", number, total=len(pulls), unit="files", note=pull.source.name)
            try:
                self._look_into(pull) if self._is_trial else self._empty(pull)
            except (UnreadableFileError, CannotEmptyError) as error:
                said = _unreadable(self._settings, self._person, pull, error, is_trial=self._is_trial)
                (self._emptied if pull.manifest.state == "refused" else self._left).extend(said)
        self._left += [
            f"{folder} names the person, and sources.yaml has no source {folder.name}; remove the folder"
            for folder in _unknown(self._settings, self._sources)
            if any(self._person.is_named_in(text_of(path)) for path in folder.rglob("*") if path.is_file())
        ]
        rows, touched = _from_lake(self._settings, self._person, self._contents, self._gone, is_trial=self._is_trial)
        days = tuple(sorted(self._days | touched))
        return Erased(self._tombstones, tuple(self._emptied), rows, days, tuple(self._left))

    def _wanted(self, pull: Pull) -> Wanted:
        return Wanted(lambda rows: self._person.mask(rows, pull.manifest.date), self._person.is_named_in)

    def _look_into(self, pull: Pull) -> None:
        shape = self._sources.shape(pull.source)
        found = landed.meant_in(self._settings, pull.source, shape, pull.manifest.files, self._wanted(pull))
        for path, hits in found.items():
            self._note(pull, path, {row for hit in hits.values() for row in (*hit.rows, *hit.places)})
            self._tombstones[path] = sum(len(hit.rows) + sum(map(len, hit.places.values())) for hit in hits.values())

    def _empty(self, pull: Pull) -> None:
        files = _emptied(self._settings, self._sources, pull, self._wanted(pull))
        for file, now in zip(pull.manifest.files, files or [], strict=files is not None):
            new = set(now.tombstones) - set(file.tombstones)
            if new:
                self._tombstones[file.path] = len(new)
            for stone in new:
                self._note(pull, f"{file.path}/{stone.member}" if stone.member else file.path, {stone.row})

    def _note(self, pull: Pull, path: str, rows: Collection[int]) -> None:
        self._contents.add(pull.manifest.content)
        self._days.add(pull.manifest.date)
        self._gone |= {(path, row) for row in rows}


def _emptied(settings: Settings, sources: SourcesFile, pull: Pull, wanted: Wanted) -> list[store.LandedFile] | None:
    folder = landed.aside(settings, pull.manifest)
    try:
        shape = sources.shape(pull.source)
        files = landed.emptied(settings, pull.source, shape, pull.manifest.files, wanted, folder)
        if files:
            place = settings.landing / pull.source.name / pull.manifest.snapshot_date
            # Forced pulls of the same bytes have a manifest each.
            for manifest in store.pulls_of(place):
                if manifest.content == pull.manifest.content:
                    landed.replace_files(settings, manifest, files, folder)
        return files
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        store.sweep_date(settings.landing / pull.source.name / pull.manifest.snapshot_date)


def _unreadable(settings: Settings, person: Person, pull: Pull, error: Exception, *, is_trial: bool) -> list[str]:
    """Empties files that are not exports if they name the person; reports those that may become readable later."""
    named = _named(settings, person, pull)
    if pull.manifest.state == "refused":
        if named and not is_trial:
            _blank(settings, pull, named)
        return named
    if not named and not isinstance(error, CannotEmptyError):
        return []
    return [f"{error}; it names the person: correct the shape and run again, or remove the pull"]


def _named(settings: Settings, person: Person, pull: Pull) -> list[str]:
    """Returns the files of a pull that name a person, in any format."""
    return [
        file.path
        for file in pull.manifest.files
        if (path := settings.landing / file.path).exists() and person.is_named_in(text_of(path))
    ]


def _blank(settings: Settings, pull: Pull, named: Sequence[str]) -> None:
    """Empties files that are not exports and therefore count for nothing."""
    folder = landed.aside(settings, pull.manifest)
    files = []
    for file in pull.manifest.files:
        target = folder / Path(file.path).name
        if file.path in named:
            target.touch()
        else:
            shutil.copyfile(settings.landing / file.path, target)
        with target.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        files.append(
            replace(
                file,
                path=str(target.relative_to(settings.landing)),
                sha256=digest,
                bytes=target.stat().st_size,
                etag="",
            )
        )
    landed.replace_files(settings, pull.manifest, files, folder)
    store.sweep_date(settings.landing / pull.source.name / pull.manifest.snapshot_date)


def _unknown(settings: Settings, sources: SourcesFile) -> list[Path]:
    names = {source.name for source in sources.sources}
    return [path for path in sorted(settings.landing.glob("*")) if path.is_dir() and path.name not in names]


def _from_lake(
    settings: Settings, person: Person, contents: set[str], gone: set[tuple[str, int]], *, is_trial: bool
) -> tuple[dict[str, int], set[date]]:
    lake = Lake(settings.lake)
    rows: dict[str, int] = {}
    touched: set[date] = set()
    tables = lake.tables()
    for number, table in enumerate(tables, start=1):
        progress.report("take them out of tables", number, total=len(tables), unit="files", note=table)
        for day in lake.dates(table):
            if table == "import_report":
                read = set(lake.scan(table, day).select("content").collect()["content"])
                touched |= {day} if read & contents else set()
                continue
            is_theirs = in_table(person, day, gone)
            if is_trial:
                count = int(is_theirs(lake.scan(table, day).collect()).sum())
            else:
                count = lake.leave_out(table, day, _RUN, is_theirs)
            if count:
                rows[table] = rows.get(table, 0) + count
                touched.add(day)
    return rows, touched


def in_table(person: Person, day: date, gone: set[tuple[str, int]]) -> Callable[[pl.DataFrame], pl.Series]:
    """Returns a mask of a person's rows in a table of the lake.

    Args:
        person: The person.
        day: The date of the table.
        gone: Landed file and number of each emptied record, for rows that could not be read.
    """

    def is_theirs(rows: pl.DataFrame) -> pl.Series:
        if "raw" in rows.columns:
            places = zip(rows["landed_file"], rows["landed_row"], strict=True)
            found = [
                place in gone or (raw is not None and person.is_named_in(raw))
                for place, raw in zip(places, rows["raw"], strict=True)
            ]
            return pl.Series(found, dtype=pl.Boolean)
        if "profile_id" not in rows.columns:
            return pl.repeat(value=False, n=rows.height, eager=True)
        names = rows.with_columns(
            pl.lit(None, dtype=pl.String).alias(name) for name in IDENTITY if name not in rows.columns
        )
        return person.mask(names.select(*IDENTITY), day)

    return is_theirs


def begin(settings: Settings, person: Person, days: Sequence[date]) -> Path:
    """Records the erasure in progress, so that it can be completed after a kill; `done` removes the record."""
    settings.forgetting.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.forgetting / f"{os.urandom(8).hex()}.json"
    document = {
        "platform": person.platform,
        "ids": sorted(person.ids),
        "handles": sorted(person.handles),
        "elsewhere": sorted((handle, day.isoformat()) for handle, day in person.elsewhere),
        "days": sorted(map(str, days)),
    }
    with atomic_write.replacing(path, str(os.getpid())) as aside:
        aside.touch(mode=0o600)
        aside.write_text(json.dumps(document), encoding="utf-8")
    return path


def begun(settings: Settings, platform: str, name: str) -> list[tuple[Path, Person, list[date]]]:
    """Returns the erasure that was begun for a name and not completed."""
    found = []
    for path in sorted(settings.forgetting.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        person = Person(
            document["platform"],
            frozenset(document["ids"]),
            frozenset(document["handles"]),
            frozenset((handle, date.fromisoformat(day)) for handle, day in document["elsewhere"]),
        )
        if person.platform == platform and {name, identity_resolution.normal(name)} & person.names:
            found.append((path, person, [date.fromisoformat(day) for day in document["days"]]))
    return found
