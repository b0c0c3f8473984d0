"""Retention of everything in a home, including Dagster's runs.

Belongs here: combining files (`assets/retention`) and runs (`run_retention`). Does not: the age limits of either.
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
    """Returns everything that may be removed now.

    Args:
        settings: The settings, with the retention periods.
        instance: Dagster's instance, if there is one.
    """
    found = old_dates.removable(settings)
    if instance and settings.keep_runs_days is not None:
        runs = run_retention.old(instance, settings.keep_runs_days)
        found += [Removable("runs", Path(run_id), run_retention.size(instance, run_id)) for run_id in runs]
    return found


def remove(settings: Settings, instance: dg.DagsterInstance | None, found: Sequence[Removable]) -> list[str]:
    """Removes the result of `removable`; the caller holds the lock of the home.

    Returns:
        Items that could not be removed, with the reason.
    """
    refused = old_dates.remove([each for each in found if each.kind != "runs"])
    ended = [each.path.name for each in found if each.kind == "runs"]
    if instance and ended:
        ranked = Lake(settings.lake).dates("ranking") or [date.min]
        landed = ranked[-1] - timedelta(settings.keep_landing_days) if settings.keep_landing_days else date.min
        run_retention.remove(instance, ended, since=ranked[0], landed_since=landed)
    return refused


def prune(settings: Settings, instance: dg.DagsterInstance) -> tuple[Sequence[Removable], list[str]]:
    """Removes everything that may be removed.

    Returns:
        The removed items, and those that could not be removed, with the reason.
    """
    found = removable(settings, instance)
    return found, remove(settings, instance, found)
