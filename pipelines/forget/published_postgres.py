"""The published tables in PostgreSQL: erases a person from earlier generations, and searches all of them.

Belongs here: remaining data of a person in the database of `publish_to`. Does not: publishing, which writes the newest
generation without them (`assets/publishing/postgres`), or views and copies that others have made of it.

An earlier generation stays while a reader uses it, or permanently if a view of others is built on it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import polars as pl
import psycopg
from psycopg import sql

from assets.publishing.postgres import CONNECT_SECONDS, EARLIER, SCHEMA, reached
from pipelines.forget.counts import Counts, in_frames
from pipelines.forget.person import Person

_BATCH_ROWS = 50_000
# Readers do not block deletes; manual changes of these tables might.
_LOCK_SECONDS = 60
_VACUUM_MILLISECONDS = 800


def take_out(address: str, person: Person) -> int:
    """Deletes the rows of a person from earlier generations, including rejected rows that name them.

    Args:
        address: postgresql://, secrets as `${NAME}`.
        person: The person.

    Returns:
        The number of deleted rows.

    Raises:
        PostgresError: The database cannot be reached or written to.
    """
    count = 0
    with _connected(address) as database:
        for schema, table, columns in _tables(database, EARLIER):
            place = sql.Identifier(schema, table)
            gone = 0
            if "profile_id" in columns:
                gone += database.execute(
                    sql.SQL("DELETE FROM {} WHERE platform = %s AND profile_id = ANY(%s)").format(place),
                    [person.platform, [*person.ids, *(f"@{handle}" for handle in person.handles)]],
                ).rowcount
            if "raw" in columns:
                rows = database.execute(sql.SQL("SELECT DISTINCT raw FROM {}").format(place)).fetchall()
                naming = [raw for (raw,) in rows if raw is not None and person.is_named_in(raw)]
                gone += database.execute(sql.SQL("DELETE FROM {} WHERE raw = ANY(%s)").format(place), [naming]).rowcount
            if gone:
                count += gone
                _free(database, place)
    return count


def search(address: str, person: Person) -> dict[str, Counts]:
    """Counts the rows of a person in each table, and the mentions of the account in other people's content.

    Raises:
        PostgresError: The database cannot be reached or read.
    """
    found: dict[str, Counts] = {}
    with _connected(address) as database, database.transaction():
        for schema, table, columns in [*_tables(database, SCHEMA), *_tables(database, EARLIER)]:
            counts = in_frames(person, _frames(database, schema, table, columns))
            if any(counts):
                found[f"{schema}.{table}"] = counts
    return found


@contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection]:
    with (
        reached(address, "mend the cause, and run the same command again") as whole,
        psycopg.connect(whole, connect_timeout=CONNECT_SECONDS, autocommit=True) as database,
    ):
        database.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
        yield database


def _tables(database: psycopg.Connection, schemas: str) -> list[tuple[str, str, list[str]]]:
    """Returns schema, table and text columns of the schemas that match a pattern."""
    rows = database.execute(
        "SELECT nspname, relname, array_agg(attname::text ORDER BY attnum) FROM pg_attribute "
        "JOIN pg_class ON pg_class.oid = attrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace "
        "WHERE nspname LIKE %s AND relkind = 'r' AND attnum > 0 AND NOT attisdropped "
        "AND format_type(atttypid, NULL) = 'text' GROUP BY nspname, relname ORDER BY nspname, relname",
        [schemas],
    ).fetchall()
    return [(schema, table, columns) for schema, table, columns in rows]


def _frames(database: psycopg.Connection, schema: str, table: str, columns: list[str]) -> Iterator[pl.DataFrame]:
    query = sql.SQL("SELECT {} FROM {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(schema, table)
    )
    types = dict.fromkeys(columns, pl.String)
    with database.cursor(name="cells") as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(_BATCH_ROWS):
            yield pl.DataFrame(rows, schema=types, orient="row")


def _free(database: psycopg.Connection, place: sql.Identifier) -> None:
    """Vacuums tables, so that deleted rows leave their files; a table in use is removed with its generation."""
    with suppress(psycopg.errors.LockNotAvailable):
        database.execute(f"SET lock_timeout = {_VACUUM_MILLISECONDS}")
        database.execute(sql.SQL("VACUUM (FULL) {}").format(place))
    database.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
