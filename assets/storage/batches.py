"""Batches of rows, put together to the size that what works on them is made for.

Belongs here: the size of batches alone. Does not: where they come from.
"""

from collections.abc import Iterable, Iterator

import polars as pl
import pyarrow as pa

# Large, since every batch costs pandera some milliseconds a column, whatever its size.
ROWS = 245_760


def of_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
    """The same rows in the same order, in frames of at least `ROWS` rows but for the last; no rows, no frame."""
    waiting: list[pl.DataFrame] = []
    for batch in batches:
        waiting.append(pl.DataFrame(batch))
        if sum(frame.height for frame in waiting) >= ROWS:
            yield pl.concat(waiting, rechunk=False)
            waiting = []
    if waiting:
        yield pl.concat(waiting, rechunk=False)
