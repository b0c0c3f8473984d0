"""The published tables as Parquet, and as CSV that spreadsheets open safely.

Belongs here: writing both from the built tables, in flat memory, checking each batch against its contract. Does not:
their contents, or when readers see them.

CSV is UTF-8 with a byte order mark, which spreadsheets need to detect it. Text that begins with `=`, `+`, `-`, `@`, a
tab or a carriage return would run there as a formula, so it is prefixed with an apostrophe; Parquet has the original
text. A table that grows by a day has one CSV file a day, which stays within the row limit of a spreadsheet.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import IO, Self

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pandera.polars import DataFrameModel

from assets.publishing.duckdb_file import Table
from assets.publishing.manifest import CsvFile, PublishedFile
from assets.storage import atomic_write
from schemas.describe import columns
from schemas.published import TABLES
from schemas.validation import broken, validate

# For a wide table two batches are in memory at once for each format.
_BATCH_ROWS = 65_536
_FORMULA = r"^[=+\-@\t\r]"
# Columns that repeat often enough for a dictionary to be smaller and faster.
_DICTIONARIES = frozenset(
    {
        "platform", "tier", "sector", "country", "language", "sex", "age_band", "tone", "engagement_null_reason",
        "flags", "engagement_basis", "snapshot_date", "source", "landed_file", "dimension", "segment", "metric",
    }
)  # fmt: skip

# Columns that readers filter by.
_STATISTICS = ("snapshot_date", "platform", "rank", "followers")


class Writer:
    """Writes each table as soon as it is built, while the next ones are being built."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
        """Writes nothing yet.

        Args:
            connection: The connection with the built tables, attached as `pub`.
            folder: The generation's folder.
        """
        self._connection = connection
        self._folder = folder
        self._writing: dict[str, Future[tuple[PublishedFile, list[CsvFile]]]] = {}
        self._pool = ThreadPoolExecutor(os.cpu_count())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, table: Table) -> None:
        """Starts writing a table that is built."""
        self._writing[table.name] = self._pool.submit(_write, self._connection.cursor(), self._folder, table)

    def finish(self) -> tuple[dict[str, PublishedFile], dict[str, list[CsvFile]]]:
        """Waits for all started writes.

        Returns:
            The Parquet file and the CSV files of every table.

        Raises:
            ContractError: A row breaks its contract.
        """
        done = {name: writing.result() for name, writing in self._writing.items()}
        return {name: parquet for name, (parquet, _) in done.items()}, {name: csv for name, (_, csv) in done.items()}


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table) -> tuple[PublishedFile, list[CsvFile]]:
    """Writes a built table to Parquet and CSV, and closes the connection."""
    parquet = folder / f"{table.name}.parquet"
    if table.by_day:
        (folder / table.name).mkdir()
    rows = _copy(connection, table, parquet)
    csv = [
        CsvFile(**_described(folder, _csv_path(folder, table, day), count).model_dump(), day=day)
        for day, count in rows.items()
    ]
    if table.by_day:
        atomic_write.sync_folder(folder / table.name)
    return _described(folder, parquet, sum(rows.values())), csv


def _csv_path(folder: Path, table: Table, day: date | None) -> Path:
    return folder / f"{table.name}/{day}.csv" if day else folder / f"{table.name}.csv"


def _copy(connection: duckdb.DuckDBPyConnection, table: Table, parquet: Path) -> Mapping[date | None, int]:
    """Writes both formats of a table.

    Returns:
        Rows of each CSV file, by its day; of None, where the table has one file.
    """
    model = TABLES[table.name]
    names = [column.name for column in columns(model)]
    rows: Counter[date | None] = Counter()
    with (
        atomic_write.naming(parquet.parent),
        connection,
        ExitStack() as open_files,
        ThreadPoolExecutor(1) as encoder,
    ):
        batches = connection.sql(f"SELECT * FROM pub.main.{table.name}").to_arrow_reader(_BATCH_ROWS)
        writer = open_files.enter_context(_parquet_writer(parquet, batches.schema))
        files: dict[date | None, IO[bytes]] = {}

        def begin(day: date | None) -> None:
            files[day] = open_files.enter_context(_csv_path(parquet.parent, table, day).open("wb"))
            pl.DataFrame(batches.schema.empty_table()).write_csv(files[day], include_bom=True)
            rows[day] = 0

        if not table.by_day:
            begin(None)
        encoding: Future[None] | None = None
        for batch in batches:
            # Both formats of a batch are encoded in parallel, and at most one batch waits.
            if encoding:
                encoding.result()
            encoding = encoder.submit(writer.write_batch, batch, row_group_size=_BATCH_ROWS)
            frame = pl.DataFrame(batch)
            _check(table.name, model, frame.select(names))
            for day, part in _by_day(frame) if table.by_day else [(None, frame)]:
                if day not in files:
                    begin(day)
                rows[day] += part.height
                _safe(part).write_csv(files[day], include_header=False)
        if encoding:
            encoding.result()
    return rows


def _parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    dictionaries = [name for name in schema.names if name in _DICTIONARIES]
    # Arrow's own schema, which it would store beside Parquet's, is newer than some readers.
    return pq.ParquetWriter(
        path, schema, compression="snappy", use_dictionary=dictionaries, write_statistics=list(_STATISTICS),
        store_schema=False,
    )  # fmt: skip


def _by_day(frame: pl.DataFrame) -> Iterator[tuple[date | None, pl.DataFrame]]:
    for (day,), part in frame.partition_by("snapshot_date", as_dict=True, maintain_order=True).items():
        yield day, part


def _check(table: str, model: type[DataFrameModel], frame: pl.DataFrame) -> None:
    failures = validate(model, frame)
    if failures.height:
        raise broken(table, frame, failures)


def _safe(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep())


def _described(folder: Path, path: Path, rows: int) -> PublishedFile:
    atomic_write.sync_file(path)
    path.chmod(0o444)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PublishedFile(path=str(path.relative_to(folder)), rows=rows, bytes=path.stat().st_size, sha256=digest)
