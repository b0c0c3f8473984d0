"""Many nights one after the other in one process: `python -m tests.faults.soak --nights 200`.

Belongs here: what must not grow: seconds, memory, descriptors, what lies in the home beside a day's own files, and
Dagster's storage a night. The first nights are held beside the last.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median

import click

from pipelines import runs, sources
from tests.faults import homes, syscalls
from tests.faults.table import Extent, Found, Row
from tests.published_home import SOURCES, Home

_FIRST = date(2026, 1, 1)
_COMPARED = 20
_ALLOWED = 1.05
# The look-back of growth and the window of published history grow until they are full.
_WARM = 3


@dataclass(frozen=True)
class Night:
    """What one night took and left; bytes of the home are those beyond each day's landing and lake."""

    seconds: float
    processor_seconds: float
    resident_bytes: int
    descriptors: int
    published_bytes: int
    dagster_bytes: int
    scratch_files: int


def nights(count: int, tell: Callable[[int, int], None]) -> list[Night]:
    """Runs nights of a small export one after the other, in one process."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-soak-") as scratch:
        home = Home(Path(scratch))
        (home.folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
        return list(syscalls.run(partial(_all, home, count, tell)))


def _all(home: Home, count: int, tell: Callable[[int, int], None]) -> list[Night]:
    loaded = sources.load(home.settings.sources_file)
    found = []
    before = 0
    for number in range(count):
        day = _FIRST + timedelta(days=number)
        homes.export(home, str(day), number + 1)
        began, processor = time.monotonic(), time.process_time()
        outcome = runs.over(home.settings, loaded, [day], force=False, log_level="CRITICAL")
        if not outcome.succeeded:
            raise RuntimeError(f"{day}: {outcome.error}")
        stored = _bytes(home.settings.dagster_home)
        found.append(
            Night(
                time.monotonic() - began,
                time.process_time() - processor,
                _resident(),
                len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - the very descriptors
                _bytes(home.published),
                stored - before,
                len(list(home.settings.scratch.iterdir())),
            )
        )
        before = stored
        tell(number + 1, count)
    return found


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def _bytes(folder: Path) -> int:
    """Of every file once, however many names it has."""
    found = {(stat.st_dev, stat.st_ino): stat.st_blocks * 512 for path in folder.rglob("*") if (stat := path.lstat())}
    return sum(found.values())


def compared(measured: list[Night]) -> dict[str, tuple[float, float]]:
    """The median of each measure over the first nights and over the last."""
    warm = measured[_WARM:]
    part = min(_COMPARED, max(len(warm) // 2, 1))
    first, last = [asdict(night) for night in warm[:part]], [asdict(night) for night in warm[-part:]]
    return {
        name: (median(night[name] for night in first), median(night[name] for night in last))
        for name in asdict(measured[0])
    }


def short(extent: Extent) -> Found:
    """A few nights, or as many as in `make soak` where all are wanted: descriptors and scratch must not grow."""
    found = Found()
    count = 10 if extent.points else 40
    measured = nights(count, lambda done, of: extent.progress("nights", done, of))
    found.points = count
    sums = compared(measured)
    for name in ("descriptors", "scratch_files"):
        if sums[name][1] > sums[name][0]:
            found.failures.append(f"{name} grew from {sums[name][0]:g} to {sums[name][1]:g}")
    found.notes.append(", ".join(f"{name} {first:,.6g} → {last:,.6g}" for name, (first, last) in sums.items()))
    return found


@click.command()
@click.option("--nights", "count", default=200, show_default=True)
def main(count: int) -> None:
    """Runs the nights, and prints first beside last; exit code 1 where something grew by more than 5 %."""
    measured = nights(count, lambda done, of: print(f"\r{done} of {of} nights", end="", file=sys.stderr, flush=True))
    print(file=sys.stderr)
    grown = []
    for name, (first, last) in compared(measured).items():
        share = last / first if first else 1.0 + last
        print(f"{name:20} {first:16,.6g} {last:16,.6g}  {share:6.3f}")
        grown += [name] if share > _ALLOWED else []
    if grown:
        sys.exit(f"grew by more than 5 %: {', '.join(grown)}")


ROWS = (Row(27, "many nights", "disk, descriptors, memory flat", short),)

if __name__ == "__main__":
    main()
