"""The reason why a run failed, in one sentence.

Belongs here: finding it among a run's events. Does not: reporting it (`runs`, `doctor`, `notifying`).
"""

from collections.abc import Iterable

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

# Dagster's own errors around what a step raised.
_WRAPPERS = "Dagster"
_FAILURE = f"{dg.Failure.__module__}.{dg.Failure.__name__}: "


def why(events: Iterable[dg.DagsterEvent]) -> str:
    """Returns the error of the first failed step, or of the run if no step failed; empty if nothing failed."""
    failed = [event for event in events if event.is_step_failure or event.is_run_failure]
    # A run fails because of its steps: its own message only reports that some failed.
    for event in sorted(failed, key=lambda event: not event.is_step_failure):
        return of_step(event) if event.is_step_failure else _of_run(event)
    return ""


def of_step(event: dg.DagsterEvent) -> str:
    """Returns the error that the step's own code raised, without its class or trace.

    An error that is raised from another one is more specific: which file the disk refused, which setting to raise.
    """
    failure = event.step_failure_data.user_failure_data
    if failure and failure.description:
        return failure.description
    error = event.step_failure_data.error
    first = (said(error) if error else event.message or "").strip().splitlines()[:1]
    return "".join(first).partition(": ")[2] or "".join(first)


def said(error: SerializableErrorInfo) -> str:
    """Returns the message of the error inside Dagster's own, with its class unless that is the generic failure."""
    while error.cause and error.cls_name and error.cls_name.startswith(_WRAPPERS):
        error = error.cause
    return str(error.message).removeprefix(_FAILURE)


def _of_run(event: dg.DagsterEvent) -> str:
    # None if another process, such as Dagster's run monitoring, marked the run as failed.
    error = event.job_failure_data.error if event.event_specific_data else None
    return " ".join(str(error.message if error else event.message).split())
