"""What killed runs have left in a home.

Belongs here: sweeping all of its folders at once, as every run does first. Does not: what is left over in each of
them, which those know that write there, or the published folder, which every publisher sweeps under its own lock.
"""

import time
from collections.abc import Iterator
from pathlib import Path

from pipelines import durable, landing
from pipelines.lake import Lake
from pipelines.settings import Settings

_LEFT_OVERS = (
    "lake/*/*/.*.tmp*", "landing/*/.*.tmp", "landing/*/*/.*.tmp", "landing/*/*/.unfinished-*",
    "landing/*/*/manifests/.*.tmp", "scratch/.*.tmp",
)  # fmt: skip
_DAY_SECONDS = 86_400


def sweep(settings: Settings) -> int:
    """Removes what killed runs have left, and nothing that a run is at work on.

    Returns:
        How many files and folders that were.
    """
    folders = (settings.scratch, settings.suppressed, settings.forgetting)
    return landing.sweep(settings.landing) + Lake(settings.lake).sweep() + sum(map(durable.sweep, folders))


def left_overs(settings: Settings) -> Iterator[Path]:
    """What no run has swept for a day: those at work are far younger."""
    for pattern in _LEFT_OVERS:
        for path in settings.home.glob(pattern):
            if time.time() - path.lstat().st_mtime > _DAY_SECONDS:
                yield path
