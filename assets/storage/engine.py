"""SQL files over lake tables, run by DuckDB.

Belongs here: connections, and running one `.sql` file from named inputs to one output. The SQL itself is in
`assets/sql/`. Inputs are views, so that the same file runs wherever tables of those names exist.
"""

from collections import deque
from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from assets.sql import read_macros
from assets.storage import atomic_write
from assets.storage.lake import BUCKET_OF, BUCKETS, has_buckets
from assets.storage.sandbox import confine
from schemas.quoting import literal, parquet
from schemas.settings import Settings

BATCH_ROWS = 122_880
_OUT_OF_MEMORY = "Out of Memory Error"
_OUT_OF_TEMP = "max_temp_directory_size"
# Below this size buckets cost more than they save.
_ONE_PASS_BYTES = 32 * 2**20
_BUCKETS_AT_ONCE = 2

Input = Path | Sequence[Path] | pl.DataFrame


class EngineLimitError(Exception):
    """More memory or temporary disk is needed than the settings allow; the message names the setting."""


def limit_reached(settings: Settings, error: BaseException) -> str | None:
    """Returns the setting whose limit an error of DuckDB or Arrow exceeds, with the remedy; None for other errors."""
    told = str(error)
    if _OUT_OF_MEMORY not in told:
        return None
    name, value = (
        ("SMALLVOICES_TEMP_LIMIT", settings.temp_limit)
        if _OUT_OF_TEMP in told
        else ("SMALLVOICES_MEMORY_LIMIT", settings.memory_limit)
    )
    return f"it takes more than {name} ({value}); raise it where the machine has more"


@contextmanager
def connect(settings: Settings, *readable: Path, among: int = 1) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a DuckDB connection in memory, in UTC, limited in memory and to the named folders.

    Args:
        settings: Threads, memory and the folder to spill to.
        *readable: Folders that SQL may read and write; nothing else, no network, and no change of this.
        among: Connections that share the memory and the disk at once.

    Raises:
        EngineLimitError: The block exceeds the limits of the settings.
    """
    with atomic_write.temp_dir(settings.scratch) as scratch:
        yield from _connected(settings, readable, scratch, among)


def _connected(
    settings: Settings, readable: Sequence[Path], scratch: Path, among: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{settings.memory_bytes // among}B",
        "temp_directory": str(scratch),
    }
    if settings.threads:
        options["threads"] = settings.threads
    connection = duckdb.connect(":memory:", config=options)
    try:
        # DuckDB 2.0 ignores it as an option of connecting.
        connection.execute(f"SET max_temp_directory_size = {literal(f'{settings.temp_bytes // among}B')}")
        connection.execute("SET TimeZone = 'UTC'")
        # Lets DuckDB parse ahead while the batch before is validated.
        connection.execute("SET streaming_buffer_size = '96MB'")
        # Polars' text layout, which avoids a copy of every cell.
        connection.execute("SET produce_arrow_string_view = true")
        connection.execute("SET arrow_output_version = '1.4'")
        connection.execute(read_macros())
        confine(connection, *readable, scratch)
        yield connection
    except (duckdb.Error, OSError, pa.ArrowException) as error:
        if (words := limit_reached(settings, error)) is not None:
            raise EngineLimitError(words) from error
        raise
    finally:
        connection.close()


def stream_sql(
    settings: Settings, sql: str, inputs: Mapping[str, Input], *, by_bucket: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Runs a SELECT over named inputs and yields its rows.

    Args:
        settings: See `connect`.
        sql: One SELECT; it names its inputs as tables.
        inputs: Name to Parquet file, Parquet files (their union), or frame.
        by_bucket: Inputs to take bucket by bucket, for a SELECT that treats each account on its own. Its rows
            are the same, in flat memory.

    Yields:
        Batches of at most `BATCH_ROWS` rows.
    """
    files = {name: _paths(value) for name, value in inputs.items() if not isinstance(value, pl.DataFrame)}
    is_big = sum(path.stat().st_size for name in by_bucket for path in files[name]) > _ONE_PASS_BYTES
    with connect(settings, *{path.parent for paths in files.values() for path in paths}) as connection:
        if not is_big:
            _expose(connection, inputs)
            yield from connection.sql(sql).to_arrow_reader(BATCH_ROWS)
            return

        unbucketed = {path for name in by_bucket for path in files[name] if not has_buckets(path)}

        def rows_of(bucket: int) -> pa.Table:
            with connection.cursor() as cursor:
                _expose(cursor, inputs, {name: _bucket(files[name], unbucketed, bucket) for name in by_bucket})
                return cursor.sql(sql).to_arrow_table()

        # A bucket alone is too small to keep all cores busy. The next starts when one is taken: if all started at once,
        # a slow consumer would let their results accumulate, outside of DuckDB's memory limit.
        buckets = iter(range(BUCKETS))
        with ThreadPoolExecutor(_BUCKETS_AT_ONCE) as pool:
            running = deque(pool.submit(rows_of, bucket) for bucket in islice(buckets, _BUCKETS_AT_ONCE))
            while running:
                table = running.popleft().result()
                running.extend(pool.submit(rows_of, bucket) for bucket in islice(buckets, 1))
                yield from table.to_batches(BATCH_ROWS)


def _expose(
    connection: duckdb.DuckDBPyConnection, inputs: Mapping[str, Input], parts: Mapping[str, str] | None = None
) -> None:
    """Exposes the inputs as tables of a connection; some are restricted by a SELECT."""
    for name, value in inputs.items():
        if isinstance(value, pl.DataFrame):
            connection.register(name, value.to_arrow())
        else:
            select = (parts or {}).get(name) or f"SELECT * FROM {parquet(_paths(value))}"
            connection.execute(f"CREATE TEMP VIEW {name} AS {select}")


def _bucket(paths: Sequence[Path], unbucketed: Container[Path], bucket: int) -> str:
    """Returns the SELECT of the rows of a bucket; files without buckets of the current hash are read whole."""
    known = [path for path in paths if path not in unbucketed]
    others = [path for path in paths if path in unbucketed]
    conditions = ((known, f"bucket = {bucket}"), (others, f"{BUCKET_OF} = {bucket}"))
    return " UNION ALL BY NAME ".join(
        f"SELECT * FROM {parquet(some)} WHERE {condition}" for some, condition in conditions if some
    )


def _paths(value: Path | Sequence[Path]) -> list[Path]:
    return [value] if isinstance(value, Path) else list(value)
