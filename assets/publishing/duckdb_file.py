"""The DuckDB file of a generation: its tables, their meaning as COMMENTs, and `_meta`.

Belongs here: building the file. Does not: the choice of rows (`selects`), the same tables in other formats
(`flat_files`), or how the file becomes visible (`publish_protocol`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from assets.publishing.content_hash import META, Contents, contents
from assets.storage import atomic_write
from schemas.describe import columns, summary
from schemas.first_line import first_line
from schemas.published import CONTRACT_VERSION, LEFT_OUT, TABLES
from schemas.quoting import identifier, literal
from schemas.validation import ContractError

# The oldest storage format that all DuckDB clients since 1.0 read.
STORAGE_VERSION = "v1.0.0"


@dataclass(frozen=True)
class Table:
    """A table to publish.

    Attributes:
        name: Its name in the contract.
        sql: The SELECT that fills it, over lake views and tables before it.
        by_day: Whether its CSV is a file a `snapshot_date`; its rows are in their order then.
    """

    name: str
    sql: str
    by_day: bool = False


def build(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    views: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    meta: tuple[int, date, str],
    is_built: Callable[[Table], None],
) -> Contents:
    """Writes the file and leaves it attached as `pub` for further readers until `close`.

    Args:
        connection: A connection that may read the lake and write the file.
        path: The file.
        views: Name and SELECT of views over lake files.
        tables: The tables to publish, in build order.
        meta: Generation, newest snapshot date and run.
        is_built: Called with each table once it exists, `_meta` included.

    Returns:
        The contents of the file.

    Raises:
        ContractError: A table does not have the columns of its contract, or a cell does not have its type.
    """
    for name, sql in views:
        try:
            connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        except duckdb.Error as error:
            raise ContractError(f"{name}: {first_line(error)}; run that date again") from None
    connection.execute(f"ATTACH {literal(path)} AS pub (STORAGE_VERSION {literal(STORAGE_VERSION)})")
    for table in tables:
        _create(connection, table)
        # Tables built later read this one, under its published name.
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {table.name} AS SELECT * FROM pub.main.{table.name}")
        is_built(table)
    meant = contents(connection, "pub", LEFT_OUT)
    _add_meta(connection, meta, meant)
    is_built(Table(META, ""))
    # One commit for all of them, instead of a write to disk for each.
    connection.execute("BEGIN")
    for name, model in TABLES.items():
        connection.execute(f"COMMENT ON TABLE pub.main.{name} IS {literal(summary(model))}")
        for column in columns(model):
            connection.execute(f"COMMENT ON COLUMN pub.main.{name}.{column.name} IS {literal(column.comment)}")
    connection.execute("COMMIT")
    return meant


def close(connection: duckdb.DuckDBPyConnection) -> None:
    """Completes the file and detaches it; nothing may read from the connection afterwards."""
    connection.execute("CHECKPOINT pub")
    connection.execute("DETACH pub")


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Fills a table, casting each cell to the type of its contract."""
    types = {column.name: column.duckdb_type for column in columns(TABLES[table.name])}
    with _naming_table(table.name):
        order = [row[0] for row in connection.execute(f"DESCRIBE {table.sql}").fetchall()]
        if set(order) != set(types):
            raise ContractError(f"{table.name}: columns differ from the contract: {sorted(set(order) ^ set(types))}")
        cells = ", ".join(f"CAST({identifier(name)} AS {types[name]}) AS {identifier(name)}" for name in order)
        connection.execute(f"CREATE TABLE pub.main.{table.name} AS SELECT {cells} FROM ({table.sql})")


@contextmanager
def _naming_table(table: str) -> Iterator[None]:
    """Adds the table's name to DuckDB errors, except errors of the disk."""
    try:
        yield
    except duckdb.Error as error:
        if atomic_write.is_of_disk(error):
            raise
        raise ContractError(f"{table}: {first_line(error)}") from None


def _add_meta(connection: duckdb.DuckDBPyConnection, meta: tuple[int, date, str], meant: Contents) -> None:
    spec = ", ".join(f"{column.name} {column.duckdb_type}" for column in columns(TABLES[META]))
    built_at = datetime.now(tz=UTC).replace(tzinfo=None)
    connection.execute(f"CREATE TABLE pub.main.{META} ({spec})")
    connection.execute(
        f"INSERT INTO pub.main.{META} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [*meta, built_at, CONTRACT_VERSION, version("smallvoices"), meant.content_hash, sum(meant.rows.values())],
    )
