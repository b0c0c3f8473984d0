"""Folders that are slow to build, built once for all processes of a test session.

Belongs here: sharing a folder between test processes. Does not: its content.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Returns a folder that the first process to request it has built; tests modify only copies of it.

    Args:
        factory: The folder factory of this process.
        name: The unique name of the folder.
        build: Fills the empty folder.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / f"once-{name}", shared / f"once-{name}.done"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            # A builder that failed has left its folder, on which the next one fails: the first error is the relevant
            # one.
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
