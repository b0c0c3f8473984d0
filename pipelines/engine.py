"""SQL files over lake tables, run by DuckDB.

Belongs here: connections, and running one `.sql` file from named inputs to one output. The SQL itself is in
`assets/sql/`. Inputs are views, so that the same file runs wherever tables of those names exist.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from pipelines.lake import BUCKETS
from pipelines.settings import Settings
from schemas.quoting import literal, parquet

Input = Path | Sequence[Path] | pl.DataFrame


@contextmanager
def connect(settings: Settings, *readable: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in memory, in UTC, with a cap on memory and no way out of the named folders.

    Args:
        settings: Threads, memory and the folder to spill to.
        *readable: Folders that SQL may read and write; nothing else, no network, and no change of this.
    """
    settings.scratch.mkdir(parents=True, exist_ok=True)
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.scratch),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if settings.threads:
        options["threads"] = settings.threads
    connection = duckdb.connect(":memory:", config=options)
    try:
        folders = ", ".join(literal(folder) for folder in (*readable, settings.scratch))
        connection.execute(f"SET allowed_directories = [{folders}]")
        connection.execute("SET TimeZone = 'UTC'")
        # Lets DuckDB parse ahead while the batch before is validated.
        connection.execute("SET streaming_buffer_size = '96MB'")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def run_sql(
    settings: Settings, sql: str, inputs: Mapping[str, Input], output: Path, *, by_bucket: Sequence[str] = ()
) -> None:
    """Runs a SELECT over named inputs and writes its rows to a Parquet file.

    Args:
        settings: See `connect`.
        sql: One SELECT; it names its inputs as tables.
        inputs: Name to Parquet file, Parquet files (their union), or frame.
        output: The Parquet file to write.
        by_bucket: Inputs to take bucket by bucket, for a SELECT that treats each account on its own. Its rows
            are the same, in flat memory.
    """
    files = [path for value in inputs.values() if not isinstance(value, pl.DataFrame) for path in _paths(value)]
    folders = {path.parent for path in [*files, output]}
    with connect(settings, *folders) as connection:
        for name, value in inputs.items():
            if name not in by_bucket:
                _expose(connection, name, value)
        if not by_bucket:
            connection.execute(f"COPY ({sql}) TO {literal(output)} (FORMAT parquet, COMPRESSION snappy)")
            return
        parts = [output.with_name(f"{output.name}.{bucket}") for bucket in range(BUCKETS)]
        try:
            for bucket, part in enumerate(parts):
                for name in by_bucket:
                    value = inputs[name]
                    if isinstance(value, pl.DataFrame):
                        raise TypeError(f"{name}: only files have buckets")
                    connection.execute(
                        f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {parquet(_paths(value))} WHERE bucket = {bucket}"
                    )
                connection.execute(f"COPY ({sql}) TO {literal(part)} (FORMAT parquet, COMPRESSION snappy)")
            connection.execute(f"COPY (SELECT * FROM {parquet(parts)}) TO {literal(output)} (FORMAT parquet, COMPRESSION snappy)")
        finally:
            for part in parts:
                part.unlink(missing_ok=True)


def _expose(connection: duckdb.DuckDBPyConnection, name: str, value: Input) -> None:
    if isinstance(value, pl.DataFrame):
        connection.register(name, value.to_arrow())
    else:
        connection.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {parquet(_paths(value))}")


def _paths(value: Path | Sequence[Path]) -> list[Path]:
    return [value] if isinstance(value, Path) else list(value)
