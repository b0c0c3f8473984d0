"""Runs started from the command line, in the same Dagster instance as the scheduler and the UI.

Belongs here: executing the nightly job and backfills in this process. Does not: what people read of it (`summary`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from assets import looking_back
from pipelines.build import build_defs
from pipelines.jobs import NIGHTLY
from pipelines.lake import Lake
from pipelines.settings import REPOSITORY, Settings, SettingsError
from pipelines.sources import SourcesFile

PUBLISHED = "published"
_IMPORTED = ("profiles", "posts", "quarantine", "import_report")


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `error` is the first line of what stopped it."""

    succeeded: bool
    run_id: str
    error: str


def prepare_instance(settings: Settings) -> None:
    """Makes the home's Dagster folder, with the project's dagster.yaml, and names it in the environment.

    Raises:
        SettingsError: The home cannot be made, or not be written to.
    """
    try:
        settings.dagster_home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    except OSError as error:
        raise SettingsError(f"home {settings.home}: {error.strerror}; name another folder with --home") from error
    settings.export()


def over(settings: Settings, sources: SourcesFile, days: Sequence[date], *, force: bool, log_level: str) -> Outcome:
    """Pulls, validates and ranks dates, and publishes once.

    Dates that look back on these, and have been ranked already, are ranked anew, so that the order of backfill does not
    matter.
    """
    lake = Lake(settings.lake)
    config = {"ops": {"landing": {"config": {"force": force}}}}
    affected = [day for day in lake.dates("history") if looking_back.sees(day, days) and day not in days]
    outcome = _execute(
        settings, sources, config, log_level, without=_publishing(sources) if affected else [], **_range(days)
    )
    if not outcome.succeeded or not affected:
        return outcome
    stale = looking_back.stale(lake)
    if not stale:
        return publish(settings, sources, log_level=log_level)
    anew = [*looking_back.DEPENDENTS, *_publishing(sources)]
    return _execute(settings, sources, {}, log_level, only=anew, **_range(stale))


def recompute(settings: Settings, sources: SourcesFile, days: Sequence[date], *, log_level: str) -> Outcome:
    """Imports and ranks dates again from what has landed, pulling nothing, and publishes once.

    A date of which nothing has landed any more, or nothing valid is left, is ranked from the rows that the lake has.
    """
    lake = Lake(settings.lake)
    unpulled = [*(f"landed_{source.name}" for source in sources.sources), *_publishing(sources)]
    for first, last in _consecutive(days):
        is_imported = _execute(settings, sources, {}, log_level, without=unpulled, **_range([first, last]))
        if is_imported.succeeded:
            continue
        computed = _execute(settings, sources, {}, log_level, without=[*unpulled, *_IMPORTED], **_range([first, last]))
        if not computed.succeeded:
            return computed
    if stale := looking_back.stale(lake):
        outcome = _execute(settings, sources, {}, log_level, only=looking_back.DEPENDENTS, **_range(stale))
        if not outcome.succeeded:
            return outcome
    return publish(settings, sources, log_level=log_level)


def _consecutive(days: Sequence[date]) -> list[tuple[date, date]]:
    """The ranges, first and last day, that days make up."""
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
    """Publishes what the lake holds, and its report."""
    return _execute(settings, sources, {}, log_level, only=_publishing(sources))


def _publishing(sources: SourcesFile) -> list[str]:
    """The assets that readers see."""
    return [PUBLISHED, "report", *(["published_to_postgres"] if sources.publish_to else [])]


def _execute(
    settings: Settings,
    sources: SourcesFile,
    config: dict[str, Any],
    log_level: str,
    *,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    **what: Any,
) -> Outcome:
    prepare_instance(settings)
    job = build_defs(settings, sources).resolve_job_def(NIGHTLY)
    if only or without:
        keys = map(dg.AssetKey, only) if only else job.asset_layer.selected_asset_keys - set(map(dg.AssetKey, without))
        what["asset_selection"] = list(keys)
    config["loggers"] = {"console": {"config": {"log_level": log_level}}}
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False, **what)
    return _outcome(result)


def _outcome(result: dg.ExecuteInProcessResult) -> Outcome:
    error = ""
    for event in result.filter_events(lambda event: event.is_step_failure):
        failure = event.step_failure_data.user_failure_data
        cause = event.step_failure_data.error
        while cause and cause.cause:
            cause = cause.cause
        error = (
            failure.description if failure and failure.description else str(cause.message if cause else event.message)
        )
        error = error.strip().splitlines()[0].partition(": ")[2] if not failure else error
        break
    return Outcome(result.success, result.run_id, error)
