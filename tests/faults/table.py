"""The rows of the fault table, and what a run of one tells.

Belongs here: what all rows have in common. Does not: any one fault.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Found:
    """What one row has hit.

    Attributes:
        points: What was hit, and ran.
        failures: What did not hold, a line each.
        skipped: What did not run, and what it needs; nothing of it is counted.
        notes: What else the row tells, in a few words.
    """

    points: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def hit(self, failure: str | None = None) -> None:
        """Counts one point, and what did not hold there."""
        self.points += 1
        if failure:
            self.failures.append(failure)


# Shows how far a row has come: what it is at, how many are done, of how many.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Extent:
    """How much of a row runs: at most `points` of each kind, all where it is 0."""

    points: int
    progress: Progress

    def some(self, what: str, of: Sequence[T], *, most: int = 0) -> Iterator[T]:
        """As many as wanted, at most so many, evenly spread with both ends; tells how far it has come."""
        chosen = _spread(of, min(self.points or len(of), most or len(of)))
        for place, one in enumerate(chosen):
            self.progress(what, place, len(chosen))
            yield one
        self.progress(what, len(chosen), len(chosen))


def _spread(of: Sequence[T], points: int) -> list[T]:
    if len(of) <= points:
        return list(of)
    if points == 1:
        return [of[len(of) // 2]]
    step = (len(of) - 1) / (points - 1)
    return [of[round(place * step)] for place in range(points)]


@dataclass(frozen=True)
class Row:
    """One row: its number and fault as in the table of faults, what holds, and what runs it."""

    number: int
    fault: str
    holds: str
    run: Callable[[Extent], Found]


def joined(rows: Iterable[Sequence[Row]]) -> list[Row]:
    """The rows of all families, in order."""
    return sorted((row for family in rows for row in family), key=lambda row: row.number)
