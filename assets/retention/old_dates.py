"""Old dates of lake and landing: their selection and removal.

Belongs here: the definition of old, and the exceptions. Does not: Dagster's runs (`pipelines/instance/run_retention`),
or files of killed writers (`temp_cleanup`).

Age is relative to the newest ranked date and not to today, so that neither a wrong clock nor a pipeline that has not
run for long deletes a date; and recently written files are kept as long as recent dates.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from assets.landing import store
from assets.publishing.selects import QUARANTINE_DAYS
from assets.storage import lookback
from assets.storage.lake import Lake
from schemas.settings import Settings

Kind = Literal["lake", "landing", "runs"]
# Each kind in words, singular and plural.
KINDS: dict[Kind, tuple[str, str]] = {
    "lake": ("table of a date", "tables of dates"), "landing": ("landed date", "landed dates"),
    "runs": ("run", "runs"),
}  # fmt: skip

# Published for every date; few rows each.
_KEPT_FOR_EVER = "handle_changes"
# Rejected records are deleted once they are no longer published.
_QUARANTINE = "quarantine"
# Input of the look-back of `history`; its dates stay as long as any date that has read them.
_LOOKED_BACK_ON = {"profiles", "import_report"}
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Removable:
    """A removable file or folder.

    Attributes:
        kind: Its kind.
        path: Its path; for a run, its id.
        bytes: Its size.
    """

    kind: Kind
    path: Path
    bytes: int


def removable(settings: Settings) -> list[Removable]:
    """Lists every date of lake and landing that can be removed now."""
    newest = max(Lake(settings.lake).dates("ranking"), default=date.min)
    return [*_old_of_lake(settings, newest), *_old_of_landing(settings, newest)]


def remove(found: Sequence[Removable]) -> list[str]:
    """Removes the results of `removable`; the caller holds the home.

    Returns:
        The errors of files that could not be removed.
    """
    refused = []
    for each in found:
        try:
            _REMOVE[each.kind](each.path)
        except FileNotFoundError:
            continue  # another process has removed it
        except OSError as error:
            refused.append(f"{error.filename or each.path}: {error.strerror}")
    return refused


def words(counts: Mapping[Kind, int]) -> str:
    """Formats the count of each kind."""
    told = [f"{counts[kind]:,} {KINDS[kind][counts[kind] != 1]}" for kind in KINDS if counts.get(kind)]
    return ", ".join(told) or "nothing"


def _old_of_lake(settings: Settings, newest: date) -> Iterator[Removable]:
    lake = Lake(settings.lake)
    names = [path.name for path in settings.lake.iterdir() if path.is_dir()] if settings.lake.is_dir() else []
    tables: dict[date, list[str]] = {}
    for name in sorted(names):
        for day in lake.dates(name):
            tables.setdefault(day, []).append(name)
    quarantined = {day for day, found in tables.items() if _QUARANTINE in found}
    for day in sorted(quarantined):
        path = lake.path(_QUARANTINE, day)
        tables[day].remove(_QUARANTINE)
        if _is_old(newest - day, [path], QUARANTINE_DAYS):
            yield Removable("lake", path, _size(path))
    # A date is removed as a whole, so that no part of its inputs is left.
    gone = []
    for day, found in sorted(tables.items()):
        paths = [lake.path(name, day) for name in found if name != _KEPT_FOR_EVER]
        if _is_old(newest - day, paths, settings.keep_lake_days):
            gone.append(day)
    ranked = [day for day in lake.dates("ranking") if day not in gone]
    for day in gone:
        for name in tables[day]:
            # The `history` of an earlier release is removed once its handle changes have been published.
            is_kept = name == _KEPT_FOR_EVER or (name == "history" and _KEPT_FOR_EVER not in tables[day])
            if not is_kept and not (name in _LOOKED_BACK_ON and _is_seen(day, ranked)):
                path = lake.path(name, day)
                yield Removable("lake", path, _size(path))


def _is_seen(day: date, ranked: Sequence[date]) -> bool:
    return any(lookback.sees(other, [day]) for other in ranked)


def _is_old(age: timedelta, paths: Sequence[Path], days: int | None) -> bool:
    """Returns whether a date is so many days older than the newest ranked one, and its files are as old."""
    if days is None or age.days < days:
        return False
    return time.time() - max(map(_written, paths), default=0.0) > days * _DAY_SECONDS


def _old_of_landing(settings: Settings, newest: date) -> Iterator[Removable]:
    """Lists old dates of each source, except its newest complete one and the inputs of the newest ranked date."""
    if settings.keep_landing_days is None or not settings.landing.is_dir():
        return
    used = _used(settings)
    for source in sorted(path.name for path in settings.landing.iterdir() if path.is_dir()):
        places = {date.fromisoformat(path.name): path for path in (settings.landing / source).glob("????-??-??")}
        complete = (day for day in sorted(places, reverse=True) if store.newest_complete(settings.landing, source, day))
        kept = {*used, next(complete, None)}
        for day, place in sorted(places.items()):
            if day not in kept and _is_old(newest - day, [place, place / "manifests"], settings.keep_landing_days):
                yield Removable("landing", place, _size(place))


def _used(settings: Settings) -> set[date]:
    """Returns the landed dates that the newest ranked date depends on, carried-forward sources included."""
    lake = Lake(settings.lake)
    reports = [lake.scan("import_report", day) for day in lake.dates("ranking")[-1:]]
    return {day for report in reports for day in report.select("landed_date").collect().to_series() if day}


def _written(path: Path) -> float:
    """Returns the modification time in seconds since the epoch; the current time if the file is gone."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return time.time()


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)


def _remove_table(path: Path) -> None:
    path.unlink()
    with suppress(OSError):  # it is not empty
        path.parent.rmdir()


def _remove_landed(path: Path) -> None:
    # Moved first, so that no date is ever half removed.
    aside = path.with_name(f".{path.name}.tmp")
    path.rename(aside)
    shutil.rmtree(aside)


_REMOVE: dict[Kind, Callable[[Path], None]] = {
    "lake": _remove_table, "landing": _remove_landed,
}  # fmt: skip
