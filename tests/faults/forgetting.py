"""Kills at any point of an erasure, with a nightly run in between.

Belongs here: invariants of the person and of everyone else. The kill itself is as in `kills`.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from assets.landing import suppression
from pipelines import runs
from pipelines.forget import forgetting
from schemas.config import sources_file
from tests.factories.people_to_forget import ANNA, OWN_WORDS, everything, export
from tests.factories.published_home import Home
from tests.faults import homes, kills, syscalls
from tests.faults.kills import Work
from tests.faults.syscalls import Call
from tests.faults.table import Extent, Found, Row

_DAY = "2026-10-30"
_ID = "900123456"
_LOG_LEVEL = "CRITICAL"
_MOST = 60


class Seen(NamedTuple):
    """The visible state: ranks of the others, records of the person, and her own texts anywhere."""

    others: tuple[tuple[object, ...], ...]
    published: int
    words: tuple[bytes, ...]


def anywhere(extent: Extent) -> Found:
    """Kills before each change; every second time a nightly run pulls again before the command is repeated."""
    if lacking := syscalls.missing():
        return Found(skipped=[f"needs {lacking}"])
    found = Found()
    with homes.made(_rank_a_day) as template, kills.prepared(template, _WORK) as ready:
        telling = _telling(ready.calls)
        for number, call in enumerate(extent.some("forgetting", telling, most=_MOST)):
            with homes.copied(ready.folder) as home:
                kills.kill(ready, home, call.place)
                wrong = _resurrected(home) if number % 2 else None
                wrong = wrong or ready.recovered(home)
                found.hit(wrong and f"forgetting, killed before {call.name} of {call.path}: {wrong}")
        found.notes.append(f"{len(telling)} of {len(ready.calls)} calls tell apart")
    return found


def _telling(calls: Sequence[Call]) -> list[Call]:
    """Returns calls that differ in effect: of one kind on a file of Dagster's the first, the middle and the last."""
    of_dagster: dict[tuple[str, str], list[Call]] = defaultdict(list)
    for call in calls:
        if "/dagster/" in call.path:
            of_dagster[call.name, call.path].append(call)
    kept = {each[place].place for each in of_dagster.values() for place in (0, len(each) // 2, -1)}
    return [call for call in syscalls.telling(calls) if "/dagster/" not in call.path or call.place in kept]


def _rank_a_day(folder: Path) -> None:
    """Ranks exports that name a person; Dagster's storage of that run is kept."""
    done = export(folder, [_DAY]).run("nightly", "--date", _DAY)
    if done.returncode:
        raise RuntimeError(done.stderr)


def _forget(home: Home) -> None:
    settings, loaded = home.settings, sources_file.load(home.settings.sources_file)
    person, seen = forgetting.look(settings, loaded, "instagram", ANNA)
    done = forgetting.forget(settings, loaded, person, seen, log_level=_LOG_LEVEL, say=lambda _: None)
    if not done.proof.holds or done.erased.left:
        raise RuntimeError(f"no proof: {done.proof.found}, {done.proof.closed}, {done.erased.left}")


def _seen(home: Home) -> Seen:
    rows = home.query("SELECT platform, profile_id, handle, followers, rank FROM accounts ORDER BY ALL")
    others = tuple(row for row in rows if row[:2] != ("instagram", _ID))
    there = everything(home.settings.home)
    return Seen(others, len(rows) - len(others), tuple(words for words in OWN_WORDS if words in there))


def _others_are_whole(old: Seen, new: Seen, seen: Seen) -> bool:
    return seen.others in (old.others, new.others)


def _resurrected(home: Home) -> str | None:
    """Pulls the day again in a nightly run, and reports whether it has restored a suppressed person."""
    is_known = bool(syscalls.run(partial(suppression.load, home.settings.suppressed)))
    try:
        syscalls.run(partial(_night, home))
    except RuntimeError as error:
        return f"the night after it: {error}"
    return (
        "the night after it publishes the person" if is_known and syscalls.run(partial(_seen, home)).published else None
    )


def _night(home: Home) -> None:
    loaded = sources_file.load(home.settings.sources_file)
    outcome = runs.run_dates(home.settings, loaded, [date.fromisoformat(_DAY)], force=True, log_level=_LOG_LEVEL)
    if not outcome.succeeded:
        raise RuntimeError(outcome.error)


_WORK = Work("forgetting", lambda _: None, _forget, _seen, _others_are_whole)
ROWS = (
    Row(29, "killed while a person is erased", "done again, or after a night, they are gone; others stay", anywhere),
)
