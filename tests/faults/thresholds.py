"""Defective sources: all rows bad, a million bad rows, half the rows missing.

Belongs here: readable exports that must not be published. Published data stays unchanged, the run names the setting
that stopped it, and its log does not grow with the rows.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial

from tests.factories.published_home import DAYS, SOURCES, Home
from tests.faults import homes, syscalls
from tests.faults.table import Extent, Found, Row

_MANY, _FEWER = 1_000_000, 100_000
_LOGGED_BYTES = 100_000
_BAD = {"platform": "instagram", "handle": "bad", "followers": -1}
_STRICT = SOURCES.replace("{name: plain,", "{name: plain, carry_days: 0,")

Spoil = Callable[[Home], None]


def spoiled(extent: Extent) -> Found:
    """Imports each export once with carried-forward rows allowed, and once without."""
    found = Found()
    many = _FEWER if extent.points else _MANY
    cases: dict[str, tuple[Spoil, str]] = {
        "all rows bad": (partial(_bad, good=0, bad=200), "max_quarantine_share"),
        f"{many:,} bad rows": (partial(_bad, good=200, bad=many), "max_quarantine_share"),
        "half the rows missing": (partial(_bad, good=100, bad=0), "min_rows_share"),
    }
    with homes.template() as template:
        with homes.copied(template) as home:
            home.run("nightly", "--date", homes.NEXT)
            usual = _logged(home)
        for what in extent.some("spoiled exports", list(cases)):
            spoil, setting = cases[what]
            told = []
            # A run that continues with carried-forward rows logs as usual.
            for sources, allowed in ((SOURCES, usual + _LOGGED_BYTES), (_STRICT, _LOGGED_BYTES)):
                with homes.copied(template) as home:
                    wrong, logged = _night(home, spoil, sources, setting)
                    told.append(f"{logged >> 10:,}")
                    wrong = wrong or (f"its events take {logged:,} bytes" if logged > allowed else None)
                    found.hit(wrong and f"{what}: {wrong}")
            found.notes.append(f"{what}: events of {' and '.join(told)} KiB")
        found.notes.append(f"a good night: {usual >> 10:,} KiB")
    return found


def _bad(home: Home, good: int, bad: int) -> None:
    path = home.folder / f"{homes.NEXT}.ndjson"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)[:good]
    with path.open("w", encoding="utf-8") as file:
        file.writelines(lines)
        file.writelines(json.dumps(_BAD | {"profile_id": f"bad{number}"}) + "\n" for number in range(bad))


def _night(home: Home, spoil: Spoil, sources: str, setting: str) -> tuple[str | None, int]:
    """Returns the violations of a run, and the bytes of its events."""
    spoil(home)
    home.settings.sources_file.write_text(sources, encoding="utf-8")
    before, old = syscalls.run(partial(_accounts, home)), syscalls.run(partial(homes.shown, home))
    done = home.run("nightly", "--date", homes.NEXT)
    logged = _logged(home)
    said = done.stdout + done.stderr
    if setting not in said:
        return f"{setting} is not told: {said[-300:]}", logged
    if done.returncode != (sources == _STRICT):
        return f"it ended with {done.returncode}: {said[-300:]}", logged
    if sources == _STRICT and syscalls.run(partial(homes.shown, home)) != old:
        return "something was published", logged
    if syscalls.run(partial(_accounts, home)) != before:
        return f"the accounts are others than on {DAYS[-1]}", logged
    return None, logged


def _accounts(home: Home) -> list[tuple[object, ...]]:
    return home.query("SELECT platform, profile_id, followers, like_rate FROM accounts ORDER BY ALL")


def _logged(home: Home) -> int:
    """Returns the bytes of Dagster's stored events, of every run."""
    total = 0
    for path in (home.settings.dagster_home / "history" / "runs").glob("*.db"):
        with closing(sqlite3.connect(path)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'event_logs'").fetchone():
                total += connection.execute("SELECT coalesce(sum(length(event)), 0) FROM event_logs").fetchone()[0]
    return total


ROWS = (Row(21, "all rows bad, a million, half missing", "blocked by threshold; event log < 100 kB", spoiled),)
