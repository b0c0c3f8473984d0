"""Runs started from the command line, in the same Dagster instance as the scheduler and the UI.

Belongs here: executing the nightly job and backfills in this process. Does not: the summary of a run (`summary`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import dagster as dg

from assets import landed
from assets.asset_keys import asset_key
from assets.importing import row_count_check
from assets.storage import lookback, outdated
from assets.storage.lake import Lake
from pipelines.build import build_defs
from pipelines.instance import home_instance, notifying, orphaned_runs, sqlite_keepalive, unprefixed_keys
from pipelines.instance.notifying import FailedRun
from pipelines.jobs import NIGHTLY
from schemas.config.source import SourcesFile
from schemas.first_line import first_line
from schemas.lake_tables import IMPORTED
from schemas.settings import Settings

PUBLISHED = "published"
_IMPORTED = tuple(map(asset_key, IMPORTED))
# Dagster's exception for Ctrl-C during a step.
INTERRUPTED = dg.DagsterExecutionInterruptedError.__name__


@dataclass(frozen=True)
class Outcome:
    """The outcome of a run.

    Attributes:
        succeeded: True if the run succeeded.
        run_id: Dagster's id of the run.
        error: The first line of the error.
        notification_error: Why the failure notification was not delivered; empty on success.
    """

    succeeded: bool
    run_id: str
    error: str
    notification_error: str = ""


def run_dates(
    settings: Settings, sources: SourcesFile, days: Sequence[date], *, force: bool, log_level: str
) -> Outcome:
    """Pulls, validates and ranks dates, one run per range without gaps, and publishes once.

    Existing dates that look back on these are recomputed, and imported again if a source would be accepted or rejected
    differently, so that the order of backfill does not matter. So are dates that another release has written.
    """
    lake = Lake(settings.lake)
    if failed := _recompute_outdated(settings, sources, log_level):
        return failed
    config = {"ops": {"landing": {"config": {"force": force}}}}
    known = {*lake.dates("ranking"), *lake.dates("import_report")}
    affected = [day for day in known if lookback.sees(day, days) and day not in days]
    *earlier, last = _consecutive(days)
    for first_and_last in earlier:
        outcome = _execute(settings, sources, config, log_level, without=_publishing(sources), **_range(first_and_last))
        if not outcome.succeeded:
            return outcome
    outcome = _execute(
        settings, sources, config, log_level, without=_publishing(sources) if affected else [], **_range(last)
    )
    if not outcome.succeeded:
        return outcome
    # Includes those that a backfill in the UI has left.
    dates_to_revalidate = row_count_check.stale(settings, sources.sources)
    while dates_to_revalidate:
        if failed := _import_again(settings, sources, dates_to_revalidate, log_level):
            return failed
        dates_to_revalidate = row_count_check.dates_to_revalidate(lake, sources.sources, dates_to_revalidate)
    # Checked again afterwards: another process may have ranked dates meanwhile, or died before it recomputed them.
    stale = lookback.stale(lake)
    if stale:
        anew = [*map(asset_key, lookback.DEPENDENTS), *_publishing(sources)]
        return _execute(settings, sources, {}, log_level, only=anew, **_range(stale))
    return publish(settings, sources, log_level=log_level) if affected else outcome


def recompute(settings: Settings, sources: SourcesFile, days: Sequence[date], *, log_level: str) -> Outcome:
    """Imports and ranks dates again from landed files, without pulling, and publishes once.

    A date without landed files, or without valid rows, is ranked from the rows of the lake.
    """
    if failed := _import_again(settings, sources, days, log_level):
        return failed
    if stale := lookback.stale(Lake(settings.lake)):
        anew = list(map(asset_key, lookback.DEPENDENTS))
        outcome = _execute(settings, sources, {}, log_level, only=anew, **_range(stale))
        if not outcome.succeeded:
            return outcome
    return publish(settings, sources, log_level=log_level)


def _recompute_outdated(settings: Settings, sources: SourcesFile, log_level: str) -> Outcome | None:
    """Imports and ranks dates written by another release; returns the outcome if some are not recomputed."""
    lake = Lake(settings.lake)
    if not (days := outdated.dates(lake)):
        return None
    with home_instance.open_instance(settings) as instance:
        unprefixed_keys.move(instance)
    failed = _import_again(settings, sources, days, log_level)
    if not (left := outdated.dates(lake)):
        return None
    because = f", and cannot be recomputed: {failed.error}" if failed else ", and cannot be recomputed"
    remedy = "bring back their folders in landing/, or remove their folders snapshot_date=… in lake/"
    error = f"{outdated.reason(left)}{because}; {remedy}"
    return Outcome(succeeded=False, run_id=failed.run_id if failed else "", error=error)


def _import_again(settings: Settings, sources: SourcesFile, days: Sequence[date], log_level: str) -> Outcome | None:
    """Imports and ranks dates again from landed files; returns the outcome of a failure."""
    unpulled = [*(landed.key_of(source.name) for source in sources.sources), *_publishing(sources)]
    for first, last in _consecutive(days):
        # Dates without landed files fail here, and are computed from the lake below.
        is_imported = _execute(
            settings, sources, {}, log_level, without=unpulled, notify=False, **_range([first, last])
        )
        if is_imported.succeeded:
            continue
        computed = _execute(settings, sources, {}, log_level, without=[*unpulled, *_IMPORTED], **_range([first, last]))
        if not computed.succeeded:
            return computed
    return None


def _consecutive(days: Sequence[date]) -> list[tuple[date, date]]:
    """Groups days into ranges without gaps, as first and last day."""
    ranges: list[tuple[date, date]] = []
    for day in sorted(days):
        if ranges and (day - ranges[-1][1]).days == 1:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def _range(days: Sequence[date]) -> dict[str, Any]:
    if days[0] == days[-1]:
        return {"partition_key": days[0].isoformat()}
    tags = {
        "dagster/asset_partition_range_start": days[0].isoformat(),
        "dagster/asset_partition_range_end": days[-1].isoformat(),
    }
    return {"tags": tags}


def publish(settings: Settings, sources: SourcesFile, *, log_level: str) -> Outcome:
    """Publishes the lake and its report; dates that another release has written are recomputed first."""
    if failed := _recompute_outdated(settings, sources, log_level):
        return failed
    return _execute(settings, sources, {}, log_level, only=_publishing(sources))


def _publishing(sources: SourcesFile) -> list[dg.AssetKey]:
    """Returns the last assets of a run: published data and retention."""
    names = [PUBLISHED, "report", *(["published_to_postgres"] if sources.publish_to else []), "pruned"]
    return list(map(asset_key, names))


def _execute(
    settings: Settings,
    sources: SourcesFile,
    config: dict[str, Any],
    log_level: str,
    *,
    only: Sequence[dg.AssetKey] = (),
    without: Sequence[dg.AssetKey] = (),
    notify: bool = True,
    **what: Any,
) -> Outcome:
    job = build_defs(settings, sources).resolve_job_def(NIGHTLY)
    if only or without:
        what["asset_selection"] = list(only or job.asset_layer.selected_asset_keys - set(without))
    config["loggers"] = {"console": {"config": {"log_level": log_level}}}
    what["tags"] = what.get("tags", {}) | notifying.TELLS_ITSELF
    try:
        with home_instance.naming_storage(settings), home_instance.open_instance(settings) as instance:
            orphaned_runs.mark(instance)
            run_id = str(uuid4())
            with sqlite_keepalive.held_open(instance, run_id):
                result = job.execute_in_process(
                    instance=instance, run_id=run_id, run_config=config, raise_on_error=False, **what
                )
    except Exception as error:
        # Outside any step, for example when Dagster's storage is full.
        notifying.tell(settings, sources, FailedRun("", (), "", f"{type(error).__name__}: {first_line(error)}"))
        raise
    if result.success:
        return Outcome(succeeded=True, run_id=result.run_id, error="")
    failed = notifying.failed_run(result.dagster_run, result.all_events)
    if INTERRUPTED in failed.error:
        raise KeyboardInterrupt
    notification_error = notifying.tell(settings, sources, failed) if notify else ""
    return Outcome(succeeded=False, run_id=result.run_id, error=failed.error, notification_error=notification_error)
