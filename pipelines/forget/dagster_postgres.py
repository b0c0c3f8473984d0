"""Dagster's storage in PostgreSQL: searches every text cell in its tables, and removes a person from them.

Belongs here: reading and replacing those cells. Does not: matching texts to a person (`dagster_texts`), or other tables
of that database, which may belong to others.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from dagster._core.storage.event_log.schema import SqlEventLogStorageMetadata
from dagster._core.storage.runs.schema import RunStorageSqlMetadata
from dagster._core.storage.schedules.schema import ScheduleStorageSqlMetadata
from psycopg import sql

from assets.publishing.postgres import CONNECT_SECONDS, PostgresError
from pipelines.forget.dagster_texts import cleaned, says
from pipelines.forget.person import Person
from schemas.first_line import first_line
from schemas.settings import POSTGRES

_TABLES = sorted(
    name
    for metadata in (SqlEventLogStorageMetadata, RunStorageSqlMetadata, ScheduleStorageSqlMetadata)
    for name in metadata.tables
)
_LOCK_SECONDS = 60
_BATCH_ROWS = 2_000
_TEXT_TYPES = ["text", "character varying"]


def blot_out(person: Person) -> int:
    """Removes every mention of a person.

    Returns:
        The number of changed texts.

    Raises:
        PostgresError: The database cannot be reached or written to.
    """
    changed = 0
    with connected() as database:
        for table, columns in columns_of_text(database):
            with database.transaction():
                found = list(_naming(database, table, columns, person))
                for place, texts in found:
                    _replace(database, table, place, texts, person)
            if found:
                changed += sum(len(texts) for _, texts in found)
                # Otherwise the replaced text would stay in the table's file.
                database.execute(sql.SQL("VACUUM (FULL) {}").format(sql.Identifier(table)))
    return changed


def search(person: Person) -> dict[str, int]:
    """Counts mentions of a person in the storage, by table and column.

    Raises:
        PostgresError: The database cannot be reached or read.
    """
    found: dict[str, int] = {}
    with connected() as database:
        for table, columns in columns_of_text(database):
            with database.transaction():
                for _, texts in _naming(database, table, columns, person):
                    for column in texts:
                        name = f"{table}.{column}"
                        found[name] = found.get(name, 0) + 1
    return found


@contextmanager
def connected() -> Iterator[psycopg.Connection]:
    """Opens a connection to the database that the environment names.

    Raises:
        PostgresError: PostgreSQL reports an error within the block.
    """
    # The URL may name SQLAlchemy's driver, which only Dagster uses.
    address = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", os.environ[POSTGRES])
    try:
        with psycopg.connect(address, connect_timeout=CONNECT_SECONDS, autocommit=True) as database:
            database.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
            yield database
    except psycopg.Error as error:
        said = first_line(str(error))
        raise PostgresError(f"Dagster's storage in PostgreSQL ({POSTGRES}): {said}") from None


def columns_of_text(database: psycopg.Connection) -> list[tuple[str, list[str]]]:
    """Returns Dagster's existing tables, on its search path, each with its text columns."""
    rows = database.execute(
        "SELECT relname, array_agg(attname::text) FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid "
        "WHERE attrelid IN (SELECT to_regclass(name) FROM unnest(%s::text[]) AS name) AND attnum > 0 "
        "AND NOT attisdropped AND format_type(atttypid, NULL) = ANY(%s) GROUP BY relname ORDER BY relname",
        [_TABLES, _TEXT_TYPES],
    ).fetchall()
    return [(table, columns) for table, columns in rows]


def _naming(
    database: psycopg.Connection, table: str, columns: list[str], person: Person
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields the place of each row that mentions a person, with its matching texts by column; within a transaction."""
    wanted = sql.SQL(", ").join(map(sql.Identifier, columns))
    # Streamed: there may be millions of events.
    with database.cursor(name="cells") as rows:
        rows.itersize = _BATCH_ROWS
        rows.execute(sql.SQL("SELECT ctid::text, {} FROM {}").format(wanted, sql.Identifier(table)))
        for place, *cells in rows:
            if texts := {column: text for column, text in zip(columns, cells, strict=True) if says(text, person)}:
                yield place, texts


def _replace(database: psycopg.Connection, table: str, place: str, texts: dict[str, str], person: Person) -> None:
    values = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in texts)
    # Compares the texts too: a row that was changed meanwhile lies elsewhere, and another may lie in its place.
    same = sql.SQL(" AND ").join(sql.SQL("{} = %s").format(sql.Identifier(column)) for column in texts)
    database.execute(
        sql.SQL("UPDATE {} SET {} WHERE ctid = %s::tid AND {}").format(sql.Identifier(table), values, same),
        [*(cleaned(text, person) for text in texts.values()), place, *texts.values()],
    )
