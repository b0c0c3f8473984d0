"""What a date reads of the dates before it, and which dates have read what has changed since.

Belongs here: the look-back of `history`, the one table that rests on other dates than its own, and telling where it is
stale: a date that is landed late, or again with other bytes, changes what the dates after it should have read. The
tables that rest on `history` are computed with it.
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

# Thirty days, and the two that a snapshot may lie off them.
DAYS = 32
# What a stale date has to compute anew, in order.
DEPENDENTS = ("history", "handle_changes", "baselines", "authenticity", "ranking", "segments")
_NOTE = "earlier"


@dataclass(frozen=True)
class LookBack:
    """Inputs of earlier dates, and the notes that tell afterwards which ones they were."""

    inputs: Mapping[str, Input]
    notes: Mapping[str, str]


def of(lake: Lake, day: date) -> LookBack:
    """The profiles of the dates before a date, as the table `earlier`."""
    days = before(lake.dates("profiles"), day)
    earlier: Input = [lake.path("profiles", each) for each in days] or pl.DataFrame(schema=polars_schema(Profiles))
    return LookBack({"earlier": earlier}, {_NOTE: json.dumps({str(each): _landed(lake, each) for each in days})})


def sees(day: date, earlier: Sequence[date]) -> bool:
    """Whether a date looks back on any of these."""
    return bool(before(earlier, day))


def stale(lake: Lake) -> list[date]:
    """The ranked dates whose `history` rests on other earlier dates than the lake has now, oldest first.

    A date that is no longer ranked, since it has been let go of, has nothing to be computed anew from.
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
    """Those of some dates that a date looks back on."""
    return [each for each in known if timedelta(0) < day - each <= timedelta(DAYS)]


def _landed(lake: Lake, day: date) -> str:
    """What the accepted profiles of a date are made of, in short."""
    rows = (
        lake.scan("import_report", day)
        .filter(pl.col("records") == "profiles")
        .select("source", "state", "landed_date", "content", "landed_file", "accepted")
        .collect()
        .rows()
    )
    return hashlib.sha256(repr(sorted(map(str, rows))).encode()).hexdigest()[:16]
