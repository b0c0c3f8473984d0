"""Look-back: the earlier dates that a date reads, and the dates that are stale because those have changed.

Belongs here: the look-back of `history`, the one table that depends on other dates than its own, and detecting its
stale dates: a date that is landed late, or again with other bytes, changes the input of the dates after it. The tables
that depend on `history` are computed with it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from assets.storage.engine import Input
from assets.storage.lake import Lake
from schemas.describe import polars_schema
from schemas.profiles import Profiles

# Thirty days, and the tolerance of two for a snapshot.
DAYS = 32
# Tables that a stale date recomputes, in order.
DEPENDENTS = ("history", "handle_changes", "baselines", "authenticity", "ranking", "segments")
_NOTE = "earlier"


@dataclass(frozen=True)
class LookBack:
    """Inputs of earlier dates, and the metadata that identifies them afterwards."""

    inputs: Mapping[str, Input]
    notes: Mapping[str, str]


def of(lake: Lake, day: date) -> LookBack:
    """Returns the profiles of the dates before a date, as the table `earlier`."""
    days = before(lake.dates("profiles"), day)
    earlier: Input = [lake.path("profiles", each) for each in days] or pl.DataFrame(schema=polars_schema(Profiles))
    return LookBack({"earlier": earlier}, {_NOTE: json.dumps({str(each): _landed(lake, each) for each in days})})


def sees(day: date, earlier: Sequence[date]) -> bool:
    """Returns whether a date looks back on any of these."""
    return bool(before(earlier, day))


def stale(lake: Lake) -> list[date]:
    """Returns the ranked dates whose `history` depends on other earlier dates than the lake has now, oldest first.

    A date that was deleted is no longer ranked, and has nothing to recompute.
    """
    imported = lake.dates("profiles")
    landed = {day: _landed(lake, day) for day in imported}
    return [
        day
        for day in sorted({*lake.dates("history")} & {*lake.dates("ranking")})
        if json.loads(lake.notes("history", day).get(_NOTE, "{}"))
        != {str(each): landed[each] for each in before(imported, day)}
    ]


def before(known: Sequence[date], day: date) -> list[date]:
    """Returns those of some dates that a date looks back on."""
    return [each for each in known if timedelta(0) < day - each <= timedelta(DAYS)]


def _landed(lake: Lake, day: date) -> str:
    """Returns a short hash of the landed input of a date's accepted profiles."""
    rows = (
        lake.scan("import_report", day)
        .filter(pl.col("records") == "profiles")
        .select("source", "state", "landed_date", "content", "landed_file", "accepted")
        .collect()
        .rows()
    )
    return hashlib.sha256(repr(sorted(map(str, rows))).encode()).hexdigest()[:16]
