"""The nightly job, its schedule, automation and freshness checks."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import dagster as dg
from dagster._utils.schedules import get_latest_completed_cron_tick, get_next_cron_tick

from pipelines.instance import notifying
from schemas.config.source import SourcesFile
from schemas.settings import Settings

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

NIGHTLY = "nightly"
# For a run of one date. Dagster's daemon terminates scheduled runs after it.
MAX_RUNTIME = timedelta(hours=4)
FRESHNESS = "freshness_check"
# From the start of a nightly run to its deadline.
_GRACE = timedelta(hours=6)
# If the schedule is off, an external scheduler is expected to keep these hours.
_USUAL_CRON = "0 2 * * *"
# The sensor of the freshness checks reads the time of its next evaluation from it.
_FRESH_UNTIL = "dagster/fresh_until_timestamp"


class Due(NamedTuple):
    """The newest date that the schedule should have published.

    Attributes:
        date: The snapshot date.
        since: The deadline of that date.
        until: The deadline of the next date.
    """

    date: date
    since: datetime
    until: datetime


def snapshot_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Returns every day from the first date to yesterday, UTC."""
    return dg.DailyPartitionsDefinition(start_date=settings.first_date.isoformat(), timezone="UTC")


def nightly_job(besides: Sequence[dg.AssetChecksDefinition]) -> "UnresolvedAssetJobDefinition":
    """Pulls, validates, ranks and publishes one date; `besides` are checks with a schedule of their own."""
    return dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all() - dg.AssetSelection.checks(*besides),
        description="Pull, validate, rank and publish one date.",
        executor_def=dg.in_process_executor,
        # Dagster logs in its own format unless a run's configuration names another logger.
        config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
    )


def nightly_schedule(settings: Settings, job: "UnresolvedAssetJobDefinition") -> dg.ScheduleDefinition:
    """Runs the nightly job for yesterday, UTC."""
    is_off = _is_off(settings)

    @dg.schedule(
        name="nightly_schedule",
        job=job,
        cron_schedule=_cron(settings),
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED if is_off else dg.DefaultScheduleStatus.RUNNING,
        description="Every night, for the day before.",
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        day = _date_of(context.scheduled_execution_time)
        longest = str(int(MAX_RUNTIME.total_seconds()))
        return dg.RunRequest(partition_key=day.isoformat(), tags={"dagster/max_runtime": longest})

    return nightly


def due(settings: Settings, now: datetime) -> Due:
    """Returns the date that is due by now: that of the newest tick of the schedule past its deadline."""
    tick = get_latest_completed_cron_tick(_cron(settings), now - _GRACE, "UTC")
    following = get_next_cron_tick(_cron(settings), tick + timedelta(minutes=1), "UTC")
    return Due(_date_of(tick), tick + _GRACE, following + _GRACE)


def _is_off(settings: Settings) -> bool:
    return settings.nightly_cron.strip().lower() == "off"


def _cron(settings: Settings) -> str:
    return _USUAL_CRON if _is_off(settings) else settings.nightly_cron


def _date_of(tick: datetime) -> date:
    """Returns the snapshot date of a run of the schedule."""
    return tick.date() - timedelta(days=1)


def automation_sensor() -> dg.AutomationConditionSensorDefinition:
    """Evaluates automation conditions; enabled from the start, unlike Dagster's default."""
    return dg.AutomationConditionSensorDefinition(
        "automation", target=dg.AssetSelection.all(), default_status=dg.DefaultSensorStatus.RUNNING
    )


def failure_sensor(settings: Settings, loaded: SourcesFile) -> dg.SensorDefinition:
    """Sends notifications of failed runs, including those of killed commands that could not send theirs."""

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


def freshness(
    settings: Settings, assets: Sequence[dg.AssetKey]
) -> tuple[dg.AssetChecksDefinition, dg.SensorDefinition]:
    """Checks that the due date is published; returns the checks and the sensor that runs them.

    They look at the newest partition and not at the newest materialization, which a backfill of old dates would make
    look fresh.
    """

    @dg.multi_asset_check(
        name=FRESHNESS,
        specs=[
            dg.AssetCheckSpec(
                FRESHNESS, asset=key, description="The date that the schedule should have brought is there."
            )
            for key in assets
        ],
        can_subset=True,
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        expected = due(settings, datetime.now(tz=UTC))
        said = f"{expected.date} was due by {expected.since:%Y-%m-%d %H:%M} UTC"
        for key in context.selected_asset_check_keys:
            newest = max(context.instance.get_materialized_partitions(key.asset_key), default="none")
            passed = newest != "none" and date.fromisoformat(newest) >= expected.date
            yield dg.AssetCheckResult(
                check_name=key.name,
                asset_key=key.asset_key,
                passed=passed,
                description=f"{said}; the newest date: {newest}",
                metadata={_FRESH_UNTIL: dg.MetadataValue.timestamp(expected.until)} if passed else {},
            )

    sensor = dg.build_sensor_for_freshness_checks(
        freshness_checks=[checks], name="freshness", default_status=dg.DefaultSensorStatus.RUNNING
    )
    return checks, sensor
