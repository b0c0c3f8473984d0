"""Deduplication: of all records of one account, or of one post, the newest capture counts.

Belongs here: leaving one row of each and counting the others, and the quick look that spares most nights that. Does
not: the rule itself (`assets/sql/newest_*.sql`).
"""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

import numpy as np
import polars as pl

from assets.importing.reconciliation import Reading
from assets.sql import read_sql
from assets.storage import atomic_write
from assets.storage.engine import BATCH_ROWS, connect
from assets.storage.lake import BucketWriter
from schemas.config.source import SourcesFile
from schemas.describe import polars_schema
from schemas.settings import Settings
from schemas.shape import MODELS, Records

_PARTS = 16


def deduplicate(
    settings: Settings, sources: SourcesFile, records: Records, staged: Path, readings: Mapping[str, Reading]
) -> None:
    """Leaves one row per account, or per post, in a staged table, and moves the others from accepted to superseded.

    Args:
        settings: Where to work.
        sources: The sources, in order of precedence.
        records: Which table it is.
        staged: Its file, which is replaced.
        readings: Source to its reading, whose tallies are put right.
    """
    schema = polars_schema(MODELS[records])
    rest = staged.with_name(f"{staged.name}.settled")
    with connect(settings, staged.parent) as connection:
        connection.execute(f"CREATE TEMP VIEW landed AS SELECT * FROM read_parquet('{staged}')")
        order = pl.DataFrame({"source": [source.name for source in sources.sources]}).with_row_index("place")
        connection.register("source_order", order.to_arrow())
        try:
            with BucketWriter(rest, schema) as writer:
                for batch in connection.sql(read_sql(f"newest_{records}")).to_arrow_reader(BATCH_ROWS):
                    writer.write(pl.DataFrame(batch).select(pl.col(name).cast(kind) for name, kind in schema.items()))
            kept = connection.execute(
                f"SELECT source, landed_file, count(*) FROM read_parquet('{rest}') GROUP BY ALL"
            ).fetchall()
            rest.replace(staged)
        finally:
            rest.unlink(missing_ok=True)
    remaining = {(source, file): count for source, file, count in kept}
    for source, reading in readings.items():
        for tally in reading.tallies:
            if tally.records == records:
                accepted = remaining.get((source, tally.file.path), 0)
                tally.superseded, tally.accepted = tally.accepted - accepted, accepted


class Repeats:
    """Logs a 64-bit hash of every row's key, in parts by their highest bits, so that memory stays flat."""

    def __init__(self, folder: Path, key: tuple[str, ...]) -> None:
        """Opens the logs.

        Args:
            folder: Where to keep them; they leave nothing behind.
            key: The columns that tell rows apart. A null in one of them is a row that needs the exact look.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._logs = [TemporaryFile(dir=folder) for _ in range(_PARTS)]  # noqa: SIM115 - closed on exit
        self._key = key
        self._is_unsure = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for log in self._logs:
            log.close()

    def add(self, frame: pl.DataFrame) -> None:
        """Logs the rows of a frame."""
        self._is_unsure |= any(frame[name].null_count() for name in self._key)
        hashes = frame.select(pl.reduce(lambda one, other: one ^ other, self._hashed())).to_series().to_numpy()
        hashes = np.sort(hashes)
        bounds = np.arange(1, _PARTS, dtype=np.uint64) << np.uint64(60)
        with atomic_write.naming(self._folder):
            for log, part in zip(self._logs, np.split(hashes, np.searchsorted(hashes, bounds)), strict=True):
                # Not by the array's own `tofile`, which leaves out what a full disk refuses and says nothing.
                log.write(part.data)

    def are_possible(self) -> bool:
        """Whether two rows may share a key: surely not where no two hashes are equal."""
        return self._is_unsure or any(self._has_repeat(part) for part in range(_PARTS))

    def _hashed(self) -> list[pl.Expr]:
        return [pl.col(name).hash(seed=place) for place, name in enumerate(self._key)]

    def _has_repeat(self, part: int) -> bool:
        with atomic_write.naming(self._folder):
            self._logs[part].seek(0)  # and flushes
        hashes = np.sort(np.fromfile(self._logs[part], dtype=np.uint64))
        return bool((hashes[1:] == hashes[:-1]).any())
