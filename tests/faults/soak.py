"""Many nightly runs one after the other in one process: `python -m tests.faults.soak --nights 200`.

Belongs here: measures that must not grow: seconds, memory, descriptors, and files in the home. The first runs are
compared with the last.

A home grows until its windows are full: ninety days of published history, thirty days of growth lookback, and the
retention periods. So it is filled first, by more runs than any of them has days, with the shortest allowed retention.
Each run is followed by a day that passes: everything becomes a day older. Only `history` of the lake is kept forever, a
few kilobytes per run.

The machine may be busy with other work, so processor time is measured, including that of child processes.
"""

import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import click

from pipelines import runs
from schemas.config import sources_file
from schemas.settings import Settings
from tests.factories.published_home import SOURCES, Home
from tests.faults import homes, syscalls
from tests.faults.table import Extent, Found, Row

_FIRST = date(2024, 1, 1)
# The ninety retained days, and their thirty-two days of lookback.
_FILLED_DAYS = 125
_DAY_SECONDS = 86_400
_COMPARED = 20
_ALLOWED = 1.05
_TOLD_ONLY = {
    "seconds": "told only: the machine may be busy",
    "lake_bytes": "told only: history is kept for good; see home_bytes",
}


@dataclass(frozen=True)
class Night:
    """The cost of one run, and the state after it."""

    seconds: float
    processor_seconds: float
    resident_bytes: int
    descriptors: int
    landing_bytes: int
    lake_bytes: int
    published_bytes: int
    dagster_bytes: int
    home_bytes: int
    scratch_files: int


Tell = Callable[[int, Night], None]


def nights(count: int, tell: Tell) -> list[Night]:
    """Runs nightly runs of a small export one after the other, in one process."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-soak-") as scratch:
        home = Home(Path(scratch))
        (home.folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
        return list(syscalls.run(partial(_all, home, count, tell)))


def _all(home: Home, count: int, tell: Tell) -> list[Night]:
    settings = replace(home.settings, keep_landing_days=40, keep_lake_days=90, keep_runs_days=10)
    found = []
    for number in range(1, count + 1):
        day = _FIRST + timedelta(days=number)
        homes.export(home, str(day), number)
        began, processor = time.monotonic(), _processor_seconds()
        _run(settings, day)
        found.append(_measured(settings, time.monotonic() - began, _processor_seconds() - processor))
        tell(number, found[-1])
        _pass_a_day(settings)
    return found


def _run(settings: Settings, day: date) -> None:
    outcome = runs.run_dates(
        settings, sources_file.load(settings.sources_file), [day], force=False, log_level="CRITICAL"
    )
    if not outcome.succeeded:
        raise RuntimeError(f"{day}: {outcome.error}")


def _pass_a_day(settings: Settings) -> None:
    """Makes everything a day older."""
    for folder in (settings.landing, settings.lake, settings.published / "generations"):
        for path in folder.rglob("*"):
            written = max(path.lstat().st_mtime - _DAY_SECONDS, 0)
            os.utime(path, (written, written))
    with closing(sqlite3.connect(settings.dagster_home / "history" / "runs.db")) as connection:
        connection.execute("UPDATE runs SET update_timestamp = datetime(update_timestamp, '-1 day')")
        connection.commit()


def _measured(settings: Settings, seconds: float, processor_seconds: float) -> Night:
    return Night(
        seconds=seconds,
        processor_seconds=processor_seconds,
        resident_bytes=int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize(),
        descriptors=len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - the very descriptors
        landing_bytes=_bytes(settings.landing),
        lake_bytes=_bytes(settings.lake),
        published_bytes=_bytes(settings.published),
        dagster_bytes=_bytes(settings.dagster_home),
        home_bytes=_bytes(settings.home),
        scratch_files=len(list(settings.scratch.iterdir())),
    )


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _bytes(folder: Path) -> int:
    """Counts the bytes of every file once, regardless of hard links."""
    found = {(stat.st_dev, stat.st_ino): stat.st_blocks * 512 for path in folder.rglob("*") if (stat := path.lstat())}
    return sum(found.values())


def compared(measured: list[Night]) -> dict[str, tuple[float, float]]:
    """Returns the median of each measure over the first runs and over the last."""
    part = min(_COMPARED, max(len(measured) // 2, 1))
    first, last = [asdict(night) for night in measured[:part]], [asdict(night) for night in measured[-part:]]
    return {
        name: (median(night[name] for night in first), median(night[name] for night in last))
        for name in asdict(measured[0])
    }


def short(extent: Extent) -> Found:
    """Runs a few runs, or enough for a comparison if all are requested: descriptors and scratch must not grow."""
    found = Found()
    count = 10 if extent.points else 40
    measured = nights(count, lambda done, _: extent.progress("nights", done, count))
    found.points = count
    sums = compared(measured[2:])
    for name in ("descriptors", "scratch_files"):
        if sums[name][1] > sums[name][0]:
            found.failures.append(f"{name} grew from {sums[name][0]:g} to {sums[name][1]:g}")
    found.notes.append(", ".join(f"{name} {first:,.6g} → {last:,.6g}" for name, (first, last) in sums.items()))
    return found


@click.command()
@click.option("--nights", "count", default=200, show_default=True)
@click.option("--each", type=click.Path(path_type=Path), help="A file for a line of JSON after each night.")
def main(count: int, each: Path | None) -> None:
    """Runs them, and prints first and last; exit code 1 if something grew by more than 5 %."""
    everything = _FILLED_DAYS + count

    def tell(done: int, night: Night) -> None:
        print(f"\r{done} of {everything} nights", end="", file=sys.stderr, flush=True)
        if each:
            with each.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(night)) + "\n")

    print(f"{_FILLED_DAYS} nights, so that the windows of history, look-back and retention are full;")
    print(f"then {count}: the medians of their first and their last {_COMPARED}:")
    measured = nights(everything, tell)[_FILLED_DAYS:]
    print(file=sys.stderr)
    grown = []
    for name, (first, last) in compared(measured).items():
        share = last / first if first else 1.0 + last
        judged = _TOLD_ONLY.get(name, "")
        print(f"{name:20} {first:16,.6g} {last:16,.6g}  {share:6.3f}  {judged}".rstrip())
        grown += [name] if share > _ALLOWED and name not in _TOLD_ONLY else []
    if grown:
        sys.exit(f"grew by more than 5 %: {', '.join(grown)}")


ROWS = (Row(27, "many nights", "disk, descriptors, memory flat", short),)

if __name__ == "__main__":
    main()
