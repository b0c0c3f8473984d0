"""When things run, and for which dates: the nightly job, its schedule, automation and freshness."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.instance import notifying
from schemas.config.source import SourcesFile
from schemas.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

NIGHTLY = "nightly"
# Hours after the nightly run within which yesterday should be there.
FRESH_BY = "0 8 * * *"


def snapshot_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Every day from the first date to yesterday, UTC."""
    return dg.DailyPartitionsDefinition(start_date=settings.first_date.isoformat(), timezone="UTC")


def nightly_job(besides: Sequence[dg.AssetChecksDefinition]) -> UnresolvedAssetJobDefinition:
    """Pulls, validates, ranks and publishes one date; `besides` are checks with a schedule of their own."""
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all() - dg.AssetSelection.checks(*besides),
        description="Pull, validate, rank and publish one date.",
        executor_def=dg.in_process_executor,
        # Dagster writes in its own way unless a run's configuration names another logger.
        config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
    )


def nightly_schedule(settings: Settings, job: UnresolvedAssetJobDefinition) -> dg.ScheduleDefinition:
    """Runs the nightly job for yesterday, UTC."""
    is_off = settings.nightly_cron.strip().lower() == "off"
    cron = "0 2 * * *" if is_off else settings.nightly_cron

    @dg.schedule(
        name="nightly_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED if is_off else dg.DefaultScheduleStatus.RUNNING,
        description="Every night, for the day before.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = context.scheduled_execution_time.date() - timedelta(days=1)
        return dg.RunRequest(partition_key=day.isoformat())

    return nightly


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates automation conditions; running from the start, which Dagster's own default is not."""
    return dg.AutomationConditionSensorDefinition(
        "automation", target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING
    )


def failure_sensor(settings: Settings, loaded: SourcesFile) -> dg.SensorDefinition:
    """Tells people of failed runs, those of the command line too whose process was killed before it could."""

    @dg.run_failure_sensor(
        name="failures",
        description="Posts each failed run to the webhook of `notify` in sources.yaml.",
        # Runs of the command line belong to no code location.
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def failures(context: dg.RunFailureSensorContext) -> dg.SkipReason:
        steps = list(context.get_step_failure_events())
        if steps and notifying.TELLS_ITSELF.items() <= context.dagster_run.tags.items():
            return dg.SkipReason("the command that ran it has told it")
        failed = notifying.failed_run(context.dagster_run, [*steps, context.failure_event])
        notification_error = notifying.tell(settings, loaded, failed)
        if notification_error:
            context.log.warning(notification_error)
        return dg.SkipReason(notification_error or f"told of {failed.run_id}")

    return failures


def freshness(assets: Sequence[dg.AssetKey]) -> tuple[Sequence[dg.AssetChecksDefinition], dg.SensorDefinition]:
    """Checks that yesterday is there by morning, and the sensor that runs them.

    They look at the newest partition and not at the newest materialization, which a backfill of old dates would
    make look fresh.
    """
    checks = dg.build_time_partition_freshness_checks(assets=list(assets), deadline_cron=FRESH_BY, timezone="UTC")
    sensor = dg.build_sensor_for_freshness_checks(
        freshness_checks=checks, name="freshness", default_status=dg.DefaultSensorStatus.RUNNING
    )
    return checks, sensor
