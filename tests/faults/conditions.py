"""Nightly runs under other conditions: clocks, time zones, threads, hash seeds, locales, rows in another order.

Belongs here: differences between machines that must not change published data.
"""

import random
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.factories.published_home import Home
from tests.faults import homes, syscalls
from tests.faults.table import Extent, Found, Row

_ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York", "Asia/Kathmandu")
# Leap day, year end, the hours of daylight saving changes, and a clock that is an hour behind.
_CLOCKS = (
    "@2028-02-29 23:59:50", "@2026-12-31 23:59:55", "@2027-03-28 01:59:55", "@2027-10-31 01:59:55", "-1h",
)  # fmt: skip
_MACHINES: tuple[Mapping[str, str], ...] = (
    *({"SMALLVOICES_THREADS": str(threads), "POLARS_MAX_THREADS": str(threads)} for threads in (1, 2, 3, 4)),
    *({"PYTHONHASHSEED": seed} for seed in ("0", "1", "4294967295")),
    *({"LC_ALL": locale, "LANG": locale} for locale in ("C", "POSIX", "tr_TR.UTF-8", "de_DE.UTF-8")),
)
_FAKETIME = next(iter(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)


def clocks(extent: Extent) -> Found:
    """Runs with time zones, and clocks set to edge cases."""
    zones: list[Mapping[str, str]] = [{"TZ": zone} for zone in _ZONES]
    if _FAKETIME is None:
        found = _compared(extent, "time zones", zones)
        found.skipped.append("clocks: needs libfaketime")
        return found
    faked = {"LD_PRELOAD": str(_FAKETIME), "FAKETIME_DONT_RESET": "1"}
    return _compared(extent, "zones and clocks", [*zones, *(faked | {"FAKETIME": clock} for clock in _CLOCKS)])


def machines(extent: Extent) -> Found:
    """Runs with threads, hash seeds, locales, and rows in another order."""
    found = _compared(extent, "threads, seeds, locales", list(_MACHINES))
    with homes.template() as template:
        ranks = []
        for seed in (None, *extent.some("shuffled rows", range(3))):
            with homes.copied(template) as home:
                if seed is not None:
                    _shuffle(home, seed)
                done = home.run("nightly", "--date", homes.NEXT)
                if done.returncode:
                    found.hit(done.stderr[-300:])
                    continue
                ranks.append(syscalls.run(partial(_ranks, home)))
                if seed is not None:
                    found.hit(None if ranks[-1] == ranks[0] else f"rows shuffled by {seed} rank otherwise")
    return found


def _compared(extent: Extent, what: str, environments: list[Mapping[str, str]]) -> Found:
    found = Found()
    with homes.template() as template:
        expected = _night(template, {})
        for environment in extent.some(what, environments):
            seen = _night(template, environment)
            found.hit(None if seen == expected else f"under {environment}: {seen} in place of {expected}")
    return found


def _night(template: Path, environment: Mapping[str, str]) -> str:
    """Returns the content hash of a run, or its output on failure."""
    with homes.copied(template) as home:
        done = home.run("nightly", "--date", homes.NEXT, **environment)
        if done.returncode:
            return done.stderr[-500:]
        return str(syscalls.run(partial(homes.shown, home)).content_hash)


def _shuffle(home: Home, seed: int) -> None:
    path = home.folder / f"{homes.NEXT}.ndjson"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    random.Random(seed).shuffle(lines)  # noqa: S311 - an order, no secret
    path.write_text("".join(lines), encoding="utf-8")


def _ranks(home: Home) -> list[tuple[object, ...]]:
    """Returns the published columns of each account except its position in the file."""
    return home.query("SELECT * EXCLUDE (landed_file, landed_row) FROM accounts ORDER BY ALL")


ROWS = (
    Row(22, "time zones, leap day, summer time, year end", "same partitions, same C", clocks),
    Row(23, "threads, hash seed, shuffled rows, locale", "C equal", machines),
)
