"""Why a run failed, in the one sentence that people need of it.

Belongs here: finding it among a run's events. Does not: who is told (`runs`, `doctor`, `notifying`).
"""

from collections.abc import Iterable

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

# Dagster's own errors around what a step raised.
_WRAPPERS = "Dagster"
_FAILURE = f"{dg.Failure.__module__}.{dg.Failure.__name__}: "


def why(events: Iterable[dg.DagsterEvent]) -> str:
    """The first failed step's own words, or those of the run where no step failed; empty where nothing did."""
    failed = [event for event in events if event.is_step_failure or event.is_run_failure]
    # A run fails because of its steps: what it says itself is only that some did.
    for event in sorted(failed, key=lambda event: not event.is_step_failure):
        return of_step(event) if event.is_step_failure else _of_run(event)
    return ""


def of_step(event: dg.DagsterEvent) -> str:
    """Why a step failed: what its own code raised, without its class or trace.

    Whoever raises an error from another one says more than that: which file the disk refused, which setting to raise.
    """
    failure = event.step_failure_data.user_failure_data
    if failure and failure.description:
        return failure.description
    error = event.step_failure_data.error
    first = (said(error) if error else event.message or "").strip().splitlines()[:1]
    return "".join(first).partition(": ")[2] or "".join(first)


def said(error: SerializableErrorInfo) -> str:
    """What the error within Dagster's own said, with its class unless that is Dagster's for "it failed"."""
    while error.cause and error.cls_name and error.cls_name.startswith(_WRAPPERS):
        error = error.cause
    return str(error.message).removeprefix(_FAILURE)


def _of_run(event: dg.DagsterEvent) -> str:
    # None where somebody else, as Dagster's run monitoring, has found the run dead.
    error = event.job_failure_data.error if event.event_specific_data else None
    return " ".join(str(error.message if error else event.message).split())
