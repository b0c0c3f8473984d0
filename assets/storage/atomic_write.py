"""Atomic writes: whole or not at all, also after a crash.

Belongs here: the order of fsync and rename that the commit protocol relies on, and separating files of killed writers
from files in use: writers share a lock on the folder, which the system releases when their process ends.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from polars.exceptions import ComputeError

_REFUSALS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})
# DuckDB's text for each of them.
_SYNC = "fsync failed"


class DiskError(OSError):
    """The disk refuses a write or read of the pipeline's own files; the message names the file or folder."""

    def __str__(self) -> str:
        return f"{self.filename} cannot be written: {self.strerror}; make room or mend the disk, and run again"


def is_refusal(number: int | None) -> bool:
    """Returns whether an errno means a disk that is full, over its quota, broken or read-only."""
    return number in _REFUSALS


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Adds a path to disk errors that lack one: Arrow, Polars and fsync give none."""
    try:
        yield
    except (OSError, ComputeError) as error:
        number = (isinstance(error, OSError) and error.errno) or _number(error)
        if isinstance(error, DiskError) or not is_refusal(number):
            raise
        raise DiskError(number, os.strerror(number), str(getattr(error, "filename", None) or path)) from error


@contextmanager
def naming_duckdb(path: Path) -> Iterator[None]:
    """Adds the file's name to a failed sync of a DuckDB file or its log; DuckDB gives none."""
    try:
        yield
    except duckdb.Error as error:
        if _SYNC not in str(error):
            raise
        raise DiskError(errno.EIO, _SYNC, str(path)) from error


def is_of_disk(error: duckdb.Error) -> bool:
    """Returns whether a DuckDB error was caused by the disk, not by the query."""
    return isinstance(error, duckdb.FatalException) or _SYNC in str(error)


def _number(error: Exception) -> int:
    said = re.search(r"\(os error (\d+)\)", str(error))
    return int(said[1]) if said else 0


def sync_folder(folder: Path) -> None:
    """Syncs a folder, which makes the names in it durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Syncs a file, which makes its bytes durable."""
    _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    with naming(path):
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Writes a new file, UTF-8, and syncs it."""
    with naming(path):
        path.write_text(text, encoding="utf-8")
    sync_file(path)


@contextmanager
def shared_lock(folder: Path) -> Iterator[None]:
    """Marks the temporary files in a folder as in use while the block runs; creates the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Waits until no other process holds a shared or exclusive lock on a folder; creates the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def temp_dir(folder: Path) -> Iterator[Path]:
    """Yields a new folder within `folder`, deleted when the block ends, or by a sweep if the process was killed."""
    own = folder / f".{os.getpid()}-{os.urandom(4).hex()}.tmp"
    with shared_lock(folder):
        own.mkdir()
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def sweep(folder: Path, leftovers: Iterable[Path] | None = None) -> int:
    """Deletes the files of killed writers in a folder, unless a writer is active there.

    Args:
        folder: The folder that writers have locked.
        leftovers: The files to remove, listed once no writer is active; by default all temporary files.

    Returns:
        Number of removed files and folders.
    """
    if not folder.is_dir():
        return 0
    removed = 0
    try:
        with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
            for path in leftovers if leftovers is not None else temp_files(folder):
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
                removed += 1
    except BlockingIOError:
        pass  # a later sweep removes them
    return removed


def temp_files(folder: Path) -> Iterator[Path]:
    """Lists the temporary files in a folder, by the names that this module gives."""
    return folder.glob(".*.tmp*")


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def replacing(target: Path, run_id: str) -> Iterator[Path]:
    """Yields a path to write to, and moves it onto `target` if the block succeeds.

    Args:
        target: The file to make or replace.
        run_id: Distinguishes concurrent writers.

    Yields:
        A path beside `target`, unique to this run; deleted if the block raises.
    """
    aside = target.parent / f".{target.name}.{run_id}.tmp"
    with shared_lock(target.parent):
        try:
            with naming(aside):
                yield aside
            sync_file(aside)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
        sync_folder(target.parent)
