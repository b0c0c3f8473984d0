"""Cleanup of files of killed runs in a home.

Belongs here: sweeping all of its folders at once, the first step of every run. Does not: listing the leftovers of a
folder, which is in the module that writes there, or the published folder, swept by publishers under their own lock.
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
    """Removes files of killed runs, except those in use by a running one.

    Args:
        settings: Settings of the home.
        is_alone: Whether no pull is running, so that interrupted pulls are removed too.

    Returns:
        Number of removed files and folders.
    """
    return sum(atomic_write.sweep(folder, paths) for folder, paths in _temp_files(settings, is_alone=is_alone))


def left_overs(settings: Settings) -> Iterator[Path]:
    """Lists files that no run has swept for a day; those in use are far younger."""
    for _, paths in _temp_files(settings, is_alone=False):
        for path in paths:
            if time.time() - path.lstat().st_mtime > _DAY_SECONDS:
                yield path


def _temp_files(settings: Settings, *, is_alone: bool) -> Iterator[tuple[Path, Iterable[Path]]]:
    """Yields folders that are being written to, each with its temporary files; lazy."""
    yield from store.temp_files(settings.landing, is_alone=is_alone)
    yield from Lake(settings.lake).temp_files()
    # Until release 0.2.0 the lake had a copy of `rank_history`, whose accounts an erasure has to cover.
    yield settings.lake, settings.lake.glob("published_days.duckdb*")
    for folder in (settings.scratch, settings.suppressed, settings.forgetting):
        yield folder, atomic_write.temp_files(folder)
