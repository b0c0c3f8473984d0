"""What a run writes to the log: one line an event, for a scheduler's log file and for people who grep it.

Belongs here: the console logger of every run. Does not: what is shown on a terminal (`cli`), or stack traces, which
Dagster keeps with the run's events.
"""

import logging
from datetime import UTC, datetime

import dagster as dg

from pipelines.terminal import printable

_FAILURE = f"{dg.Failure.__module__}.{dg.Failure.__name__}: "


class _OneLine(logging.Formatter):
    """`2026-10-31T02:00:07Z WARNING landing: agency 2026-10-30: failed: no file …`."""

    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        step = meta.get("step_key") or (event and event.step_key) or "run"
        message = str(meta.get("orig_message") or record.getMessage())
        failure = event.event_specific_data.error if event and event.is_step_failure else None
        while failure and failure.cause:
            failure = failure.cause
        said = " ".join(str(failure.message if failure else message).split()).removeprefix(_FAILURE)
        at = datetime.fromtimestamp(record.created, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"{at} {record.levelname} {step}: {printable(said)}"


@dg.logger(
    {"log_level": dg.Field(str, is_required=False, default_value="INFO", description="The lowest level written.")},
    description="One line an event.",
)
def console(context: dg.InitLoggerContext) -> logging.Logger:
    """Writes to standard error."""
    logger = logging.Logger("smallvoices", level=context.logger_config["log_level"])  # noqa: LOG001 - one a run
    handler = logging.StreamHandler()
    handler.setFormatter(_OneLine())
    logger.addHandler(handler)
    return logger
