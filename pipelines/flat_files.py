"""The published tables as Parquet and as CSV that a spreadsheet can open safely.

Belongs here: writing both from the built tables, in flat memory, each batch held to its contract on the way. Does not:
what is in them, or when readers see them.

CSV is UTF-8 with a byte order mark, by which spreadsheets know it. Text that begins with `=`, `+`, `-`, `@`, a tab or
a carriage return would run there as a formula, and gets an apostrophe before it; Parquet has the text as it is. A
table that grows by a day has a CSV file a day, which stays within the rows that a spreadsheet holds.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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

from assets.storage import atomic_write
from pipelines.manifest import CsvFile, Manifest, PublishedFile
from pipelines.published_file import Table
from schemas.describe import columns
from schemas.published import TABLES
from schemas.validation import ContractError, broken, validate

# Of a wide table two batches are in memory at once for each format.
_BATCH_ROWS = 65_536
_COPY_BYTES = 2**20
_FORMULA = r"^[=+\-@\t\r]"
# What repeats often enough for a dictionary to be smaller and faster.
_DICTIONARIES = frozenset(
    {
        "platform", "tier", "sector", "country", "language", "sex", "age_band", "tone", "engagement_null_reason",
        "flags", "sample_basis", "snapshot_date", "source", "landed_file", "dimension", "segment", "metric",
    }
)  # fmt: skip

# What people filter by.
_STATISTICS = ("snapshot_date", "platform", "rank", "followers")


class Writer:
    """Writes each table as soon as it is built, while the next ones are."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        folder: Path,
        tables: Sequence[Table],
        before: Manifest | None,
        published: Path,
    ) -> None:
        """Writes nothing yet.

        Args:
            connection: Where the tables are built, as `pub`.
            folder: The generation's folder.
            tables: What will be built.
            before: The generation before, whose CSV of a day is taken over where the day's lake file is the same.
            published: The folder that it is relative to.
        """
        self._connection = connection
        self._folder = folder
        self._known = _known(before, published)
        self._beginnings = {table.beginning_of: table for table in tables if table.beginning_of}
        self._writing: dict[str, Future[tuple[PublishedFile, dict[str, list[CsvFile]]]]] = {}
        self._pool = ThreadPoolExecutor(os.cpu_count())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, table: Table) -> None:
        """Begins to write a table, which is built."""
        beginning = None
        if first := self._beginnings.get(table.name):
            rows = self._connection.execute(f"SELECT count(*) FROM ({first.sql})").fetchall()[0][0]
            beginning = first.name, self._folder / f"{first.name}.csv", rows
        self._writing[table.name] = self._pool.submit(self._write, table, self._connection.cursor(), beginning)

    def finish(self) -> tuple[dict[str, PublishedFile], dict[str, list[CsvFile]]]:
        """Waits for what was begun.

        Returns:
            The Parquet file and the CSV files of every table.

        Raises:
            ContractError: A row breaks its contract.
        """
        done = {name: writing.result() for name, writing in self._writing.items()}
        csv = {name: files for _, described in done.values() for name, files in described.items()}
        return {name: parquet for name, (parquet, _) in done.items()}, {name: csv[name] for name in done}

    def _write(
        self, table: Table, connection: duckdb.DuckDBPyConnection, beginning: tuple[str, Path, int] | None
    ) -> tuple[PublishedFile, dict[str, list[CsvFile]]]:
        """Writes a table's Parquet file, and its CSV files with that of the table that is its beginning."""
        folder = self._folder
        parquet = folder / f"{table.name}.parquet"
        if table.beginning_of:
            rows = _copy(connection, table.name, parquet, {})
            return _described(folder, parquet, sum(rows.values())), {}
        csv: dict[date | None, Path] = {None: folder / f"{table.name}.csv"}
        if table.days:
            (folder / table.name).mkdir()
            csv = {day: folder / f"{table.name}/{day}.csv" for day in table.days}
        taken: dict[date | None, tuple[Path, CsvFile]] = {
            day: self._known[key]
            for day, state in table.made_from.items()
            if (key := (table.name, day, state)) in self._known
        }
        for day, (path, _) in taken.items():
            csv[day].hardlink_to(path)
        written = {day: path for day, path in csv.items() if day not in taken}
        rows = _copy(connection, table.name, parquet, written, beginning[1:] if beginning else None)
        files = []
        for day, path in csv.items():
            file = taken[day][1] if day in taken else CsvFile(
                **_described(folder, path, rows[day]).model_dump(),
                day=day, made_from=table.made_from[day] if day else None,
            )  # fmt: skip
            if file.rows != rows[day]:
                raise ContractError(f"{table.name}: {file.path} has {file.rows:,} rows, and the table {rows[day]:,}")
            files.append(file)
        described = {table.name: files}
        if beginning:
            name, path, count = beginning
            described[name] = [CsvFile(**_described(folder, path, count).model_dump())]
        if table.days:
            atomic_write.sync_folder(folder / table.name)
        return _described(folder, parquet, sum(rows.values())), described


def _known(before: Manifest | None, published: Path) -> dict[tuple[str, date | None, str | None], tuple[Path, CsvFile]]:
    """The CSV files of a day that the generation before has, by table, day and what they were made from."""
    if not before:
        return {}
    return {
        (table, file.day, file.made_from): (path, file)
        for table, files in before.csv.items()
        for file in files
        if file.day and (path := published / before.folder / file.path).exists()
    }


def _copy(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    parquet: Path,
    csv: Mapping[date | None, Path],
    beginning: tuple[Path, int] | None = None,
) -> Mapping[date | None, int]:
    """Writes a built table to Parquet and CSV.

    Args:
        connection: Where it is attached; closed with it.
        table: Its name.
        parquet: The Parquet file.
        csv: The CSV file of each day that is to be written; of None, where the table has no days.
        beginning: A CSV file that gets so many rows from the first on, too.

    Returns:
        Its rows of each day, or of None.
    """
    model = TABLES[table]
    names = [column.name for column in columns(model)]
    rows: Counter[date | None] = Counter()
    with (
        atomic_write.naming(parquet.parent),
        connection,
        ExitStack() as open_files,
        ThreadPoolExecutor(1) as encoder,
    ):
        batches = connection.sql(f"SELECT * FROM pub.main.{table}").to_arrow_reader(_BATCH_ROWS)
        writer = open_files.enter_context(_parquet_writer(parquet, batches.schema))
        files = {day: open_files.enter_context(path.open("wb")) for day, path in csv.items()}
        for file in files.values():
            pl.DataFrame(batches.schema.empty_table()).write_csv(file, include_bom=True)
        left, begun = (beginning[1], _written(files[None])) if beginning else (0, 0)
        encoding: Future[None] | None = None
        for batch in batches:
            # Both formats of a batch are encoded at once, and one batch waits at most.
            if encoding:
                encoding.result()
            encoding = encoder.submit(writer.write_batch, batch, row_group_size=_BATCH_ROWS)
            frame = pl.DataFrame(batch)
            for day, part in [(None, frame)] if None in csv else _by_day(frame):
                rows[day] += part.height
                if day not in files:
                    continue
                _check(table, model, part.select(names))
                safe = _safe(part)
                if left:
                    safe.head(left).write_csv(files[day], include_header=False)
                    begun, left, safe = _written(files[day]), max(left - part.height, 0), safe.slice(left)
                safe.write_csv(files[day], include_header=False)
        if encoding:
            encoding.result()
        if beginning:
            _copy_beginning(csv[None], beginning[0], begun)
    return rows


def _written(file: IO[bytes]) -> int:
    """Bytes that a file holds by now."""
    file.flush()
    return file.tell()


def _copy_beginning(path: Path, target: Path, length: int) -> None:
    """Copies the first bytes of a file, which costs less than to encode them a second time."""
    with path.open("rb") as file, target.open("wb") as copy:
        while block := file.read(min(length, _COPY_BYTES)):
            length -= copy.write(block)


def _parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    dictionaries = [name for name in schema.names if name in _DICTIONARIES]
    # Arrow's own notion of types, which it would store beside Parquet's, is newer than some readers.
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
