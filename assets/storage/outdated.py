"""Dates of the lake that another release of smallvoices has written.

Belongs here: detecting them by the columns of their files. Does not: recomputing them (`pipelines/runs.py`).
"""

from collections.abc import Sequence
from datetime import date

import polars as pl

from assets.storage.lake import Lake
from schemas.describe import polars_schema
from schemas.lake_tables import COMPUTED, IMPORTED
from schemas.settings import Settings

# Added by `assets.storage.lake.BucketWriter`, and part of no contract.
_BUCKET = "bucket"
_MODELS = {**IMPORTED, **COMPUTED}


def dates(lake: Lake) -> list[date]:
    """Returns the dates with a file whose columns differ from its contract, or without a computed table, oldest first.

    Only ranked dates need to have every computed table: retention and empty exports leave dates with a few.
    """
    known = {name: {*lake.dates(name)} for name in _MODELS}
    differing = {day for name, days in known.items() for day in days if not _is_current(lake, name, day)}
    incomplete = {day for name in COMPUTED for day in known["ranking"] - known[name]}
    return sorted(differing | incomplete)


def reason(days: Sequence[date]) -> str:
    """Returns which dates are outdated, and why."""
    which = str(days[0]) if len(days) == 1 else f"{len(days):,} dates from {days[0]} to {days[-1]}"
    return f"{which}: written to the lake by another release of smallvoices"


def message(settings: Settings, days: Sequence[date]) -> str:
    """Returns the same with the command that recomputes them."""
    return f"{reason(days)}; `{settings.command('publish')}` recomputes them from what has landed"


def _is_current(lake: Lake, table: str, day: date) -> bool:
    found = dict(pl.read_parquet_schema(lake.path(table, day)))
    found.pop(_BUCKET, None)
    return found == dict(polars_schema(_MODELS[table]))
