"""Backfills that interfere with each other: in several processes, twice at once, repeated and in another order.

Belongs here: concurrent runs, whose result must equal that of one process day by day.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path

from tests.factories.published_home import SOURCES, Home
from tests.faults import homes, syscalls
from tests.faults.table import Extent, Found, Row

_PROCESSES, _DAYS_EACH = 6, 5
_LAST = date(2026, 10, 31)
_SECONDS = 1800


def at_once(extent: Extent) -> Found:
    """Runs a part of the days in each process, and a nightly run of the last day at the same time."""
    found = Found()
    processes, each = (3, 2) if extent.points else (_PROCESSES, _DAYS_EACH)
    with _homes(processes * each) as (days, serial, other):
        extent.progress("processes", 0, 1)
        commands = [
            other.command("backfill", "--from", days[first], "--to", days[first + each - 1])
            for first in range(0, len(days), each)
        ]
        failed = _together([*commands, other.command("nightly", "--date", days[-1])])
        found.hit("; ".join(failed) or _equal(serial, other))
        found.points = len(days)
        found.notes.append(f"{processes} processes and a nightly run, {len(days)} days")
    return found


def repeated(extent: Extent) -> Found:
    """Runs the same backfill twice at once, then its days again and in another order."""
    found = Found()
    with _homes(3) as (days, serial, other):
        backfill = other.command("backfill", "--from", days[0], "--to", days[-1])
        failed = _together([backfill, backfill])
        found.hit("; ".join(failed) or _equal(serial, other))
        for day in extent.some("days again", [days[2], days[0], days[1], days[0], days[2]]):
            failed = _together([other.command("nightly", "--date", day, "--force")])
            found.hit("; ".join(failed) or _equal(serial, other))
    return found


@contextmanager
def _homes(count: int) -> Iterator[tuple[list[str], Home, Home]]:
    """Returns days with exports, a home that has them all from one process, and an empty one."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-faults-") as scratch:
        days = [str(_LAST - timedelta(days=number)) for number in reversed(range(count))]
        serial, other = Home(Path(scratch) / "serial"), Home(Path(scratch) / "other")
        for home in (serial, other):
            home.folder.mkdir()
            (home.folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
            for number, day in enumerate(days):
                homes.export(home, day, number + 1)
        failed = _together([serial.command("backfill", "--from", days[0], "--to", days[-1])])
        if failed:
            raise RuntimeError(failed[0])
        yield days, serial, other


def _together(commands: Sequence[Sequence[str]]) -> list[str]:
    """Runs commands at once; returns the output of those that failed."""
    running = [
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for command in commands
    ]
    ended = [(process.communicate(timeout=_SECONDS)[1], process.returncode) for process in running]
    return [said[-300:] for said, code in ended if code]


def _equal(serial: Home, other: Home) -> str | None:
    expected, seen = (syscalls.run(partial(homes.shown, home)).content_hash for home in (serial, other))
    if seen != expected:
        return f"the content hash is {seen} in place of {expected}"
    left = homes.leftovers(other)
    return f"left over: {left}" if left else None


ROWS = (
    Row(8, "backfill in several processes, nightly beside", "0 failed, C equal to serial", at_once),
    Row(9, "the same backfill twice at once, again, shuffled", "C equal, nothing doubled", repeated),
)
