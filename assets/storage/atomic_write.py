"""Writes that survive a crash: whole or not at all.

Belongs here: the order of fsync and rename that the commit protocol rests on, and telling what a killed writer has left
from what one is at work on: writers share a lock on the folder, which the system frees with them, however they end.
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
# What DuckDB says of each of them.
_SYNC = "fsync failed"


class DiskError(OSError):
    """The disk refuses something of the pipeline's own; the message names the file or folder."""

    def __str__(self) -> str:
        return f"{self.filename} cannot be written: {self.strerror}; make room or mend the disk, and run again"


def is_refusal(number: int | None) -> bool:
    """Whether a number of the system's is what a disk says that is full, over its quota, broken or read-only."""
    return number in _REFUSALS


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Has what the disk refuses name a path, where whoever met it does not: Arrow, Polars and fsync tell none."""
    try:
        yield
    except (OSError, ComputeError) as error:
        number = (isinstance(error, OSError) and error.errno) or _number(error)
        if isinstance(error, DiskError) or not is_refusal(number):
            raise
        raise DiskError(number, os.strerror(number), str(getattr(error, "filename", None) or path)) from error


@contextmanager
def naming_duckdb(path: Path) -> Iterator[None]:
    """Has a sync that the disk refuses, of a DuckDB file or its log, name the file: DuckDB only says that it failed."""
    try:
        yield
    except duckdb.Error as error:
        if _SYNC not in str(error):
            raise
        raise DiskError(errno.EIO, _SYNC, str(path)) from error


def is_of_disk(error: duckdb.Error) -> bool:
    """Whether the disk, and not what was asked for, is what DuckDB has stumbled over."""
    return isinstance(error, duckdb.FatalException) or _SYNC in str(error)


def _number(error: Exception) -> int:
    said = re.search(r"\(os error (\d+)\)", str(error))
    return int(said[1]) if said else 0


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Makes a file's bytes durable."""
    _sync(path, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    with naming(path):
        descriptor = os.open(path, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Writes a new file, UTF-8, and makes its bytes durable."""
    with naming(path):
        path.write_text(text, encoding="utf-8")
    sync_file(path)


@contextmanager
def shared_lock(folder: Path) -> Iterator[None]:
    """Says, while the block lasts, that what lies aside in a folder is being written; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Waits until no other process is in such a block, or at work, in a folder; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, fcntl.LOCK_EX):
        yield


@contextmanager
def temp_dir(folder: Path) -> Iterator[Path]:
    """Gives a folder of its own within `folder`, which goes when the block ends, or is swept where it was killed."""
    own = folder / f".{os.getpid()}-{os.urandom(4).hex()}.tmp"
    with shared_lock(folder):
        own.mkdir()
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def sweep(folder: Path, leftovers: Iterable[Path] | None = None) -> int:
    """Removes what killed writers have left in a folder, unless one is at work there.

    Args:
        folder: The folder that writers say they are at work in.
        leftovers: What to remove, looked for once nobody else is at work; by default whatever lies aside.

    Returns:
        How many files and folders went.
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
        pass  # they go another time
    return removed


def temp_files(folder: Path) -> Iterator[Path]:
    """Whatever lies aside in a folder, by a name as this module gives it."""
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
    """Gives a path to write to, and moves it onto `target` once the block ends well.

    Args:
        target: The file to make or replace.
        run_id: Tells concurrent writers apart.

    Yields:
        A path beside `target`, of its own to this run; gone again if the block raises.
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
