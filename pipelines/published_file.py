"""The DuckDB file of a generation: its tables, their meaning as COMMENTs, and `_meta`.

Belongs here: building the file. Does not: which rows are published (`assets/publishing.py`), the same tables in other
formats (`flat_files`), or how readers come to see them (`serving`).
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import duckdb

from pipelines import kept_days
from pipelines.content_hash import META, Contents, contents
from pipelines.naming_table import naming_table
from schemas.describe import columns, summary
from schemas.first_line import first_line
from schemas.published import CONTRACT_VERSION, LEFT_OUT, TABLES
from schemas.quoting import identifier, literal
from schemas.validation import ContractError

# The oldest storage format that all DuckDB clients since 1.0 read.
STORAGE_VERSION = "v1.0.0"


@dataclass(frozen=True)
class Table:
    """One table to publish.

    Attributes:
        name: Its name in the contract.
        sql: The SELECT that fills it, over lake views and tables before it.
        days: Of a table whose rows of a `snapshot_date` come from one lake file, oldest first: those files. A day whose
            lake file is the same is not built again, nor its CSV, which is a file a day. Its SELECT is over lake
            views alone.
        beginning_of: Of a table that is the first rows of an earlier one, in its order: that table. Its CSV is the
            beginning of the other's, byte for byte.
    """

    name: str
    sql: str
    days: Mapping[date, Path] = field(default_factory=dict)
    beginning_of: str = ""

    @cached_property
    def made_from(self) -> dict[date, str]:
        """Per day, what tells its lake file, and what is selected of it, from any that replaces it.

        No byte of a file changes without its change time. Looked up once, before anything is read: what replaces a
        file meanwhile is met by the next publish.
        """
        said = hashlib.sha256(f"{CONTRACT_VERSION} {version('smallvoices')} {self.sql}".encode()).hexdigest()[:8]
        states = {day: path.stat() for day, path in self.days.items()}
        return {
            day: f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}-{state.st_ctime_ns}-{said}"
            for day, state in states.items()
        }


def build(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    kept: Path,
    views: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    meta: tuple[int, date, str],
    is_built: Callable[[Table], None],
) -> Contents:
    """Writes the file, and leaves it attached as `pub` for whoever reads on until `close`.

    Args:
        connection: A connection that may read the lake and write the file.
        path: The file.
        kept: Where tables that grow by a day are kept; see `kept_days`.
        views: Name and SELECT of views over lake files.
        tables: What to publish, in order of building.
        meta: Generation, newest snapshot date and run.
        is_built: Told of each table once it is there, `_meta` included.

    Returns:
        What the file says.

    Raises:
        ContractError: A table does not have the columns of its contract, or a cell does not have its type.
    """
    for name, sql in views:
        try:
            connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        except duckdb.Error as error:
            raise ContractError(f"{name}: {first_line(error)}; run that date again") from None
    growing = {
        table.name: kept_days.Days(_select(connection, table), table.made_from) for table in tables if table.days
    }
    kept_days.begin(connection, kept, path, growing, STORAGE_VERSION)
    for table in tables:
        if table.name not in growing:
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
    """Makes the file whole and lets go of it; nobody reads from it any more."""
    connection.execute("CHECKPOINT pub")
    connection.execute("DETACH pub")


def _create(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    select = _select(connection, table)
    with naming_table(table.name):
        connection.execute(f"CREATE TABLE pub.main.{table.name} AS {select}")


def _select(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """A table's rows in the types of its contract."""
    types = {column.name: column.duckdb_type for column in columns(TABLES[table.name])}
    with naming_table(table.name):
        order = [row[0] for row in connection.execute(f"DESCRIBE {table.sql}").fetchall()]
    if set(order) != set(types):
        raise ContractError(f"{table.name}: columns differ from the contract: {sorted(set(order) ^ set(types))}")
    cells = ", ".join(f"CAST({identifier(name)} AS {types[name]}) AS {identifier(name)}" for name in order)
    return f"SELECT {cells} FROM ({table.sql})"


def _add_meta(connection: duckdb.DuckDBPyConnection, meta: tuple[int, date, str], meant: Contents) -> None:
    spec = ", ".join(f"{column.name} {column.duckdb_type}" for column in columns(TABLES[META]))
    built_at = datetime.now(tz=UTC).replace(tzinfo=None)
    connection.execute(f"CREATE TABLE pub.main.{META} ({spec})")
    connection.execute(
        f"INSERT INTO pub.main.{META} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [*meta, built_at, CONTRACT_VERSION, version("smallvoices"), meant.content_hash, sum(meant.rows.values())],
    )
