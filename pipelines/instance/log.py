"""The log of a run: one line per event, for a scheduler's log file, people and programs.

Belongs here: the console logger of every run, as text or as JSON. Does not: terminal output (`cli`), or stack traces,
which Dagster keeps with the run's events.
"""

import logging
import re
from typing import Literal

import dagster as dg

from pipelines.instance import failures
from pipelines.instance.log_line import as_json, moment
from pipelines.instance.terminal import printable

Form = Literal["text", "json"]

_LEFT_OUT = re.compile(r"Dependencies for step .* Not executing\.", re.DOTALL)


class _Lines(logging.Formatter):
    """`2026-10-31T02:00:07Z WARNING landing: agency 2026-10-30: failed: no file …`, or the same as JSON."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        meta = getattr(record, "dagster_meta", {})
        event = meta.get("dagster_event")
        step = meta.get("step_key") or (event and event.step_key) or "run"
        error = event.event_specific_data.error if event and event.is_step_failure else None
        said = " ".join((failures.said(error) if error else _message(record)).split())
        if self._form == "text":
            return f"{moment(record.created)} {record.levelname} {step}: {printable(said)}"
        return as_json(
            record.levelname, said, at=record.created, run=meta.get("run_id") or "", step=step,
            source=getattr(record, "source", ""),
        )  # fmt: skip


def _is_news(record: logging.LogRecord) -> bool:
    """Ignores steps that were skipped because another one failed: Dagster reports each of them."""
    return not _LEFT_OUT.match(_message(record))


def _message(record: logging.LogRecord) -> str:
    """Returns the message without Dagster's prefix."""
    return str(getattr(record, "dagster_meta", {}).get("orig_message") or record.getMessage())


def console(form: Form) -> dg.LoggerDefinition:
    """Returns the logger of runs, which writes to standard error."""

    @dg.logger(
        {"log_level": dg.Field(str, is_required=False, default_value="INFO", description="The lowest level written.")},
        description="One line an event.",
    )
    def lines(context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("smallvoices", level=context.logger_config["log_level"])  # noqa: LOG001 - one a run
        handler = logging.StreamHandler()
        handler.setFormatter(_Lines(form))
        handler.addFilter(_is_news)
        logger.addHandler(handler)
        return logger

    return lines
