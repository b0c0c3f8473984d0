"""The findings of the doctor: one line each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from schemas.first_line import first_line

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        check: The name of the check.
        level: `problem` if the next nightly run fails or readers see wrong data; `warning` if somebody should
            look before then.
        said: The finding.
        remedy: The action to take; empty if none is needed.
    """

    check: str
    level: Level
    said: str
    remedy: str = ""


Check = Callable[[], Iterable[Finding]]


def told(name: str, check: Check) -> Iterator[Finding]:
    """Returns the findings of a check; a check that fails to run is a finding as well."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - whatever is broken, the other checks are still made
        said = f"cannot be looked at: {type(error).__name__}: {first_line(error)}"
        yield Finding(name, "problem", said, "mend what it names; the other lines hold all the same")


def span(duration: timedelta) -> str:
    """Formats a duration in the largest unit of which it has at least two."""
    seconds = max(int(duration.total_seconds()), 0)
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
