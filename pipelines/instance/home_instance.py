"""The Dagster instance of a home, with its storage in files of the home or in PostgreSQL.

Belongs here: opening it, and naming what is wrong with its storage. Does not: what runs in it (`pipelines/runs`).
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

# Of another home these say nothing: what is wrong is the disk.
_WITHOUT_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EIO}
_REFUSED_BY_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


def require_storage(settings: Settings) -> None:
    """Has whoever forgot to say that Dagster's storage is in PostgreSQL say so, before another is begun in files.

    Raises:
        SettingsError: It is there by the home's own dagster.yaml, and not by the environment.
    """
    said = settings.dagster_home / "dagster.yaml"
    if not settings.dagster_in_postgres and said.exists() and POSTGRES in said.read_text(encoding="utf-8"):
        raise SettingsError(
            f"{POSTGRES}: not set, and Dagster's storage of {settings.home} is in PostgreSQL; set it as the nightly "
            f"run has it, or, where runs are to be kept in files from now on, remove {said}"
        )


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The Dagster instance of the home, with the project's dagster.yaml, and named in the environment.

    Raises:
        SettingsError: The home cannot be made, or not be written to; or Dagster cannot be stored where it should, or
            nothing says where that is.
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
        # Two processes that make Dagster's tables at once break them for good.
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
    """Dagster's instance of a home, or None where nothing has run yet: opening one that is not there would make it.

    Raises:
        SettingsError: Dagster's storage is in PostgreSQL, and nothing here says where.
    """
    require_storage(settings)
    if not (settings.dagster_home / "dagster.yaml").exists():
        yield None
        return
    with naming_storage(settings), dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        yield instance


@contextmanager
def naming_storage(settings: Settings) -> Iterator[None]:
    """Has what the disk refuses SQLite name Dagster's folder: SQLite names neither the file nor what to do.

    Raises:
        DiskError: The disk is full, broken or read-only.
    """
    try:
        yield
    except DBAPIError as error:
        # The low byte of a code says what it is about.
        code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
        if code not in _REFUSED_BY_DISK:
            raise
        raise atomic_write.DiskError(errno.EIO, first_line(error.orig), str(settings.dagster_home)) from error


def mark_dead(settings: Settings) -> None:
    """Has Dagster know of runs that were killed, before its daemon counts them."""
    with open_instance(settings) as instance:
        orphaned_runs.mark(instance)
