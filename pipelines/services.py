"""Dagster's own processes, as this one becomes them: the UI and the daemon, together or each by itself.

Belongs here: how they are started, on 127.0.0.1. Does not: what keeps them running (`deploy/`).
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from pipelines import runs
from pipelines.settings import REPOSITORY, Settings

_WORKSPACE = ["-w", str(REPOSITORY / "workspace.yaml")]


def ui(settings: Settings, port: int) -> NoReturn:
    """The UI with its scheduler."""
    _become(settings, "dagster", "dev", *_WORKSPACE, "-h", "127.0.0.1", "-p", str(port))


def webserver(settings: Settings, port: int) -> NoReturn:
    """The UI alone."""
    _become(settings, "dagster-webserver", *_WORKSPACE, "-h", "127.0.0.1", "-p", str(port))


def daemon(settings: Settings) -> NoReturn:
    """The daemon alone: schedule, automation, backfills and watching over runs."""
    _become(settings, "dagster-daemon", "run", *_WORKSPACE)


def _become(settings: Settings, program: str, *arguments: str) -> NoReturn:
    runs.mark_dead(settings)
    executable = Path(sys.executable).with_name(program)
    form = ["--log-format", "json"] if settings.log == "json" else []
    # Whatever Python files lie where this was typed must not be taken for modules of Dagster's.
    os.chdir(settings.dagster_home)
    os.execv(executable, [str(executable), *arguments, *form])  # noqa: S606 - our own
