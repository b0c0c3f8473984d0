"""Dagster's own processes, which replace this one: the UI and the daemon, together or separately.

Belongs here: how they are started, on 127.0.0.1. Does not: supervising them (`deploy/`).
"""

import fcntl
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from pipelines.instance import home_instance
from schemas.settings import Settings

_LONGEST = 200
_LOOPBACK = "127.0.0.1"
_WORKSPACE = ["-w", str(Path(__file__).with_name("workspace.yaml"))]


class ServiceRunningError(Exception):
    """The home, or the port, already has such a service; the message names it."""


def ui(settings: Settings, port: int) -> NoReturn:
    """Starts the UI with its scheduler, of which each home has one.

    Raises:
        ServiceRunningError: One is running already, or the port is in use.
    """
    home_instance.mark_dead(settings)
    _be_the_only_ui(settings, f"http://{_LOOPBACK}:{port}")
    _require_free(port, _LOOPBACK)
    _become(settings, "dagster", "dev", *_WORKSPACE, "-h", _LOOPBACK, "-p", str(port))


def webserver(settings: Settings, host: str, port: int) -> NoReturn:
    """Starts the UI alone, on an address of this machine.

    Raises:
        ServiceRunningError: The port is in use.
    """
    home_instance.mark_dead(settings)
    _require_free(port, host)
    _become(settings, "dagster-webserver", *_WORKSPACE, "-h", host, "-p", str(port))


def daemon(settings: Settings) -> NoReturn:
    """Starts the daemon alone: schedule, automation, backfills and run monitoring."""
    home_instance.mark_dead(settings)
    _become(settings, "dagster-daemon", "run", *_WORKSPACE)


def _be_the_only_ui(settings: Settings, address: str) -> None:
    """Holds a lock for the lifetime of this process, across exec; the system releases it."""
    descriptor = os.open(settings.dagster_home / "ui.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        told = os.pread(descriptor, _LONGEST, 0).decode()
        raise ServiceRunningError(
            f"the UI of {settings.home} runs already: {told}; open that, or end it and run this again"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{address}, process {os.getpid()}".encode(), 0)
    os.set_inheritable(descriptor, True)


def _require_free(port: int, host: str) -> None:
    """Checks that the port is free: Dagster itself would report that it serves there, and continue without a UI."""
    with socket.socket() as trial:
        # Binds as the UI does: a port that was just released counts as free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise ServiceRunningError(f"port {port}: {error.strerror}; name another with --port") from error


def _become(settings: Settings, program: str, *arguments: str) -> NoReturn:
    executable = Path(sys.executable).with_name(program)
    form = ["--log-format", "json"] if settings.log == "json" else []
    # Python files in the current folder must not be imported in place of Dagster's modules.
    os.chdir(settings.dagster_home)
    os.execv(executable, [str(executable), *arguments, *form])  # noqa: S606 - our own
