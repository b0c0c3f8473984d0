"""Runs that Dagster lists as started although their process is gone: killed, or lost with the machine.

Belongs here: detecting them, and marking them as failed, so that they neither take a place in the queue nor look busy
until the maximum runtime of a run.
"""

import os

import dagster as dg
from dagster._core.storage.runs import SqliteRunStorage

from pipelines.instance import processes

_SAID = "Its process is gone: it was killed, or the machine stopped. Run the date again."
_UNDER_WAY = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
# Tolerance between the kernel's clock and the run's, which starts after its process.
_TOLERANCE_SECONDS = 10


def mark(instance: dg.DagsterInstance) -> list[str]:
    """Marks as failed the runs that Dagster lists as active and whose process is gone.

    Only where runs are kept in SQLite, and so belong to this machine: elsewhere a process id may be another machine's.

    Returns:
        The ids of those runs.
    """
    under_way = dg.RunsFilter(statuses=_UNDER_WAY)
    dead = [record.dagster_run for record in instance.get_run_records(under_way) if is_dead(instance, record)]
    for run in dead:
        instance.report_run_failed(run, _SAID)
    return [run.run_id for run in dead]


def is_dead(instance: dg.DagsterInstance, record: dg.RunRecord) -> bool:
    """Reports whether Dagster lists a run as active although its process is known to be gone."""
    if not isinstance(instance.run_storage, SqliteRunStorage) or record.dagster_run.status not in _UNDER_WAY:
        return False
    process = process_of(instance, record.dagster_run.run_id)
    return process is not None and not _is_alive(process, record.start_time or 0)


def process_of(instance: dg.DagsterInstance, run_id: str) -> int | None:
    """Returns the latest process that the run's own events name."""
    found = None
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        event = entry.get_dagster_event()
        pid = event.engine_event_data.metadata.get("pid")
        found = int(str(pid.value)) if pid else found
    return found


def _is_alive(pid: int, began: float) -> bool:
    """Reports whether the process exists, and is not a later one with the same id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        started = processes.process(pid).started
    except OSError:
        return True  # not Linux
    return started.timestamp() < began + _TOLERANCE_SECONDS
