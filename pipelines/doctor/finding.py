"""What the doctor found out: one line each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from schemas.first_line import first_line

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        check: What was looked at.
        level: `problem` where the next night fails or readers see what they should not; `warning` where somebody should
            look before that.
        said: What was found.
        remedy: What to do; empty where there is nothing to do.
    """

    check: str
    level: Level
    said: str
    remedy: str = ""


Check = Callable[[], Iterable[Finding]]


def told(name: str, check: Check) -> Iterator[Finding]:
    """The findings of a check; that it cannot be made is one as well."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - whatever is broken, the other checks are still made
        said = f"cannot be looked at: {type(error).__name__}: {first_line(error)}"
        yield Finding(name, "problem", said, "mend what it names; the other lines hold all the same")


def span(duration: timedelta) -> str:
    """A duration in the largest unit that it has two of."""
    seconds = max(int(duration.total_seconds()), 0)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
