"""The published tables in PostgreSQL: taking a person out of generations that stay, and searching them all.

Belongs here: what is left of somebody in the database of `publish_to`. Does not: publishing, which brings the newest
generation without them (`assets/publishing/postgres`), or views and copies that others have made of it.

An earlier generation stays while somebody reads it, or for good where a view of others is built on it.
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
# Readers hold up no deleting; who changes these tables by hand might.
_LOCK_SECONDS = 60
_VACUUM_MILLISECONDS = 800


def take_out(address: str, person: Person) -> int:
    """Deletes the rows of a person from earlier generations, those that are rejected and name them as well.

    Args:
        address: postgresql://, secrets as `${NAME}`.
        person: Whom.

    Returns:
        How many rows that were.

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
    """How often a person is in a table, and how often other people's content in it names the account.

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
    """Schema, table and columns of text, of schemas by a pattern; views are made of these, whosever they are."""
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
    """Has what was deleted leave the table's file too; where somebody reads it, it goes with the whole generation."""
    with suppress(psycopg.errors.LockNotAvailable):
        database.execute(f"SET lock_timeout = {_VACUUM_MILLISECONDS}")
        database.execute(sql.SQL("VACUUM (FULL) {}").format(place))
    database.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
