"""Everything of a home that may go, Dagster's runs included.

Belongs here: putting files (`assets/retention`) and runs (`run_retention`) together. Does not: what is old of either.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg

from assets.retention import old_dates
from assets.retention.old_dates import Removable
from assets.storage.lake import Lake
from pipelines.instance import run_retention
from schemas.settings import Settings


def removable(settings: Settings, instance: dg.DagsterInstance | None) -> list[Removable]:
    """Everything that may go now.

    Args:
        settings: How long things are kept.
        instance: Dagster's, where there is one.
    """
    found = old_dates.removable(settings)
    if instance and settings.keep_runs_days is not None:
        runs = run_retention.old(instance, settings.keep_runs_days)
        found += [Removable("runs", Path(run_id), run_retention.size(instance, run_id)) for run_id in runs]
    return found


def remove(settings: Settings, instance: dg.DagsterInstance | None, found: Sequence[Removable]) -> list[str]:
    """Removes what `removable` has found; the caller holds the home.

    Returns:
        What could not be removed, and why.
    """
    refused = old_dates.remove([each for each in found if each.kind != "runs"])
    ended = [each.path.name for each in found if each.kind == "runs"]
    if instance and ended:
        ranked = Lake(settings.lake).dates("ranking") or [date.min]
        landed = ranked[-1] - timedelta(settings.keep_landing_days) if settings.keep_landing_days else date.min
        run_retention.remove(instance, ended, since=ranked[0], landed_since=landed)
    return refused


def prune(settings: Settings, instance: dg.DagsterInstance) -> tuple[Sequence[Removable], list[str]]:
    """Removes everything that may go.

    Returns:
        What that was, and what of it could not be removed, with the reason.
    """
    found = removable(settings, instance)
    return found, remove(settings, instance, found)
