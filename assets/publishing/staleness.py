"""Stale dates: those whose tables would differ if they were computed now.

Belongs here: the causes, and their text. Does not: finding the dates of a cause, which is in the module of that cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assets.importing import row_count_check
from assets.metrics import parameters
from assets.storage import lookback
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.settings import Settings

_LISTED = 5


@dataclass(frozen=True)
class Stale:
    """Dates that are stale for one cause."""

    days: Sequence[date]
    cause: str

    @property
    def text(self) -> str:
        """Formats the dates and the cause."""
        more = f" and {len(self.days) - _LISTED} more" if len(self.days) > _LISTED else ""
        return f"{', '.join(map(str, self.days[:_LISTED]))}{more}: {self.cause}"

    @property
    def remedy(self) -> str:
        """Returns the command that recomputes them."""
        return f"backfill --from {self.days[0]} --to {self.days[-1]}"


def of_lookback(settings: Settings, sources: SourcesFile) -> list[Stale]:
    """Returns the dates that were computed before earlier dates in their look-back changed."""
    lake = Lake(settings.lake)
    causes = {
        "computed before earlier dates that growth and authenticity look back on were landed": lookback.stale(lake),
        "their row counts were compared with another pull than the newest one before them": row_count_check.stale(
            settings, sources.sources
        ),
    }
    return [Stale(days, cause) for cause, days in causes.items() if days]


def of_parameters(settings: Settings, sources: SourcesFile) -> list[Stale]:
    """Returns the dates that were computed with other parameters than the configured ones."""
    days = parameters.stale(Lake(settings.lake), sources.metrics)
    return [Stale(days, f"computed with other metrics than those of {sources.path.name}")] if days else []


def find(settings: Settings, sources: SourcesFile) -> list[Stale]:
    """Returns all stale dates, by cause."""
    return of_lookback(settings, sources) + of_parameters(settings, sources)
