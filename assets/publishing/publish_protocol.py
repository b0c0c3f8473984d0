"""Publish protocol: a new generation is built in a temporary folder, verified by another process, and swapped in.

    published/micro_influencers.duckdb     the file that readers open, mode 0444
    published/manifest.json                all files of one generation, Parquet and CSV too
    published/latest.duckdb                views over the Parquet files of the latest generation
    published/latest                       a link to the newest generation
    published/generations/000012/          one whole generation

Belongs here: the commit protocol between the lake and readers. Does not: the choice of rows (`selects`), or building
files (`duckdb_file`, `flat_files`). Readers with an open file keep seeing it whole; newly opened files are the new
generation. A generation is deleted once two newer ones exist, and a minute later at the earliest, so that a client
that has just read the manifest finds its files.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import duckdb

from assets.publishing import content_hash, duckdb_file, flat_files, latest, manifest
from assets.publishing.content_hash import META, Contents
from assets.publishing.duckdb_file import Table
from assets.publishing.manifest import Manifest
from assets.storage import atomic_write
from assets.storage.engine import connect
from schemas.published import CONTRACT_VERSION, LEFT_OUT
from schemas.settings import REPOSITORY, Settings

FILE_NAME = content_hash.FILE_NAME
KEPT_GENERATIONS = 2
_KEPT_SECONDS = 60
_BUILDING = ".build-"


class PublishError(Exception):
    """The new generation was not swapped in; readers keep the old one. The message gives the reason."""


@dataclass(frozen=True)
class Generation:
    """A published generation."""

    number: int
    snapshot_date: date
    content_hash: str
    rows: int


def current(settings: Settings) -> Generation | None:
    """Returns the current generation, or None before the first."""
    path = settings.published / FILE_NAME
    if not path.exists():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute("SELECT generation, snapshot_date, content_hash, rows FROM _meta").fetchall()[0]
    except (duckdb.Error, IndexError) as error:
        raise PublishError(f"{path} cannot be read: {error}; move it away, and publish again") from error
    return Generation(*row)


def publish(
    settings: Settings, views: Sequence[tuple[str, str]], tables: Sequence[Table], snapshot_date: date, run_id: str
) -> Generation:
    """Builds, verifies and swaps in the next generation.

    Args:
        settings: Settings of the home.
        views: Name and SELECT of views over lake files.
        tables: The tables to publish, in build order.
        snapshot_date: The newest date in it.
        run_id: The run that builds.

    Returns:
        The new generation.

    Raises:
        PublishError: A newer snapshot is out already, the lock is held, another builder has taken over, or
            verification failed.
        ContractError: A table breaks its contract.
    """
    published = settings.published
    (published / "generations").mkdir(parents=True, exist_ok=True)
    with _locked(published / ".lock", settings.publish_wait_seconds) as lock:
        before, stated = current(settings), manifest.read(published)
        newest = max(before.number if before else 0, stated.generation if stated else 0)
        _sweep(published, newest)
        atomic_write.sweep(settings.scratch)
        if before and before.snapshot_date > snapshot_date:
            raise PublishError(
                f"generation {before.number} already shows {before.snapshot_date}, newer than {snapshot_date}; "
                "backfill that date first"
            )
        number = newest + 1
        building = Path(tempfile.mkdtemp(prefix=f"{_BUILDING}{number:06d}-", dir=published))
        try:
            built = _build(settings, building, views, tables, (number, snapshot_date, run_id))
            _swap(published, building, built, lambda: _fence(lock, settings, before))
        except Exception:
            # Any error of a builder that was replaced is a consequence of that.
            _fence(lock, settings, before)
            raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
        _follow(published, built)
        _prune(published)
    rows = sum(file.rows for name, file in built.parquet.items() if name != META)
    return Generation(number, snapshot_date, built.content_hash, rows)


@contextmanager
def _locked(path: Path, wait_seconds: int) -> Iterator[int]:
    """Holds the publisher's lock; the system releases it when its process ends."""
    deadline = time.monotonic() + wait_seconds
    while True:
        with path.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(file.fileno(), path):
                    yield file.fileno()
                    return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    held = f"another process has held {path} for {wait_seconds} s"
                    raise PublishError(f"{held}; see `fuser {path}`, and run again") from None
        time.sleep(0.2)


def _is_at(descriptor: int, path: Path) -> bool:
    """Returns whether an open file is still the one at a path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _fence(lock: int, settings: Settings, before: Generation | None) -> None:
    """Raises if another builder has published, or may have: this one was suspended, and lost its lock."""
    now = current(settings)
    if not _is_at(lock, settings.published / ".lock") or now != before:
        shown = f"generation {now.number} is out" if now and now != before else "its lock was taken away"
        raise PublishError(f"another publisher has taken over while this one stood still: {shown}") from None


def _build(
    settings: Settings,
    folder: Path,
    views: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    meta: tuple[int, date, str],
) -> Manifest:
    path = folder / FILE_NAME
    with atomic_write.naming_duckdb(path), connect(settings, settings.lake, settings.published) as connection:
        with flat_files.Writer(connection, folder) as flat:
            meant = duckdb_file.build(connection, path, views, tables, meta, flat.begin)
            parquet, csv = flat.finish()
        duckdb_file.close(connection)
    _verify(folder, meant)
    atomic_write.sync_file(path)
    path.chmod(0o444)
    built = Manifest(
        generation=meta[0],
        snapshot_date=meta[1],
        contract_version=CONTRACT_VERSION,
        code_version=version("smallvoices"),
        content_hash=meant.content_hash,
        folder=f"generations/{meta[0]:06d}",
        parquet=parquet,
        csv=csv,
    )
    stated = folder / manifest.FILE_NAME
    atomic_write.write_text(stated, built.model_dump_json(indent=1))
    stated.chmod(0o444)
    folder.chmod(0o755)
    atomic_write.sync_folder(folder)
    return built


def _verify(folder: Path, expected: Contents) -> None:
    """Verifies the files in a fresh process against the expected contents."""
    hashed = {table: sorted(columns) for table, columns in LEFT_OUT.items()}
    done = subprocess.run(  # noqa: S603 - this project's own module
        [sys.executable, "-m", "assets.publishing.content_hash", str(folder), json.dumps(hashed)],
        capture_output=True, text=True, check=False, cwd=REPOSITORY,
    )  # fmt: skip
    if done.returncode:
        raise PublishError(f"what was built cannot be read back: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    if Contents(**json.loads(done.stdout)) != expected:
        raise PublishError(
            f"what was built says {done.stdout.strip()} where {expected} was meant; the disk may be failing"
        )


def _swap(published: Path, building: Path, built: Manifest, fence: Callable[[], None]) -> None:
    """Moves the generation into place, then replaces the DuckDB file, which makes it visible."""
    generation = published / built.folder
    fence()
    # Each number is used by one builder: an existing folder is not replaced.
    building.rename(generation)
    os.utime(generation)
    atomic_write.sync_folder(generation.parent)
    fence()
    # A leftover WAL of the old file would be applied to the new one.
    (published / f"{FILE_NAME}.wal").unlink(missing_ok=True)
    _replace(published / FILE_NAME, lambda aside: aside.hardlink_to(generation / FILE_NAME))


def _follow(published: Path, built: Manifest) -> None:
    """Updates the other entry points (manifest, links) to the generation of the DuckDB file, which is now public."""
    (published / f"{FILE_NAME}.wal").unlink(missing_ok=True)
    _replace(published / "latest", lambda aside: aside.symlink_to(built.folder))
    latest.write(published)
    _replace(
        published / manifest.FILE_NAME,
        lambda aside: aside.hardlink_to(published / built.folder / manifest.FILE_NAME),
    )
    atomic_write.sync_folder(published)


def _replace(target: Path, make: Callable[[Path], None]) -> None:
    """Creates a file or link beside `target` and renames it over, so that `target` always exists."""
    aside = target.with_name(f"{_BUILDING}{target.name}")
    aside.unlink(missing_ok=True)
    make(aside)
    aside.replace(target)


def _sweep(published: Path, newest: int) -> None:
    """Removes what killed builders left: a partial generation, or a whole one that was never visible."""
    for orphan in published.glob(f"{_BUILDING}*"):
        if orphan.is_dir() and not orphan.is_symlink():
            shutil.rmtree(orphan)
        else:
            orphan.unlink()
    for number in _numbers(published):
        if number > newest:
            shutil.rmtree(published / f"generations/{number:06d}")
    atomic_write.sweep(published)


def generations(published: Path) -> list[Path]:
    """Lists the existing generations, oldest first; ignores other files."""
    found = [path for path in (published / "generations").glob("[0-9]*") if re.fullmatch("[0-9]{6,}", path.name)]
    return sorted(filter(Path.is_dir, found), key=lambda path: int(path.name))


def _numbers(published: Path) -> list[int]:
    return [int(path.name) for path in generations(published)]


def keep_newest_only(settings: Settings) -> None:
    """Removes every generation but the newest immediately, for an erasure."""
    published = settings.published
    with _locked(published / ".lock", settings.publish_wait_seconds):
        for number in _numbers(published)[:-1]:
            shutil.rmtree(published / f"generations/{number:06d}")


def _prune(published: Path) -> None:
    numbers = _numbers(published)
    for number, successor in list(pairwise(numbers))[: 1 - KEPT_GENERATIONS]:
        replaced_at = (published / f"generations/{successor:06d}").stat().st_mtime
        if time.time() - replaced_at > _KEPT_SECONDS:
            shutil.rmtree(published / f"generations/{number:06d}")
