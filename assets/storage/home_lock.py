"""Lock of a home: shared by writers, exclusive for an erasure.

Belongs here: the lock that separates runs from erasures. Does not: the
lock of publishers (`publishing/publish_protocol`), which keeps them apart from each other.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.settings import Settings

FILE_NAME = ".lock"
_PAUSE_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 3600

# Homes that this process holds exclusively, and may still write to.
_held: set[Path] = set()


class HomeLockedError(Exception):
    """The home was locked for too long; the message names the holder and the remedy."""


@contextmanager
def adding(settings: Settings) -> Iterator[None]:
    """Holds the home together with other writers; waits while a person is erased from it.

    Raises:
        HomeLockedError: That took over an hour.
    """
    if settings.home in _held:
        yield
        return
    with _locked(settings.home, fcntl.LOCK_SH, _LONGEST_WAIT_SECONDS, "`smallvoices erase` is at work"):
        yield


@contextmanager
def erasing(settings: Settings) -> Iterator[None]:
    """Holds the home exclusively; this process itself may still write.

    Raises:
        HomeLockedError: A run held the lock for longer than `publish_wait_seconds`.
    """
    with _locked(settings.home, fcntl.LOCK_EX, settings.publish_wait_seconds, "a run is at work"):
        _held.add(settings.home)
        try:
            yield
        finally:
            _held.discard(settings.home)


@contextmanager
def _locked(home: Path, kind: int, wait_seconds: int, what: str) -> Iterator[None]:
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE_NAME
    deadline = time.monotonic() + wait_seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise HomeLockedError(
                        f"{what} in {home}, and was for {wait_seconds} s; run again once it is done, or see "
                        f"`fuser {path}`"
                    ) from None
                time.sleep(_PAUSE_SECONDS)
        # The system releases the lock when its process ends.
        yield
