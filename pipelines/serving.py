"""The published DuckDB file: built aside, verified by another process, swapped in.

    published/micro_influencers.duckdb              what readers open, mode 0444
    published/generations/000012.duckdb             the last two generations, under their numbers

Belongs here: the commit protocol between the lake and readers. Does not: which rows are published
(`assets/published.py`). Readers that hold the old file keep seeing it whole; who opens anew sees the new one.
"""

import fcntl
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl
from pandera.polars import DataFrameModel

from pipelines import durable
from pipelines.content_hash import META, Contents, content_hash, contents
from pipelines.engine import connect
from pipelines.settings import Settings
from schemas.describe import columns, summary
from schemas.published import CONTRACT_VERSION, TABLES
from schemas.quoting import identifier, literal
from schemas.validation import ContractError, validate

FILE_NAME = "micro_influencers.duckdb"
KEPT_GENERATIONS = 2
# The oldest storage format that all DuckDB clients since 1.0 read.
STORAGE_VERSION = "v1.0.0"
LOCK_TIMEOUT_SECONDS = 300
_VALIDATED_ROWS = 250_000


class PublishError(Exception):
    """The new generation was not swapped in; readers keep the old one. The message says why."""


@dataclass(frozen=True)
class Table:
    """One table to publish: its name and the SELECT that fills it, over lake views and tables before it."""

    name: str
    sql: str


@dataclass(frozen=True)
class Generation:
    """What is published."""

    number: int
    snapshot_date: date
    content_hash: str
    rows: int


def current(settings: Settings) -> Generation | None:
    """The generation that readers see now, or None before the first."""
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
        settings: Where to work.
        views: Name and SELECT of views over lake files.
        tables: What to publish, in order of building.
        snapshot_date: The newest date in it.
        run_id: The run that builds.

    Returns:
        The new generation.

    Raises:
        PublishError: A newer snapshot is out already, the lock is held, or verification failed.
        ContractError: A table breaks its contract.
    """
    settings.published.mkdir(parents=True, exist_ok=True)
    with _locked(settings.published / ".lock"):
        for orphan in settings.published.glob(".build-*"):
            orphan.unlink()
        before = current(settings)
        if before and before.snapshot_date > snapshot_date:
            raise PublishError(
                f"generation {before.number} already shows {before.snapshot_date}, newer than {snapshot_date}; "
                "backfill that date first"
            )
        number = before.number + 1 if before else 1
        target = settings.published / FILE_NAME
        built = settings.published / f".build-{number:06d}.duckdb"
        try:
            expected = _build(settings, built, views, tables, number, snapshot_date, run_id)
            _verify(built, expected)
            durable.sync_file(built)
            built.chmod(0o444)
            _keep(settings.published / "generations", built, number)
            built.replace(target)
            # A log that a client left beside the old file would be taken for the new one's.
            target.with_name(f"{FILE_NAME}.wal").unlink(missing_ok=True)
            durable.sync_folder(settings.published)
        finally:
            for leftover in settings.published.glob(".build-*"):
                leftover.unlink()
    return Generation(number, snapshot_date, expected.content_hash, sum(expected.rows.values()) - 1)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Holds the publisher's lock; the system frees it with its holder, however that ends."""
    with path.open("w") as file:
        deadline = time.monotonic() + LOCK_TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    held = f"another process has held {path} for {LOCK_TIMEOUT_SECONDS} s"
                    raise PublishError(f"{held}; see `fuser {path}`, and run again") from None
                time.sleep(0.2)
        yield


def _build(
    settings: Settings,
    path: Path,
    views: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    number: int,
    snapshot_date: date,
    run_id: str,
) -> Contents:
    with connect(settings, settings.lake, settings.published) as connection:
        connection.execute(f"ATTACH {literal(path)} AS pub (STORAGE_VERSION '{STORAGE_VERSION}')")
        for name, sql in views:
            connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        for table in tables:
            model = TABLES[table.name]
            types = {column.name: column.duckdb_type for column in columns(model)}
            order = [row[0] for row in connection.execute(f"DESCRIBE {table.sql}").fetchall()]
            if set(order) != set(types):
                raise ContractError(
                    f"{table.name}: columns differ from the contract: {sorted(set(order) ^ set(types))}"
                )
            cells = ", ".join(f"CAST({identifier(name)} AS {types[name]}) AS {identifier(name)}" for name in order)
            connection.execute(f"CREATE TABLE pub.main.{table.name} AS SELECT {cells} FROM ({table.sql})")
            # Tables built later read this one, under its published name.
            connection.execute(f"CREATE OR REPLACE TEMP VIEW {table.name} AS SELECT * FROM pub.main.{table.name}")
            _check(connection, table.name, model)
        _add_meta(connection, number, snapshot_date, run_id)
        for name, model in TABLES.items():
            connection.execute(f"COMMENT ON TABLE pub.main.{name} IS {literal(summary(model))}")
            for column in columns(model):
                connection.execute(f"COMMENT ON COLUMN pub.main.{name}.{column.name} IS {literal(column.comment)}")
        meant = contents(connection, "pub")
        connection.execute("CHECKPOINT pub")
        connection.execute("DETACH pub")
    return meant


def _add_meta(connection: duckdb.DuckDBPyConnection, number: int, snapshot_date: date, run_id: str) -> None:
    spec = ", ".join(f"{column.name} {column.duckdb_type}" for column in columns(TABLES[META]))
    rows = sum(
        connection.execute(f"SELECT count(*) FROM pub.main.{name}").fetchall()[0][0] for name in TABLES if name != META
    )
    built_at = datetime.now(tz=UTC).replace(tzinfo=None)
    connection.execute(f"CREATE TABLE pub.main.{META} ({spec})")
    connection.execute(
        f"INSERT INTO pub.main.{META} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            number,
            snapshot_date,
            run_id,
            built_at,
            CONTRACT_VERSION,
            version("smallvoices"),
            content_hash(connection, "pub"),
            rows,
        ],
    )


def _check(connection: duckdb.DuckDBPyConnection, name: str, model: type[DataFrameModel]) -> None:
    if name == "micro_influencers":
        return  # the very rows of accounts, which have been checked
    names = [column.name for column in columns(model)]
    for batch in connection.sql(f"SELECT * FROM pub.main.{name}").to_arrow_reader(_VALIDATED_ROWS):
        failures = validate(model, pl.DataFrame(batch).select(names))
        if failures.height:
            raise ContractError(f"{name}: {failures.height} rows break the contract; the first: {failures.row(0)[2]}")


def _verify(path: Path, expected: Contents) -> None:
    """Reads the file in a fresh process and compares what it says with what was meant."""
    done = subprocess.run(  # noqa: S603 - this project's own module
        [sys.executable, "-m", "pipelines.content_hash", str(path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parent.parent,
    )  # fmt: skip
    if done.returncode:
        raise PublishError(f"the built file cannot be read back: {done.stderr.strip().splitlines()[-1:]}")
    if Contents(**json.loads(done.stdout)) != expected:
        raise PublishError(
            f"the built file says {done.stdout.strip()} where {expected} was meant; the disk may be failing"
        )


def _keep(folder: Path, built: Path, number: int) -> None:
    folder.mkdir(exist_ok=True)
    kept = folder / f"{number:06d}.duckdb"
    kept.unlink(missing_ok=True)
    kept.hardlink_to(built)
    for old in sorted(folder.glob("[0-9]*.duckdb"))[:-KEPT_GENERATIONS]:
        old.unlink()
    durable.sync_folder(folder)
