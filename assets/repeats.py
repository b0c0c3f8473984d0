"""Whether any two rows of a table may be about the same thing, found out while they are written.

Belongs here: the quick look that spares most nights the exact one. Does not: which of two rows counts
(`assets/sql/newest_*.sql`).
"""

from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

import numpy as np
import polars as pl

from assets.storage import atomic_write

_PARTS = 16


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
