"""Kills at any point: before each change that landing, importing, publishing or a nightly run makes to a file.

Belongs here: killed or refused work, and the required state afterwards. The kill comes before the call; the kill after
a call is that before the next one. Of the many small writes of a file the first, the middle one and the last are hit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from tests.factories.published_home import DAYS, Home
from tests.faults import homes, syscalls
from tests.faults.homes import NEXT
from tests.faults.syscalls import KILL, Call
from tests.faults.table import Extent, Found, Row

_AGAIN = DAYS[-1]


@dataclass(frozen=True)
class Work:
    """A step of a nightly run.

    Attributes:
        name: The name of the step.
        prepare: Prepares the state before the step.
        do: The step, which is killed and repeated.
        state: Returns the visible state, as any comparable value.
        partial: Reports whether a partly old, partly new state is valid, given the old, the new and the seen state.
    """

    name: str
    prepare: Callable[[Home], object]
    do: Callable[[Home], object]
    state: Callable[[Home], Any]
    partial: Callable[[Any, Any, Any], bool] = lambda _old, _new, _seen: False


@dataclass(frozen=True)
class Prepared:
    """Work that is ready to run, in a folder to be copied; `calls` are its changes without faults."""

    work: Work
    folder: Path
    calls: list[Call]
    old: Any
    new: Any

    def recovered(self, home: Home) -> str | None:
        """Repeats the work without faults, and returns its deviations from the expected state."""
        seen = syscalls.run(partial(self.work.state, home))
        if seen not in (self.old, self.new) and not self.work.partial(self.old, self.new, seen):
            return f"neither the old nor the new: {seen}"
        try:
            syscalls.run(partial(self.work.do, home))
        except RuntimeError as error:
            return f"done again: {error}"
        if (seen := syscalls.run(partial(self.work.state, home))) != self.new:
            return f"done again it says {seen}, undisturbed {self.new}"
        if left := homes.leftovers(home):
            return f"left over: {left}"
        return None


@contextmanager
def prepared(template: Path, work: Work) -> Iterator[Prepared]:
    """Prepares work, and runs it once without faults."""
    with homes.copied(template) as home:
        syscalls.run(partial(work.prepare, home))
        folder = home.folder.rename(home.folder.with_name("ready"))
        home.folder.mkdir()
    with homes.copied(folder) as home:
        old = syscalls.run(partial(work.state, home))
        done = syscalls.supervised(partial(work.do, home), home.settings.home, lambda _: None)
        if done.error:
            raise RuntimeError(f"{work.name} undisturbed: {done.error}")
        new = syscalls.run(partial(work.state, home))
    try:
        yield Prepared(work, folder, done.calls, old, new)
    finally:
        homes.remove(folder)


def _land_again(home: Home) -> None:
    homes.export(home, _AGAIN, 9)


def _import_again(home: Home) -> None:
    homes.land(home)
    homes.import_day(home)
    homes.export(home, NEXT, 9)
    homes.land(home, force=True)


def _each_is_whole(old: dict[str, str], new: dict[str, str], seen: dict[str, str]) -> bool:
    """Reports whether every table is old or new, and the report, which vouches for the others, new only with them."""
    if any(seen.get(table) not in (old.get(table), new[table]) for table in new):
        return False
    return seen.get("import_report") != new["import_report"] or seen == new


def _score(home: Home) -> None:
    home.rewrite(_AGAIN, pl.lit(50.0).alias("score"))


def _published(home: Home) -> str:
    return homes.shown(home).content_hash


_MOST_OF_A_NIGHT = 40
WORKS = (
    Work("landing", lambda _: None, homes.land, homes.landed),
    Work("landing again", _land_again, partial(homes.land, day=_AGAIN, force=True), partial(homes.landed, day=_AGAIN)),
    Work("importing", homes.land, homes.import_day, homes.tables, _each_is_whole),
    Work("importing again", _import_again, homes.import_day, homes.tables, _each_is_whole),
    Work("publishing", _score, Home.publish, _published),
)
NIGHT = Work("a whole night", lambda _: None, homes.night, _published)


def anywhere(extent: Extent) -> Found:
    """Kills each work before each of its changes, and repeats it."""
    return _each(extent, [*WORKS, NIGHT], kill)


def recovering(extent: Extent) -> Found:
    """Kills work, kills its repetition at the same share of the way, and repeats it once more."""

    def twice(ready: Prepared, home: Home, place: int) -> None:
        kill(ready, home, place)
        kill(ready, home, (place * 7 + 3) % len(ready.calls))

    return _each(extent, [*WORKS, NIGHT], twice)


def _each(extent: Extent, works: list[Work], hurt: Callable[[Prepared, Home, int], object]) -> Found:
    if lacking := syscalls.missing():
        return Found(skipped=[f"needs {lacking}"])
    found = Found()
    with homes.template() as template:
        for work in works:
            with prepared(template, work) as ready:
                telling = syscalls.telling(ready.calls)
                for call in extent.some(work.name, telling, most=_MOST_OF_A_NIGHT if work is NIGHT else 0):
                    with homes.copied(ready.folder) as home:
                        hurt(ready, home, call.place)
                        wrong = ready.recovered(home)
                        found.hit(wrong and f"{work.name}, killed before {call.name} of {call.path}: {wrong}")
                found.notes.append(f"{work.name}: {len(telling)} of {len(ready.calls)} calls tell apart")
    return found


def kill(ready: Prepared, home: Home, place: int) -> None:
    """Kills before the call of that number; the number of calls varies slightly between runs."""
    syscalls.supervised(
        partial(ready.work.do, home), home.settings.home, lambda call: KILL if call.place == place else None
    )


ROWS = (
    Row(1, "killed anywhere", "old or new, never else; done again it converges; nothing is left over", anywhere),
    Row(2, "killed while recovering", "as above", recovering),
)
