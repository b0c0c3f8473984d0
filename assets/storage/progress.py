"""Progress of long steps: shown on a terminal, or dropped.

Belongs here: the one place that steps report to, since Dagster runs between them and the command line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, Protocol

Unit = Literal["rows", "bytes", "files"]


class Listener(Protocol):
    """Shows progress."""

    def __call__(self, step: str, done: int, *, total: int | None, unit: Unit, note: str) -> None:
        """Shows how much of a step is done, of `total` if it is known."""


_listeners: list[Listener] = []


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Sends the reports of steps to a listener while the block runs."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


def report(step: str, done: int, *, total: int | None = None, unit: Unit = "rows", note: str = "") -> None:
    """Reports how much of a step is done.

    Args:
        step: The step.
        done: The completed count.
        total: The total count, if known.
        unit: The unit of the count.
        note: Further text.
    """
    for listener in _listeners:
        listener(step, done, total=total, unit=unit, note=note)
