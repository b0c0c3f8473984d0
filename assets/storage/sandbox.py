"""DuckDB sandbox for untrusted bytes: limited to its folders and its memory.

Belongs here: connections that inspect a file before its import, and the restrictions of all connections. Does not:
those that compute (`assets/storage/engine`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from schemas.quoting import literal

_MEMORY = "1GB"


@contextmanager
def confined(*readable: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a connection in memory that can read some folders, and spills nothing to disk."""
    with duckdb.connect(":memory:", config={"threads": 2, "memory_limit": _MEMORY}) as connection:
        connection.execute("SET temp_directory = ''")
        confine(connection, *readable)
        yield connection


def confine(connection: duckdb.DuckDBPyConnection, *folders: Path) -> None:
    """Denies SQL all other files, networks and extensions, and locks the configuration."""
    listed = ", ".join(literal(folder) for folder in folders)
    connection.execute(f"SET allowed_directories = [{listed}]")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
