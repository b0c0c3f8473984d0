"""The output of a command while it runs: its stream, its verbosity, and its messages.

Belongs here: the console of a command, its log level, its bars, and its messages on standard error. Does not: which
commands there are (`cli`), or the tables at the end of a run (`summary`).
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich import filesize
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from assets.storage import progress
from pipelines.instance import log_line
from pipelines.instance.terminal import printable


def opened(*, as_json: bool) -> Console:
    """Returns the console of a command; programs that read JSON do not see its output."""
    # Wide enough for the tables where there is no terminal to ask, and kept out of JSON on either stream.
    width = None if sys.stdout.isatty() else 160
    return Console(stderr=as_json, width=width, highlight=False, quiet=as_json and _logs_json())


def log_level(console: Console) -> str:
    """Returns the lowest level that a run logs; on a terminal the bars show progress instead."""
    return "CRITICAL" if console.is_terminal and not _logs_json() else "INFO"


def _logs_json() -> bool:
    """Reports whether standard error is for programs; unreadable settings count as no."""
    settings = click.get_current_context().obj
    return settings is not None and settings.log == "json"


def say(level: str, message: str, run: str = "") -> None:
    """Writes a message of the command to standard error, as a line of the log where that is JSON."""
    if _logs_json():
        click.echo(log_line.as_json(level, message, at=time.time(), run=run, step="command"), err=True)
    else:
        click.echo(f"{level.capitalize()}: {printable(message)}", err=True)


class _Amount(ProgressColumn):
    """The amount of a step that is done, and its speed."""

    def render(self, task: Task) -> Text:
        """Renders rows or files, or bytes and bytes a second."""
        if task.fields["unit"] != "bytes":
            return Text(f"{task.completed:,.0f} {task.fields['unit']}")
        rate = f", {filesize.decimal(int(task.speed))}/s" if task.speed else ""
        note = f", {task.fields['note']}" if task.fields.get("note") else ""
        return Text(f"{filesize.decimal(int(task.completed))}{rate}{note}")


@contextmanager
def bars(console: Console) -> Iterator[None]:
    """Shows a bar per source while it is read, on a terminal; elsewhere the log shows progress."""
    if not console.is_terminal:
        yield
        return
    # A separate file: while a step runs, Dagster redirects the terminal output of this process to a log.
    with (
        os.fdopen(os.dup(console.file.fileno()), "w", encoding="utf-8") as terminal,
        Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), _Amount(), TimeElapsedColumn(),
            TimeRemainingColumn(), transient=True,
            console=Console(file=terminal, force_terminal=True, width=console.width),
        ) as shown,
    ):  # fmt: skip
        tasks: dict[tuple[str, str], Any] = {}

        def show(step: str, done: int, *, total: int | None, unit: progress.Unit, note: str) -> None:
            if (step, unit) not in tasks:
                tasks[step, unit] = shown.add_task(f"pull {step}" if unit == "bytes" else step, unit=unit)
            shown.update(tasks[step, unit], completed=done, total=total, note=note)

        with progress.listening(show):
            yield
