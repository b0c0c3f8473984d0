"""Runs started from the command line, in the same Dagster instance as the scheduler and the UI.

Belongs here: executing the nightly job and backfills in this process. Does not: what people read of it (`summary`).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from pipelines.build import build_defs
from pipelines.jobs import NIGHTLY
from pipelines.settings import REPOSITORY, Settings
from pipelines.sources import SourcesFile

_LANDING = "group:landing"
_PUBLISHED = "key:published"


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `error` is the first line of what stopped it."""

    succeeded: bool
    run_id: str
    error: str


def prepare_instance(settings: Settings) -> None:
    """Makes the home's Dagster folder, with the project's dagster.yaml, and names it in the environment."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(REPOSITORY / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    settings.export()


def nightly(settings: Settings, sources: SourcesFile, day: date, *, force: bool, log_level: str) -> Outcome:
    """Pulls, validates, ranks and publishes one date."""
    prepare_instance(settings)
    job = build_defs(settings, sources).resolve_job_def(NIGHTLY)
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=day.isoformat(),
            run_config=_config(force=force, log_level=log_level),
            raise_on_error=False,
        )
    return _outcome(result)


def backfill(
    settings: Settings, sources: SourcesFile, days: Sequence[date], *, force: bool, log_level: str
) -> list[Outcome]:
    """Lands every date, computes the range in one run, and publishes once; ends at the first run that fails."""
    prepare_instance(settings)
    defs = build_defs(settings, sources)
    whole = {
        "dagster/asset_partition_range_start": days[0].isoformat(),
        "dagster/asset_partition_range_end": days[-1].isoformat(),
    }
    outcomes: list[Outcome] = []
    with dg.DagsterInstance.get() as instance:
        job = defs.resolve_job_def(NIGHTLY)
        steps = [
            *(
                ([_LANDING], {"dagster/partition": day.isoformat()}, _config(force=force, log_level=log_level))
                for day in days
            ),
            ([f"* and not {_LANDING} and not {_PUBLISHED}"], whole, _config(force=None, log_level=log_level)),
            ([_PUBLISHED], {}, _config(force=None, log_level=log_level)),
        ]
        for selection, tags, config in steps:
            keys = list(dg.AssetSelection.from_string(selection[0]).resolve(defs.resolve_asset_graph()))
            result = job.execute_in_process(
                instance=instance, asset_selection=keys, tags=tags, run_config=config, raise_on_error=False
            )
            outcomes.append(_outcome(result))
            if not result.success:
                break
    return outcomes


def publish(settings: Settings, sources: SourcesFile, *, log_level: str) -> Outcome:
    """Publishes what the lake holds."""
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        job = build_defs(settings, sources).resolve_job_def(NIGHTLY)
        result = job.execute_in_process(
            instance=instance,
            asset_selection=[dg.AssetKey("published")],
            run_config=_config(force=None, log_level=log_level),
            raise_on_error=False,
        )
    return _outcome(result)


def _config(*, force: bool | None, log_level: str) -> dict[str, object]:
    config: dict[str, object] = {"loggers": {"console": {"config": {"log_level": log_level}}}}
    return config if force is None else config | {"ops": {"landing": {"config": {"force": force}}}}


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
