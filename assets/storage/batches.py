"""Batches of rows, combined to the size that later steps are optimised for.

Belongs here: the size of batches alone. Does not: their origin.
"""

from collections.abc import Iterable, Iterator

import polars as pl
import pyarrow as pa

# Large, since pandera takes some milliseconds a column for every batch of any size.
ROWS = 245_760


def of_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pl.DataFrame]:
    """Combines rows, in order, into frames of at least `ROWS` rows except the last; no rows, no frame."""
    waiting: list[pl.DataFrame] = []
    for batch in batches:
        waiting.append(pl.DataFrame(batch))
        if sum(frame.height for frame in waiting) >= ROWS:
            yield pl.concat(waiting, rechunk=False)
            waiting = []
    if waiting:
        yield pl.concat(waiting, rechunk=False)
