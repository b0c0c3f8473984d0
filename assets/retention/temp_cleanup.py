"""What killed runs have left in a home.

Belongs here: sweeping all of its folders at once, as every run does first. Does not: what is left over in each of
them, which those know that write there, or the published folder, which every publisher sweeps under its own lock.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from assets.landing import store
from assets.storage import atomic_write
from assets.storage.lake import Lake
from schemas.settings import Settings

_DAY_SECONDS = 86_400


def sweep(settings: Settings, *, is_alone: bool = False) -> int:
    """Removes what killed runs have left, and nothing that a run is at work on.

    Args:
        settings: Where the home is.
        is_alone: Whether it is known that nobody pulls, so that pulls which broke off go too.

    Returns:
        How many files and folders that were.
    """
    return sum(atomic_write.sweep(folder, paths) for folder, paths in _temp_files(settings, is_alone=is_alone))


def left_overs(settings: Settings) -> Iterator[Path]:
    """What no run has swept for a day: those at work are far younger."""
    for _, paths in _temp_files(settings, is_alone=False):
        for path in paths:
            if time.time() - path.lstat().st_mtime > _DAY_SECONDS:
                yield path


def _temp_files(settings: Settings, *, is_alone: bool) -> Iterator[tuple[Path, Iterable[Path]]]:
    """Folders that writers are at work in, each with what lies aside there; looked for as it is asked for."""
    yield from store.temp_files(settings.landing, is_alone=is_alone)
    yield from Lake(settings.lake).temp_files()
    # Until release 0.2.0 the lake had a copy of `rank_history`: accounts, whom an erasure has to reach.
    yield settings.lake, settings.lake.glob("published_days.duckdb*")
    for folder in (settings.scratch, settings.suppressed, settings.forgetting):
        yield folder, atomic_write.temp_files(folder)
