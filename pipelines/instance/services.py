"""Dagster's own processes, as this one becomes them: the UI and the daemon, together or each by itself.

Belongs here: how they are started, on 127.0.0.1. Does not: what keeps them running (`deploy/`).
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
    """The home, or the port, has such a service already; the message says where."""


def ui(settings: Settings, port: int) -> NoReturn:
    """The UI with its scheduler, which each home has one of.

    Raises:
        ServiceRunningError: There is one already, or something else has the port.
    """
    home_instance.mark_dead(settings)
    _be_the_only_ui(settings, f"http://{_LOOPBACK}:{port}")
    _require_free(port, _LOOPBACK)
    _become(settings, "dagster", "dev", *_WORKSPACE, "-h", _LOOPBACK, "-p", str(port))


def webserver(settings: Settings, host: str, port: int) -> NoReturn:
    """The UI alone, on an address of this machine.

    Raises:
        ServiceRunningError: Something else has the port.
    """
    home_instance.mark_dead(settings)
    _require_free(port, host)
    _become(settings, "dagster-webserver", *_WORKSPACE, "-h", host, "-p", str(port))


def daemon(settings: Settings) -> NoReturn:
    """The daemon alone: schedule, automation, backfills and watching over runs."""
    home_instance.mark_dead(settings)
    _become(settings, "dagster-daemon", "run", *_WORKSPACE)


def _be_the_only_ui(settings: Settings, address: str) -> None:
    """Holds a lock for as long as this process lives, whatever it becomes; the system frees it, however that ends."""
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
    """Dagster itself would say that it serves there, and go on without a UI."""
    with socket.socket() as trial:
        # As the UI itself binds: a port that another one has just left is free.
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise ServiceRunningError(f"port {port}: {error.strerror}; name another with --port") from error


def _become(settings: Settings, program: str, *arguments: str) -> NoReturn:
    executable = Path(sys.executable).with_name(program)
    form = ["--log-format", "json"] if settings.log == "json" else []
    # Whatever Python files lie where this was typed must not be taken for modules of Dagster's.
    os.chdir(settings.dagster_home)
    os.execv(executable, [str(executable), *arguments, *form])  # noqa: S606 - our own
