"""A small home for faults, and its invariants afterwards.

Belongs here: building it, running steps of a nightly run in it, and reading its state. All of it runs in forks
(`syscalls.run`): this process itself must never start a thread of polars or DuckDB.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg
import duckdb
import polars as pl

from assets.importing.importing import import_date
from assets.landing import store
from assets.publishing.content_hash import contents
from assets.retention import temp_cleanup
from pipelines.build import build_defs
from pipelines.instance import failures
from pipelines.jobs import NIGHTLY
from schemas.config import sources_file
from schemas.published import LEFT_OUT
from tests.factories.published_home import Home, make

NEXT = "2026-11-01"
# As many as on the days before: a source with a row count drop is rejected.
_ACCOUNTS = 200


@dataclass(frozen=True)
class Shown:
    """The data that a reader of the published file sees."""

    generation: int
    content_hash: str


@contextmanager
def template() -> Iterator[Path]:
    """Builds a folder with a published home of three days, and an unpulled export of a fourth."""
    with made(_publish_three_days) as folder:
        yield folder


@contextmanager
def made(fill: Callable[[Path], None]) -> Iterator[Path]:
    """Builds a folder to copy homes from."""
    with TemporaryDirectory(prefix="smallvoices-faults-") as scratch:
        Path(scratch).chmod(0o755)
        # Views contain the path of their folder: a copy must be at the same path.
        work = Path(scratch) / "work"
        work.mkdir()
        fill(work)
        yield work.rename(work.with_name("made"))


def _publish_three_days(folder: Path) -> None:
    home = make(folder)
    shutil.rmtree(home.settings.dagster_home)
    export(home, NEXT, 3)


@contextmanager
def copied(folder: Path) -> Iterator[Home]:
    """Copies a folder to its original path during the block."""
    place = folder.with_name("work")
    shutil.copytree(folder, place, symlinks=True)
    try:
        yield Home(place)
    finally:
        shutil.rmtree(place)


def export(home: Home, day: str, factor: int) -> None:
    """Writes the export of a day; the factor changes the figures."""
    accounts = [
        {
            "platform": "instagram", "profile_id": f"{place:04}", "handle": f"h{place}", "sector": "food",
            "followers": 2000 + place * factor, "avg_likes": 90 + place, "avg_comments": 5,
        }
        for place in range(_ACCOUNTS)
    ]  # fmt: skip
    # Two rows of one account, and one invalid row: every table has rows.
    accounts += [accounts[0], accounts[1] | {"profile_id": "bad", "followers": -1}]
    (home.folder / f"{day}.ndjson").write_text("".join(json.dumps(account) + "\n" for account in accounts))


def land(home: Home, day: str = NEXT, *, force: bool = False) -> str:
    """Pulls a day, as the first step of a nightly run; returns the hash of the landed content."""
    settings, loaded = home.settings, sources_file.load(home.settings.sources_file)
    temp_cleanup.sweep(settings)
    (source,) = loaded.sources
    manifest = store.land(
        source, loaded.shape(source), date.fromisoformat(day), landing=settings.landing, folder=home.folder, force=force
    )
    if manifest.state != "complete":
        raise OSError(manifest.message)
    return manifest.content


def import_day(home: Home, day: str = NEXT) -> None:
    """Imports a landed day."""
    temp_cleanup.sweep(home.settings)
    import_date(
        home.settings, sources_file.load(home.settings.sources_file), date.fromisoformat(day), f"run-{os.getpid()}"
    )


def night(home: Home, day: str = NEXT) -> None:
    """Runs the nightly job in this process, with an ephemeral Dagster instance.

    Raises:
        RuntimeError: It failed; with the error of the failed step.
    """
    job = build_defs(home.settings, sources_file.load(home.settings.sources_file)).resolve_job_def(NIGHTLY)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=day, raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )  # fmt: skip
    for event in result.filter_events(lambda event: event.is_step_failure):
        raise RuntimeError(failures.of_step(event))


def shown(home: Home) -> Shown:
    """Returns the published data, after checking that its tables match their statement in every format.

    Raises:
        AssertionError: They do not match.
    """
    with duckdb.connect(str(home.published / "micro_influencers.duckdb"), read_only=True) as connection:
        name = connection.execute("SELECT current_database()").fetchall()[0][0]
        generation, stated = connection.execute("SELECT generation, content_hash FROM _meta").fetchall()[0]
        assert contents(connection, name, LEFT_OUT).content_hash == stated
    with duckdb.connect(str(home.published / "latest.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM _meta").fetchall() == [(1,)]
    described = home.manifest
    for file in described["parquet"].values():
        found = (home.published / described["folder"] / file["path"]).read_bytes()
        assert hashlib.sha256(found).hexdigest() == file["sha256"]
    return Shown(generation, stated)


def tables(home: Home, day: str = NEXT) -> dict[str, str]:
    """Returns a hash of each existing lake table of a day.

    Raises:
        polars.exceptions.ComputeError: One of them is corrupt.
    """
    found = {}
    for path in sorted(home.settings.lake.glob(f"*/snapshot_date={day}/data.parquet")):
        frame = pl.read_parquet(path)
        found[path.parent.parent.name] = hashlib.sha256(repr(frame.sort(pl.all()).rows()).encode()).hexdigest()
    return found


def landed(home: Home, day: str = NEXT) -> str | None:
    """Returns the landed files of a day, after checking their bytes against the manifest.

    Raises:
        AssertionError: They do not match.
    """
    manifest = store.newest_complete(home.settings.landing, "plain", date.fromisoformat(day))
    for file in manifest.files if manifest else ():
        bytes_ = (home.settings.landing / file.path).read_bytes()
        assert hashlib.sha256(bytes_).hexdigest() == file.sha256, file.path
    return manifest.content if manifest else None


def leftovers(home: Home) -> list[str]:
    """Returns temporary files in a home, except locks."""
    root = home.settings.home
    temp_files = [path for path in root.rglob("*") if ".tmp" in path.name or path.name.startswith(".build-")]
    spilled = list(home.settings.scratch.glob("*"))
    kept = {manifest.content for manifest in _manifests(home)}
    unrecorded = [path for path in home.settings.landing.glob("*/*/*") if path.name not in {*kept, "manifests"}]
    return sorted({str(path.relative_to(root)) for path in (*temp_files, *spilled, *unrecorded)})


def _manifests(home: Home) -> Iterator[Any]:
    for place in home.settings.landing.glob("*/*"):
        yield from store.pulls(home.settings.landing, place.parent.name, date.fromisoformat(place.name))


def remove(folder: Path) -> None:
    """Removes a folder and its content."""
    shutil.rmtree(folder)
