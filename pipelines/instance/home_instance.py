"""The Dagster instance of a home, with its storage in files of the home or in PostgreSQL.

Belongs here: opening it, and reporting errors of its storage. Does not: what runs in it (`pipelines/runs`).
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import DBAPIError

from assets.storage import atomic_write
from pipelines.instance import orphaned_runs
from schemas.first_line import first_line
from schemas.settings import POSTGRES, Settings, SettingsError

# Errors of the disk, whichever home is used.
_WITHOUT_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
_REFUSED_BY_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def require_storage(settings: Settings) -> None:
    """Refuses to start a second storage in files if the home's own dagster.yaml has storage in PostgreSQL.

    Raises:
        SettingsError: The home's own dagster.yaml configures PostgreSQL, and the environment does not.
    """
    said = settings.dagster_home / "dagster.yaml"
    if not settings.dagster_in_postgres and said.exists() and POSTGRES in said.read_text(encoding="utf-8"):
        raise SettingsError(
            f"{POSTGRES}: not set, and Dagster's storage of {settings.home} is in PostgreSQL; set it as the nightly "
            f"run has it, or, where runs are to be kept in files from now on, remove {said}"
        )


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """Opens the Dagster instance of the home, with the project's dagster.yaml, and names it in the environment.

    Raises:
        SettingsError: The home cannot be created or written to, or Dagster's storage is unavailable or
            not configured.
    """
    if settings.dagster_in_postgres and find_spec("dagster_postgres") is None:
        raise SettingsError(
            f"{POSTGRES}: needs the package dagster-postgres; install deploy/requirements.lock in place of "
            "requirements.lock"
        )
    require_storage(settings)
    settings.export()
    parts = ["dagster.yaml", *(["postgres_storage.yaml"] if settings.dagster_in_postgres else [])]
    said = "".join(Path(__file__).with_name(part).read_text(encoding="utf-8") for part in parts)
    try:
        # Two processes that create Dagster's tables at once break them permanently.
        with naming_storage(settings), atomic_write.exclusive_lock(settings.dagster_home):
            aside = settings.dagster_home / "dagster.yaml.new"
            aside.write_text(said, encoding="utf-8")
            aside.replace(settings.dagster_home / "dagster.yaml")
            return dg.DagsterInstance.get()
    except OSError as error:
        if error.errno in _WITHOUT_ROOM:
            raise atomic_write.DiskError(error.errno, error.strerror, str(settings.dagster_home)) from error
        raise SettingsError(f"home {settings.home}: {error.strerror}; name another folder with --home") from error


@contextmanager
def existing_instance(settings: Settings) -> Iterator[dg.DagsterInstance | None]:
    """Opens Dagster's instance of a home; returns None before the first run.

    Opening an instance that does not exist would create it.

    Raises:
        SettingsError: Dagster's storage is in PostgreSQL, and its address is not configured.
    """
    require_storage(settings)
    if not (settings.dagster_home / "dagster.yaml").exists():
        yield None
        return
    with naming_storage(settings), dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield instance


@contextmanager
def naming_storage(settings: Settings) -> Iterator[None]:
    """Adds Dagster's folder to disk errors of SQLite, which name neither the file nor the remedy.

    Raises:
        DiskError: The disk is full, broken or read-only.
    """
    try:
        yield
    except DBAPIError as error:
        # The low byte of a code is its category.
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code not in _REFUSED_BY_DISK:
            raise
        raise atomic_write.DiskError(errno.EIO, first_line(error.orig), str(settings.dagster_home)) from error


def mark_dead(settings: Settings) -> None:
    """Marks killed runs as failed in Dagster, before its daemon counts them."""
    with open_instance(settings) as instance:
        orphaned_runs.mark(instance)
