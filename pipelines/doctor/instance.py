"""Checks of Dagster: results of the last runs, hanging runs, and the schedule."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from pipelines import jobs, runs
from pipelines.doctor.finding import Check, Finding, span
from pipelines.instance import failures, home_instance, orphaned_runs
from schemas.settings import Settings

_SCHEDULE = "nightly_schedule"
_UNDER_WAY = [
    dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING,
]  # fmt: skip
_LOOKED_THROUGH = 200
# Daemons send a heartbeat every half minute.
_SILENT = timedelta(minutes=5)
_BY_HAND = "a night starts when somebody, cron or systemd starts it"


_OfInstance = Callable[[Settings, dg.DagsterInstance], Iterator[Finding]]


def checks(settings: Settings) -> dict[str, Check]:
    """Returns the checks of the instance by name.

    Each opens the instance separately, so that one failure does not affect the others.
    """

    def opened(check: _OfInstance) -> Check:
        def findings() -> Iterator[Finding]:
            with home_instance.existing_instance(settings) as instance:
                if instance:
                    yield from check(settings, instance)

        return findings

    return {"last run": opened(_last_run), "runs under way": opened(_under_way), "schedule": opened(_schedule)}


def _last_run(settings: Settings, instance: dg.DagsterInstance) -> Iterator[Finding]:
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    records = instance.get_run_records(dg.RunsFilter(statuses=ended), limit=_LOOKED_THROUGH)
    # Freshness checks, which the daemon runs on its own, are runs as well.
    records = [
        record
        for record in records
        if record.dagster_run.asset_selection or record.dagster_run.job_name == jobs.NIGHTLY
    ]
    good = [record for record in records if record.dagster_run.status == dg.DagsterRunStatus.SUCCESS]
    if not records:
        yield Finding("last run", "warning", "no run has ended yet", settings.command("nightly"))
    elif records[0] in good:
        yield Finding("last run", "ok", f"succeeded, {_ago(records[0])}")
    else:
        run = records[0].dagster_run
        events = [entry.dagster_event for entry in instance.all_logs(run.run_id) if entry.dagster_event]
        why = failures.why(events) or "no step says why"
        # Dagster has no text for it, only the name of a class.
        why = "interrupted, as by Ctrl-C" if runs.INTERRUPTED in why else why
        success = f"the last success was {_ago(good[0])}" if good else "none has succeeded lately"
        said = f"{run.status.value.lower()}, {_ago(records[0])}: {why}; {success}"
        yield Finding("last run", "problem", said, f"once that is mended: {settings.command(_range_of(run))}")


def _ends_of(run: dg.DagsterRun) -> tuple[str | None, str | None]:
    """Returns the first and last date of a run over a range."""
    return run.tags.get("dagster/asset_partition_range_start"), run.tags.get("dagster/asset_partition_range_end")


def _dates_of(run: dg.DagsterRun) -> int:
    """Counts the dates of a run."""
    first, last = _ends_of(run)
    return (date.fromisoformat(last) - date.fromisoformat(first)).days + 1 if first and last else 1


def _range_of(run: dg.DagsterRun) -> str:
    first, last = _ends_of(run)
    if first and last and first != last:
        return f"backfill --from {first} --to {last}"
    day = run.tags.get("dagster/partition") or first
    return f"nightly --date {day}" if day else "publish"


def _under_way(settings: Settings, instance: dg.DagsterInstance) -> Iterator[Finding]:
    records = instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY))
    for record in records:
        since = _since_epoch(record.start_time or record.create_timestamp.timestamp())
        said = f"run {record.dagster_run.run_id} has been {record.dagster_run.status.value.lower()} for {span(since)}"
        if orphaned_runs.is_dead(instance, record):
            remedy = f"the next run marks it as failed; for its date: {settings.command(_range_of(record.dagster_run))}"
            yield Finding("runs under way", "warning", f"{said}, and its process is gone", remedy)
        elif since > jobs.MAX_RUNTIME * _dates_of(record.dagster_run):
            remedy = "its process has most likely been killed; in the UI: Runs, Terminate, Mark as canceled"
            yield Finding("runs under way", "problem", said, remedy)
        else:
            yield Finding("runs under way", "ok", said)
    if not records:
        yield Finding("runs under way", "ok", "none")


def _schedule(settings: Settings, instance: dg.DagsterInstance) -> Iterator[Finding]:
    states = {state.name: state.status.value for state in instance.all_instigator_state()}
    beats = instance.get_daemon_heartbeats()
    silent = _since_epoch(max((beat.timestamp for beat in beats.values()), default=0))
    daemon = f"a daemon was alive {span(silent)} ago" if beats else "no daemon has ever run"
    shown = f"on ({settings.nightly_cron}, UTC)"
    if settings.nightly_cron.strip().lower() == "off" and states.get(_SCHEDULE) != "RUNNING":
        yield Finding("schedule", "ok", f"off by SMALLVOICES_NIGHTLY_CRON; {_BY_HAND}")
    elif states.get(_SCHEDULE) == "STOPPED":
        yield Finding("schedule", "warning", f"stopped in the UI; {daemon}", "start it again in the UI: Automation")
    elif silent > _SILENT:
        remedy = f"start `smallvoices ui` and leave it running; without it {_BY_HAND}"
        yield Finding("schedule", "warning", f"{shown}, but nothing runs it: {daemon}", remedy)
    else:
        yield Finding("schedule", "ok", f"{shown}; {daemon}")
    for name, beat in beats.items():
        if silent <= _SILENT and beat.errors:
            said = f"daemon {name} says: {' '.join(beat.errors[0].message.split())}"
            yield Finding("daemon", "problem", said, "see the log of `smallvoices ui`")


def _ago(record: dg.RunRecord) -> str:
    return f"{span(_since_epoch(record.end_time or record.create_timestamp.timestamp()))} ago"


def _since_epoch(seconds: float) -> timedelta:
    return datetime.now(tz=UTC) - datetime.fromtimestamp(seconds, tz=UTC)
