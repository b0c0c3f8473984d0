"""Writes that survive a crash: whole or not at all.

Belongs here: the order of fsync and rename that the commit protocol rests on.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ORPHAN_SECONDS = 24 * 3600


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_file(path: Path) -> None:
    """Makes a file's bytes durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def replacing(target: Path, run_id: str) -> Iterator[Path]:
    """Gives a path to write to, and moves it onto `target` once the block ends well.

    Args:
        target: The file to make or replace.
        run_id: Tells concurrent writers apart.

    Yields:
        A path beside `target`, of its own to this run; gone again if the block raises.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for orphan in target.parent.glob(f".{target.name}.*.tmp"):
        # What a killed run left; one still at work is far younger.
        if time.time() - orphan.stat().st_mtime > _ORPHAN_SECONDS:
            orphan.unlink(missing_ok=True)
    aside = target.parent / f".{target.name}.{run_id}.tmp"
    try:
        yield aside
        sync_file(aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(target.parent)
