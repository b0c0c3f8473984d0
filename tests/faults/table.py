"""The rows of the fault table, and the result of a row.

Belongs here: the common part of all rows. Does not: any single fault.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Found:
    """The result of one row.

    Attributes:
        points: Number of points that were hit and ran.
        failures: Violated invariants, a line each.
        skipped: Skipped points with their requirement; not counted.
        notes: Further remarks, in a few words.
    """

    points: int = 0
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def hit(self, failure: str | None = None) -> None:
        """Counts one point, and its violation."""
        self.points += 1
        if failure:
            self.failures.append(failure)


# Shows the progress of a row: the current item, the number done, and the total.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Extent:
    """The extent of a row: at most `points` of each kind, all if it is 0."""

    points: int
    progress: Progress

    def some(self, what: str, of: Sequence[T], *, most: int = 0) -> Iterator[T]:
        """Returns at most so many items, evenly spread with both ends, and reports progress."""
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
    """One row: its number and fault in the table of faults, its invariant, and its function."""

    number: int
    fault: str
    holds: str
    run: Callable[[Extent], Found]


def joined(rows: Iterable[Sequence[Row]]) -> list[Row]:
    """Returns the rows of all families, in order."""
    return sorted((row for family in rows for row in family), key=lambda row: row.number)
