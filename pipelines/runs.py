"""Runs started from the command line, in the same Dagster instance as the scheduler and the UI.

Belongs here: executing the nightly job and backfills in this process. Does not: what people read of it (`summary`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from pipelines.build import build_defs
from pipelines.jobs import NIGHTLY
from pipelines.settings import REPOSITORY, Settings, SettingsError
from pipelines.sources import SourcesFile


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
    """Pulls, validates and ranks dates in one run, and publishes once."""
    tags = {
        "dagster/asset_partition_range_start": days[0].isoformat(),
        "dagster/asset_partition_range_end": days[-1].isoformat(),
    }
    one = {"partition_key": days[0].isoformat()} if len(days) == 1 else {"tags": tags}
    return _execute(settings, sources, {"ops": {"landing": {"config": {"force": force}}}}, log_level, **one)


def publish(settings: Settings, sources: SourcesFile, *, log_level: str) -> Outcome:
    """Publishes what the lake holds, and its report."""
    what = [dg.AssetKey("published"), dg.AssetKey("report")]
    return _execute(settings, sources, {}, log_level, asset_selection=what)


def _execute(
    settings: Settings,
    sources: SourcesFile,
    config: dict[str, Any],
    log_level: str,
    **what: Any,
) -> Outcome:
    prepare_instance(settings)
    job = build_defs(settings, sources).resolve_job_def(NIGHTLY)
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
