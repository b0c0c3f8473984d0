"""Limits of a source during its import: rows, length of texts, time, memory and temporary disk.

Belongs here: detecting that a limit is exceeded, and naming it. Does not: the limits themselves
(`schemas/config/limits`, `schemas/settings`), or the reaction (`importing`).
"""

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import duckdb
import polars as pl

from assets.reading.formats import UnreadableFileError
from assets.reading.json_records import reason
from assets.storage.engine import limit_reached
from schemas.config.source import Source
from schemas.settings import Settings
from schemas.shape import Records


class LimitPassedError(UnreadableFileError):
    """An export exceeds a limit; another reader would exceed it too."""


class Bounds:
    """The limits of one source while its records of one kind are read."""

    def __init__(self, settings: Settings, source: Source, records: Records, stopped: Event | None = None) -> None:
        """Starts the clock; once `stopped` is set, `demand` ends the import of the source."""
        self._settings, self._limits, self._records = settings, source.limits, records
        self._stopped = stopped or Event()
        self._end = monotonic() + source.limits.import_minutes * 60

    @contextmanager
    def timed(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupts the connection's query when the time is over."""
        over = Event()

        def stop() -> None:
            wait = self._end - monotonic()
            while not over.wait(max(wait, 0)):
                # Repeated: an interrupt has no effect on an idle connection, which may start a query a moment later.
                connection.interrupt()
                wait = 1.0

        watch = Thread(target=stop, daemon=True)
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()

    def demand(self, landed: int) -> None:
        """Raises if the source exceeds its limit of rows or time.

        Raises:
            LimitPassedError: It has them.
            CancelledError: The import is over.
        """
        if self._stopped.is_set():
            raise CancelledError
        if landed > self._limits.max_rows:
            raise LimitPassedError(f"there are more {self._records} than {self._limits.passed('max_rows')}")
        if monotonic() > self._end:
            raise LimitPassedError(
                f"to read its {self._records} takes longer than {self._limits.passed('import_minutes')}"
            )

    def reason(self, error: duckdb.Error, landed: int) -> str:
        """Formats why a file cannot be read, on one line.

        Raises:
            LimitPassedError: Because of a limit that another way of reading it would pass as well.
        """
        self.demand(landed)
        if (words := limit_reached(self._settings, error)) is not None:
            raise LimitPassedError(f"to read its {self._records}, {words}") from error
        return reason(error, self._limits).replace(f"{self._settings.home}/", "")

    def long_texts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Finds rows with a text over the limit of characters, in the form of failures of `schemas.validation`."""
        most = self._limits.max_field_characters
        texts = [column for column in rows.iter_columns() if column.dtype == pl.String]
        # Counting bytes is nearly free, and a text never has fewer bytes than characters.
        long = [column for column in texts if (column.str.len_bytes().max() or 0) > most]  # type: ignore[operator] # a number
        found = [
            pl.DataFrame({"index": (column.str.len_chars() > most).arg_true().cast(pl.UInt32), "field": column.name})
            for column in long
        ]
        said = pl.format("{}: longer than {}", "field", pl.lit(self._limits.passed("max_field_characters")))
        return (
            pl.concat([pl.DataFrame(schema={"index": pl.UInt32, "field": pl.String}), *found])
            .unique("index", keep="first", maintain_order=True)
            .with_columns(reason=said)
            .sort("index")
        )
