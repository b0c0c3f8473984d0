"""Outdated dates: dates of the lake that another release of smallvoices has written.

Belongs here: detecting them by the columns of their files. Does not: recomputing them (`pipelines/runs.py`).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl
from pandera.polars import DataFrameModel

from assets.storage.lake import Lake
from schemas.describe import polars_schema
from schemas.lake_tables import COMPUTED, IMPORTED
from schemas.settings import Settings

# Added by `assets.storage.lake.BucketWriter`, and part of no contract.
_BUCKET = "bucket"
_MODELS: Mapping[str, type[DataFrameModel]] = {**IMPORTED, **COMPUTED}


def dates(lake: Lake) -> list[date]:
    """Returns the outdated dates, oldest first."""
    known = {day for name in _MODELS for day in lake.dates(name)}
    return [day for day in sorted(known) if is_outdated(lake, day)]


def is_outdated(lake: Lake, day: date) -> bool:
    """Returns whether a file of a date has other columns than its contract."""
    paths = {name: lake.path(name, day) for name in _MODELS}
    return any(path.exists() and _columns(path) != polars_schema(_MODELS[name]) for name, path in paths.items())


def reason(days: Sequence[date]) -> str:
    """Returns which dates are outdated, and why."""
    which = str(days[0]) if len(days) == 1 else f"{len(days):,} dates from {days[0]} to {days[-1]}"
    return f"{which}: written to the lake by another release of smallvoices"


def message(settings: Settings, days: Sequence[date]) -> str:
    """Returns the reason with the command that recomputes them."""
    return f"{reason(days)}; `{settings.command('publish')}` recomputes them from what has landed"


def _columns(path: Path) -> pl.Schema:
    found = pl.Schema(pl.read_parquet_schema(path))
    found.pop(_BUCKET, None)
    return found
