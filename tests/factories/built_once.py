"""Folders that take long to make, made once for all processes of a test session.

Belongs here: sharing a folder between the processes that tests run in. Does not: what is in it.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Gives a folder that the first process to ask has built; whoever works on it works on a copy.

    Args:
        factory: Where this process puts its folders.
        name: The folder's name, unlike that of any other.
        build: Fills the empty folder.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / f"once-{name}", shared / f"once-{name}.done"
    with (shared / f"once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            # A builder that failed has left its folder, and the next one fails by it: the first error is the one to read.
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
