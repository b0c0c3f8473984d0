"""The published tables in a PostgreSQL database, for teams that outgrow a file.

    smallvoices             the schema that readers query
    smallvoices_before_12   an earlier generation, until its last reader is done

Belongs here: loading a published file into a schema of its own, and swapping that in. Does not: the choice of rows.
Loading and swapping are one transaction, so that a killed load leaves nothing behind. Rows are loaded frozen, so that
even a transaction whose snapshot is older than the swap never sees an empty table.
"""

import io
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.csv

from assets.landing.pull.credentials import Secrets
from assets.landing.pull.errors import PullError
from assets.publishing.content_hash import META
from assets.storage import progress
from schemas.describe import Column, summary
from schemas.first_line import first_line
from schemas.published import TABLES, published_columns
from schemas.quoting import identifier, literal

SCHEMA = "smallvoices"
# Created and renamed in one transaction, so that a failed load leaves none.
_NEW = f"{SCHEMA}_next"
# Schemas of earlier generations, for LIKE.
EARLIER = f"{SCHEMA}\\_before\\_%"
_TYPES = {
    "BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "timestamp", "DOUBLE": "double precision", "INTEGER": "integer",
    "BIGINT": "bigint", "VARCHAR": "text",
}  # fmt: skip
_BATCH_ROWS = 50_000
CONNECT_SECONDS = 10
# Shorter than PostgreSQL's deadlock timeout, after which it ends one of two waiting transactions.
_LOCK_MILLISECONDS = 400
_SWAP_SECONDS = 60
_PAUSE_SECONDS = 0.05
_DROP_MILLISECONDS = 800
# Errors that readers may cause for a load, and the number of attempts.
_PASSING = (
    psycopg.errors.DeadlockDetected, psycopg.errors.InFailedSqlTransaction, psycopg.errors.QueryCanceled
)  # fmt: skip
_ATTEMPTS = 3


class PostgresError(Exception):
    """The database cannot be reached or updated; the message gives the reason and contains no secret."""


@dataclass(frozen=True)
class Loaded:
    """Result of a load.

    Attributes:
        generation: The generation.
        rows: Rows of all its tables.
        kept: Why a schema of an earlier generation is still there, one sentence each.
    """

    generation: int
    rows: int
    kept: tuple[str, ...]


class _Shown(NamedTuple):
    """State of the database before a load."""

    snapshot_date: date
    generation: int
    content_hash: str


def publish(address: str, path: Path) -> Loaded:
    """Loads the generation of a published file into a database.

    Args:
        address: postgresql://, secrets as `${NAME}`.
        path: The published DuckDB file.

    Raises:
        PostgresError: The database cannot be reached or written to, or already shows a later generation; no secret is
            in the message.
    """
    remedy = "the published file is new all the same: mend the cause, and run `smallvoices publish`"
    with reached(address, remedy) as whole:
        return _loaded(whole, path)


@contextmanager
def reached(address: str, remedy: str) -> Iterator[str]:
    """Yields the address with secrets filled in, and raises PostgreSQL's errors within the block without them.

    Args:
        address: As in sources.yaml.
        remedy: Text appended to the message.

    Raises:
        PostgresError: A secret is not set, or the database cannot be reached or refuses something.
    """
    try:
        secrets = Secrets(address)
    except PullError as error:
        raise PostgresError(f"publish_to: {error}") from None
    try:
        yield secrets.fill_address(address)
    except psycopg.Error as error:
        said = first_line(secrets.hide(str(error)))
        raise PostgresError(f"publish_to: PostgreSQL says: {said}; {remedy}") from None


def _loaded(address: str, path: Path, attempt: int = 1) -> Loaded:
    try:
        with (
            duckdb.connect(str(path), read_only=True) as published,
            psycopg.connect(address, connect_timeout=CONNECT_SECONDS, autocommit=True) as database,
        ):
            return _Load(published, database).run()
    except _PASSING:
        # Uncommitted changes are rolled back.
        if attempt == _ATTEMPTS:
            raise
    return _loaded(address, path, attempt + 1)


class _Load:
    def __init__(self, published: duckdb.DuckDBPyConnection, database: psycopg.Connection) -> None:
        self._published, self._database = published, database

    def run(self) -> Loaded:
        number, snapshot_date, content_hash, rows = self._published.execute(
            f"SELECT generation, snapshot_date, content_hash, rows FROM {META}"
        ).fetchall()[0]
        with self._database.transaction():
            # One load at a time, from any home.
            self._run("SELECT pg_advisory_xact_lock(hashtext(%s))", [SCHEMA])
            before = self._shown()
            if before and (before.snapshot_date, before.generation) > (snapshot_date, number):
                raise PostgresError(
                    f"publish_to: schema {SCHEMA} already shows generation {before.generation} of "
                    f"{before.snapshot_date}, later than {number} of {snapshot_date}; if that is of another home, "
                    "drop the schema to start anew"
                )
            if before == _Shown(snapshot_date, number, content_hash):
                return Loaded(number, rows, ())
            self._run(f"CREATE SCHEMA {_NEW}")
            said = literal(f"smallvoices, generation {number} of {snapshot_date}")
            self._run(f"COMMENT ON SCHEMA {_NEW} IS {said}")
            for table in TABLES:
                self._load(table)
            self._swap(before.generation if before else None)
        return Loaded(number, rows, tuple(self._drop_earlier()))

    def _shown(self) -> _Shown | None:
        if not self._run("SELECT to_regclass(%s)", [f"{SCHEMA}.{META}"])[0][0]:
            return None
        return _Shown(*self._run(f"SELECT snapshot_date, generation, content_hash FROM {SCHEMA}.{META}")[0])

    def _load(self, table: str) -> None:
        described = published_columns(TABLES[table])
        place = f"{_NEW}.{identifier(table)}"
        cells = ", ".join(_definition(column) for column in described)
        self._run(f"CREATE TABLE {place} ({cells})")
        self._run(f"COMMENT ON TABLE {place} IS {literal(summary(TABLES[table]))}")
        for column in described:
            self._run(f"COMMENT ON COLUMN {place}.{identifier(column.name)} IS {literal(column.comment)}")
        rows = 0
        query = f"SELECT {', '.join(map(_cell, described))} FROM main.{identifier(table)}"
        # Frozen rows require that the table was created in this transaction.
        with self._database.cursor().copy(f"COPY {place} FROM STDIN (FORMAT csv, FREEZE)".encode()) as copy:
            for batch in self._published.sql(query).to_arrow_reader(_BATCH_ROWS):
                copy.write(_csv(batch))
                rows += batch.num_rows
                progress.report(f"postgres {table}", rows)
        self._verify(table, described)
        self._run(f"ANALYZE {place}")

    def _verify(self, table: str, described: list[Column]) -> None:
        """Compares rows, filled cells and sums of whole numbers with those of the file."""
        names = [identifier(column.name) for column in described]
        sums = [f"sum({identifier(column.name)})" for column in described if column.duckdb_type == "BIGINT"]
        asked = ", ".join(["count(*)", *(f"count({name})" for name in names), *sums])
        meant = self._published.execute(f"SELECT {asked} FROM main.{identifier(table)}").fetchall()[0]
        found = self._run(f"SELECT {asked} FROM {_NEW}.{identifier(table)}")[0]
        # Sums are decimals in PostgreSQL and integers here.
        if [int(value or 0) for value in meant] != [int(value or 0) for value in found]:
            raise PostgresError(f"publish_to: {table} came out as {found} where {meant} was meant")

    def _swap(self, before: int | None) -> None:
        if before is not None:
            self._carry_privileges()
            self._lock_shown()
            self._run(f"ALTER SCHEMA {SCHEMA} RENAME TO {self._free_name(before)}")
        elif self._run("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA]):
            raise PostgresError(
                f"publish_to: there is a schema {SCHEMA} without a table {META}, which is not ours to replace; "
                "rename it, or publish to another database"
            )
        self._run(f"ALTER SCHEMA {_NEW} RENAME TO {SCHEMA}")

    def _carry_privileges(self) -> None:
        """Copies grants from the schema in use to the new one."""
        granted = self._run(
            "SELECT privilege_type, is_grantable, grantee::regrole::text, grantee = 0, NULL FROM pg_namespace "
            "CROSS JOIN aclexplode(nspacl) WHERE nspname = %(schema)s AND grantee <> nspowner "
            "UNION ALL SELECT privilege_type, is_grantable, grantee::regrole::text, grantee = 0, relname FROM pg_class "
            "CROSS JOIN aclexplode(relacl) WHERE relnamespace = to_regnamespace(%(schema)s) AND grantee <> relowner",
            {"schema": SCHEMA},
        )
        for privilege, is_grantable, role, is_public, table in granted:
            if table is None:
                thing = f"SCHEMA {_NEW}"
            elif table in TABLES:
                thing = f"{_NEW}.{identifier(table)}"
            else:
                continue
            # A role from PostgreSQL is quoted already where necessary.
            to = "PUBLIC" if is_public else role
            self._run(f"GRANT {privilege} ON {thing} TO {to}{' WITH GRANT OPTION' if is_grantable else ''}")

    def _lock_shown(self) -> None:
        """Waits for a moment without readers, so that no statement sees tables from before and after the swap.

        Short waits, many times: a pending lock blocks all later readers. A reader of more than a minute does not block
        the swap, which may then fall between the tables of a statement that is being parsed at that moment.
        """
        tables = self._tables(SCHEMA)
        deadline = time.monotonic() + _SWAP_SECONDS
        while time.monotonic() < deadline:
            with suppress(psycopg.errors.QueryCanceled), self._database.transaction():
                # For the whole statement and not per table, or a waiting reader would end with a deadlock error.
                self._run(f"SET LOCAL statement_timeout = {_LOCK_MILLISECONDS}")
                self._run(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
                self._run("SET LOCAL statement_timeout = 0")
                return
            time.sleep(_PAUSE_SECONDS)

    def _free_name(self, generation: int) -> str:
        taken = self._earlier()
        name, number = f"{SCHEMA}_before_{generation}", 2
        while name in taken:
            name, number = f"{SCHEMA}_before_{generation}_{number}", number + 1
        return name

    def _earlier(self) -> list[str]:
        found = self._run(r"SELECT nspname FROM pg_namespace WHERE nspname LIKE %s", [EARLIER])
        return [row[0] for row in found]

    def _drop_earlier(self) -> Iterator[str]:
        """Drops earlier generations; yields the reasons why one must stay."""
        for schema in self._earlier():
            try:
                with self._database.transaction():
                    self._run(f"SET LOCAL lock_timeout = {_DROP_MILLISECONDS}")
                    # Not CASCADE: objects that others have built on these tables must not be dropped.
                    self._run(f"DROP TABLE {self._tables(schema)}")
                    self._run(f"DROP SCHEMA {schema}")
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                yield f"schema {schema} is still being read, and will be dropped by a later publish"
            except psycopg.errors.DependentObjectsStillExist as error:
                detail = first_line(error.diag.message_detail or "")
                yield f"schema {schema} stays: {detail}; define that anew on schema {SCHEMA}, and drop the old one"

    def _tables(self, schema: str) -> str:
        """Lists the tables of a published schema, of any contract version: those in which every column has a comment.

        A table that others have put there has none, and keeps its schema.
        """
        found = self._run(
            "SELECT format('%%I.%%I', %(schema)s::text, relname) FROM pg_class "
            "WHERE relnamespace = to_regnamespace(%(schema)s) AND relkind = 'r' AND NOT EXISTS ("
            "SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped "
            "AND col_description(attrelid, attnum) IS NULL)",
            {"schema": schema},
        )
        return ", ".join(row[0] for row in found)

    def _run(
        self, statement: str, values: Sequence[object] | Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        cursor = self._database.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def _definition(column: Column) -> str:
    return f"{identifier(column.name)} {_TYPES[column.duckdb_type]}{'' if column.nullable else ' NOT NULL'}"


def _cell(column: Column) -> str:
    # PostgreSQL's text cannot hold the character 0.
    name = identifier(column.name)
    return f"replace({name}, chr(0), '')" if column.duckdb_type == "VARCHAR" else name


def _csv(batch: pa.RecordBatch) -> bytes:
    """Formats rows for COPY: text always in quotes, to distinguish empty text from null."""
    out = io.BytesIO()
    pyarrow.csv.write_csv(batch, out, pyarrow.csv.WriteOptions(include_header=False))
    return out.getvalue()
