"""The lake: one Parquet file per table and snapshot date, each replaced as a whole.

Belongs here: the paths of tables, committing them, listing dates, and the writer that groups accounts in buckets.

    lake/<table>/snapshot_date=<date>/data.parquet

Buckets: rows of big tables carry `bucket`, a hash of the account's id, and lie in row groups of one bucket each.
Computations per account can then run bucket by bucket in flat memory, reading only its row groups. The metadata of a
file names the hash and the number of buckets: dates with other ones are not joined by them.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from assets.storage import atomic_write

BUCKETS = 16
# In SQL, the bucket of a row: the first hexadecimal digit of the MD5 of its `profile_id`, the same in every version.
BUCKET_OF = "CAST(strpos('0123456789abcdef', left(md5(profile_id), 1)) - 1 AS UTINYINT)"
BUCKET_NOTES = {"bucket_hash": "md5", "buckets": str(BUCKETS)}

_ROW_GROUP = 1 << 16
_ENCODING_AHEAD = 2
# A quarter faster to write than Snappy at the same size.
_COMPRESSION: Literal["lz4"] = "lz4"
_STATISTICS = ("bucket", "posted_at", "profile_id")
# Columns that repeat often enough for a dictionary to be smaller and faster; free text does not.
_DICTIONARIES = ("platform", "source", "snapshot_date", "landed_file", "kind", "sector", "country", "language", "tier")


@dataclass(frozen=True)
class Lake:
    """The tables under one folder."""

    root: Path

    def path(self, table: str, snapshot_date: date) -> Path:
        """Returns the path of a table of a date, which may not exist."""
        return self.root / table / f"snapshot_date={snapshot_date.isoformat()}" / "data.parquet"

    def dates(self, table: str) -> list[date]:
        """Lists the dates of a table, oldest first."""
        return sorted(
            date.fromisoformat(path.parent.name.removeprefix("snapshot_date="))
            for path in (self.root / table).glob("snapshot_date=*/data.parquet")
        )

    @contextmanager
    def replacing(self, table: str, snapshot_date: date, run_id: str) -> Iterator[Path]:
        """Yields a path to write a table to; it replaces the table if the block succeeds."""
        with atomic_write.replacing(self.path(table, snapshot_date), run_id) as path:
            yield path

    def write(self, table: str, snapshot_date: date, run_id: str, frame: pl.DataFrame) -> None:
        """Replaces a table of a date with a frame."""
        with self.replacing(table, snapshot_date, run_id) as path:
            frame.write_parquet(path, compression=_COMPRESSION)

    def sweep(self) -> int:
        """Deletes the files of killed writers; returns their number."""
        return sum(atomic_write.sweep(folder, paths) for folder, paths in self.temp_files())

    def temp_files(self) -> Iterator[tuple[Path, Iterable[Path]]]:
        """Yields the files of killed writers: folders that are being written to, each with its temporary files."""
        found = self.root.glob("*/snapshot_date=*/.*.tmp*")
        return ((folder, atomic_write.temp_files(folder)) for folder in {path.parent for path in found})

    def notes(self, table: str, snapshot_date: date) -> dict[str, str]:
        """Returns the metadata stored with a table: see `TableWriter`."""
        path = self.path(table, snapshot_date)
        try:
            return _notes(path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path}: {error}; run that date again") from None

    def scan(self, table: str, snapshot_date: date) -> pl.LazyFrame:
        """Scans a table of a date lazily."""
        return pl.scan_parquet(self.path(table, snapshot_date))

    def tables(self) -> list[str]:
        """Lists the tables."""
        return sorted(path.name for path in self.root.glob("*") if path.is_dir())

    def leave_out(
        self, table: str, snapshot_date: date, run_id: str, is_left_out: Callable[[pl.DataFrame], pl.Series]
    ) -> int:
        """Rewrites a table of a date without some rows; its row groups and metadata stay.

        Args:
            table: The table.
            snapshot_date: The date.
            run_id: Distinguishes concurrent writers.
            is_left_out: Returns the mask of the rows to drop from a row group.

        Returns:
            Number of dropped rows; if it is 0, the file is not touched.
        """
        path = self.path(table, snapshot_date)
        with pq.ParquetFile(path) as file:
            groups = range(file.metadata.num_row_groups)
            gone = [is_left_out(pl.DataFrame(file.read_row_group(group))) for group in groups]
            count = int(sum(mask.sum() for mask in gone))
            if not count:
                return 0
            schema = file.schema_arrow
            with (
                self.replacing(table, snapshot_date, run_id) as aside,
                pq.ParquetWriter(
                    aside,
                    schema,
                    compression=_COMPRESSION,
                    use_dictionary=[name for name in _DICTIONARIES if name in schema.names],
                    write_statistics=[name for name in _STATISTICS if name in schema.names],
                ) as writer,
            ):
                for group, mask in zip(groups, gone, strict=True):
                    kept = pl.DataFrame(file.read_row_group(group)).filter(~mask)
                    if kept.height:
                        writer.write_table(_arrow(kept).cast(schema), row_group_size=kept.height)
        return count

    def rows(self, table: str, snapshot_date: date) -> int:
        """Returns the row count of a table, from the file's footer."""
        return int(pq.read_metadata(self.path(table, snapshot_date)).num_rows)


class TableWriter:
    """Writes frames to one Parquet file, a row group each.

    Encoding happens in a thread of its own, so that the next frame is computed meanwhile.
    """

    def __init__(self, path: Path, schema: pl.Schema, notes: Mapping[str, str] | None = None) -> None:
        """Opens the file.

        Args:
            path: The file to write.
            schema: Columns of every frame.
            notes: Metadata on the origin of the file, for its readers; see `Lake.notes`.
        """
        self._path = path
        self._schema = schema
        self._writer = pq.ParquetWriter(
            path,
            _arrow(pl.DataFrame(schema=schema)).schema.with_metadata(dict(notes or {})),
            compression=_COMPRESSION,
            use_dictionary=[name for name in _DICTIONARIES if name in schema],
            write_statistics=[name for name in _STATISTICS if name in schema],
        )
        self._encoder = ThreadPoolExecutor(1)
        self._encoding: deque[Future[None]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.finish()
        finally:
            self._encoder.shutdown()
            with atomic_write.naming(self._path):
                self._writer.close()

    def write(self, *frames: pl.DataFrame) -> None:
        """Adds frames, as one row group."""
        self._submit(frames)

    def finish(self) -> None:
        """Waits for pending encoding, and raises its errors."""
        while self._encoding:
            self._encoding.popleft().result()

    def _submit(self, frames: Sequence[pl.DataFrame]) -> None:
        # A short queue, so that neither side waits for the other; a longer one would only take memory.
        while len(self._encoding) >= _ENCODING_AHEAD:
            self._encoding.popleft().result()
        self._encoding.append(self._encoder.submit(self._encode, frames))

    def _encode(self, frames: Sequence[pl.DataFrame]) -> None:
        frame = pl.concat(frames, how="diagonal")
        table = _arrow(
            frame.select(
                pl.col(name) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
                for name, dtype in self._schema.items()
            )
        )
        with atomic_write.naming(self._path):
            self._writer.write_table(table, row_group_size=max(table.num_rows, 1))


class BucketWriter(TableWriter):
    """Keeps the rows of a bucket in row groups of their own."""

    def __init__(self, path: Path, schema: pl.Schema) -> None:
        """Opens the file; `schema` is without `bucket`, which frames have (`BUCKET_OF`)."""
        super().__init__(path, pl.Schema({**schema, "bucket": pl.UInt8()}), BUCKET_NOTES)
        self._waiting: list[list[pl.DataFrame]] = [[] for _ in range(BUCKETS)]
        self._heights = [0] * BUCKETS

    def write(self, *frames: pl.DataFrame) -> None:
        """Adds frames."""
        for frame in frames:
            # Columns without a single value need no partitioning; exports leave many of them empty.
            empty = {column.name for column in frame.iter_columns() if column.null_count() == frame.height}
            for part in frame.drop(empty).partition_by("bucket"):
                bucket = part.item(0, "bucket")
                self._waiting[bucket].append(part)
                self._heights[bucket] += part.height
                if self._heights[bucket] >= _ROW_GROUP:
                    self._flush(bucket)

    def finish(self) -> None:
        """Writes the buffered rows."""
        for bucket in range(BUCKETS):
            self._flush(bucket)
        super().finish()

    def _flush(self, bucket: int) -> None:
        if self._waiting[bucket]:
            frames, self._waiting[bucket], self._heights[bucket] = self._waiting[bucket], [], 0
            self._submit(frames)


def has_buckets(path: Path) -> bool:
    """Returns whether a file has buckets by the current hash, and the current number of them."""
    return _notes(path).items() >= BUCKET_NOTES.items()


def _notes(path: Path) -> dict[str, str]:
    found = pq.read_metadata(path).metadata or {}
    return {key.decode(): value.decode() for key, value in found.items() if key != b"ARROW:schema"}


def _arrow(frame: pl.DataFrame) -> pa.Table:
    # Polars' text layout; the older Arrow layout would copy each string.
    return frame.to_arrow(compat_level=pl.CompatLevel.newest())
