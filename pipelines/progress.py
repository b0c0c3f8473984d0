"""Who hears how far a long step is: a bar on a terminal, or nobody.

Belongs here: the one place that steps report to, since Dagster stands between them and the command line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Listener(Protocol):
    """Shows progress."""

    def __call__(self, step: str, done: int) -> None:
        """Takes note that `done` rows of a step are done."""


_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Sends what steps report to a listener while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(step: str, done: int) -> None:
    """Says how many rows of a step are done."""
    for listener in _listeners:
        listener(step, done)
