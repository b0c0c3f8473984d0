"""A line of the log for programs that read it.

Belongs here: its fields, which runs (`log`) and commands (`console`) share.
"""

import json
from datetime import UTC, datetime


def as_json(level: str, message: str, *, at: float, run: str = "", source: str = "", step: str = "") -> str:
    """Formats a line of the log as JSON.

    Args:
        level: DEBUG, INFO, WARNING, ERROR or CRITICAL.
        message: The text.
        at: The time, in seconds since the epoch.
        run: Dagster's id of the run.
        source: The source concerned, if there is one.
        step: The step.
    """
    said = {"time": moment(at), "level": level, "run": run, "source": source, "step": step, "message": message}
    # In ASCII, so that no character of a foreign text ends the line or moves a cursor.
    return json.dumps(said)


def moment(at: float) -> str:
    """Formats seconds since the epoch as 2026-10-31T02:00:07Z."""
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
