"""Import of one source of a date: its newest valid pull, with the accepted rows staged in Parquet.

Belongs here: reading, converting and validating the files of a pull, the choice of reader, and the reasons to refuse a
pull. Does not: steps over several sources (`importing`, `deduplication`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count, groupby
from pathlib import Path
from threading import Event

import duckdb
import polars as pl
import pyarrow as pa

from assets.importing import reconciliation, row_count_check, row_validation
from assets.importing.limit_guard import Bounds, LimitPassedError
from assets.importing.open_files import LandedPart, open_files
from assets.importing.reconciliation import RecordCounts, SourceImport
from assets.importing.row_validation import FAILED
from assets.landing import store
from assets.landing.store import Manifest
from assets.landing.suppression import Suppression
from assets.reading.formats import UnreadableFileError
from assets.reading.json_records import is_page
from assets.reading.record_lookup import raw_records
from assets.reading.text_columns import TextColumns, open_columns, open_pages
from assets.storage import atomic_write, batches, progress
from assets.storage.engine import connect
from assets.storage.lake import Lake, TableWriter
from schemas.config.source import Source
from schemas.describe import polars_schema
from schemas.first_line import first_line
from schemas.settings import Settings
from schemas.shape import MODELS, RECORDS, Records, Shape

_PAGES_TOGETHER = 200
# Appended to the reason why a file cannot be read.
KEPT_AT = "; what it sent is kept at "


class _RefusedError(Exception):
    """The pull is refused as a whole."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state
        self.message = message


class _NeedsExactReaderError(Exception):
    """The fast reader cannot identify all records of a file, or pages cannot be read together."""


@dataclass(frozen=True)
class Importer:
    """Imports the sources of a date, each on its own; several may run in parallel.

    Attributes:
        settings: Settings of the home.
        snapshot_date: The date.
        folder: The staging folder for accepted rows.
        suppressed: The suppression list.
        among: Number of sources that share memory and disk.
        stopped: Once set, imports end with an error at their next batch.
    """

    settings: Settings
    snapshot_date: date
    folder: Path
    suppressed: Suppression
    among: int = 1
    stopped: Event = field(default_factory=Event)

    def run(self, source: Source, shape: Shape) -> list[SourceImport]:
        """Imports the newest valid pull of a source: the date's own, or one of the `carry_days` before.

        Returns:
            The pulls that were tried, in order; all but the last were refused.
        """
        tried: list[SourceImport] = []
        for manifest in self._candidates(source):
            found = SourceImport(manifest, "published" if manifest.date == self.snapshot_date else "carried_forward")
            tried.append(found)
            try:
                _PullImport(self, source, shape, found).run()
            except _RefusedError as refusal:
                self._refuse(found, refusal.state, refusal.message)
            # An unexpected error of one source must not affect the others; panics of Polars are not an Exception.
            except (Exception, pl.exceptions.PanicException) as error:
                if self.stopped.is_set() or (isinstance(error, OSError) and atomic_write.is_refusal(error.errno)):
                    raise
                why = f"cannot be read, for a reason that smallvoices does not know: {type(error).__name__}: "
                self._refuse(found, "unreadable", f"{why}{first_line(error)}{KEPT_AT}{_kept(found)}")
            else:
                break
            if source.required:
                break
        return tried

    def _candidates(self, source: Source) -> Iterator[Manifest]:
        """Lists the pulls that may be used for the date, best first."""
        for age in range(source.carry_days + 1):
            day = self.snapshot_date - timedelta(days=age)
            if manifest := store.newest_complete(self.settings.landing, source.name, day):
                yield manifest

    def _refuse(self, found: SourceImport, state: str, message: str) -> None:
        found.state, found.message = state, message
        found.quarantine.append(reconciliation.rejected_with_file(found, self.snapshot_date))


def _kept(found: SourceImport) -> str:
    """Lists the paths of the first of a pull's files."""
    return ", ".join(f"landing/{file.path}" for file in found.manifest.files[:3])


class _PullImport:
    """Import of one pull: the fast reader reads each file first, and the exact one where necessary."""

    def __init__(self, importer: Importer, source: Source, shape: Shape, found: SourceImport) -> None:
        self._importer = importer
        self._settings = importer.settings
        self._source = source
        self._shape = shape
        self._found = found
        self._needs_exact_reader: set[Path] = set()
        self._numbers = count(1)

    def run(self) -> None:
        """Reads every file; adds counts, quarantine and staged rows to the import.

        Raises:
            _RefusedError: Nothing of the pull may be used.
        """
        files, room = self._found.manifest.files, self._settings.temp_bytes // self._importer.among
        try:
            with open_files(self._settings, self._source, self._shape, files, room) as (parts, message):
                self._found.inferred = message
                for records in RECORDS:
                    self._read_all([part for part in parts if part.holds(records)], records)
        except UnreadableFileError as error:
            raise _RefusedError("unreadable", f"{error}{KEPT_AT}{_kept(self._found)}") from error

    def _read_all(self, parts: list[LandedPart], records: Records) -> None:
        bounds = Bounds(self._settings, self._source, records, self._importer.stopped)
        # Files of a folder and shape share a connection: opening one takes longer than reading a page of an API.
        for (folder, _), alike in groupby(parts, lambda part: (part.path.parent, id(part.shape))):
            group = list(alike)
            with connect(self._settings, folder, among=self._importer.among) as connection, bounds.timed(connection):
                connection.execute(group[0].shape.macros())
                for some in _together(group, records):
                    self._read(connection, some, records, bounds)
        self._judge(records, has_files=bool(parts))

    def _judge(self, records: Records, *, has_files: bool) -> None:
        """Refuses a pull with too many bad records, too few records, or no valid profile."""
        source, counts = self._source, [each for each in self._found.counts if each.records == records]
        total = self._found.landed(records)
        landed, bad = total - sum(each.erased for each in counts), sum(each.quarantined for each in counts)
        if landed and bad / landed > source.max_quarantine_share:
            raise _RefusedError(
                "quarantine_limit_exceeded",
                f"{bad} of {landed} {records} break the contract, over the share of {source.max_quarantine_share:g}; "
                "look at their reasons in the quarantine, then correct the shape, or raise max_quarantine_share",
            )
        lake = Lake(self._settings.lake)
        # A source whose configuration no longer has posts cannot lack them.
        if has_files and (few := row_count_check.first_error(lake, source, self._found.manifest.date, records, total)):
            raise _RefusedError(row_count_check.ROW_COUNT_DROP, few)
        if records == "profiles" and not any(each.accepted for each in counts):
            raise _RefusedError("quarantine_limit_exceeded", "no valid profile; look at the reasons in the quarantine")

    def _read(
        self, connection: duckdb.DuckDBPyConnection, parts: list[LandedPart], records: Records, bounds: Bounds
    ) -> None:
        """Reads one file, or several pages at once; on failure, each file with the exact reader."""
        if not self._needs_exact_reader.issuperset(part.path for part in parts):
            try:
                self._stage(connection, parts, records, bounds, exact=False)
            except _NeedsExactReaderError:
                self._needs_exact_reader.update(part.path for part in parts)
            else:
                return
        for part in parts:
            self._stage(connection, [part], records, bounds, exact=True)

    def _stage(
        self,
        connection: duckdb.DuckDBPyConnection,
        parts: list[LandedPart],
        records: Records,
        bounds: Bounds,
        *,
        exact: bool,
    ) -> None:
        """Reads one file, or several pages at once, into a Parquet file of the accepted rows.

        Raises:
            _NeedsExactReaderError: That takes the exact reader; nothing is left of the attempt.
            _RefusedError: They cannot be read.
        """
        found = self._found
        counts = [RecordCounts(part.file, records) for part in parts]
        found.counts += counts
        staged = self._importer.folder / f"{self._source.name}-{records}-{next(self._numbers)}.parquet"
        try:
            try:
                with TableWriter(staged, polars_schema(MODELS[records])) as writer:
                    quarantine = self._accept(connection, parts, counts, bounds, writer, exact=exact)
            except UnreadableFileError as error:
                if len(parts) > 1 and not isinstance(error, LimitPassedError):
                    raise _NeedsExactReaderError from error
                raise _RefusedError("unreadable", f"{error}{KEPT_AT}landing/{parts[0].file.path}") from error
        except _NeedsExactReaderError:
            del found.counts[-len(counts) :]
            staged.unlink()
            raise
        found.staged[records].append(staged)
        found.quarantine += quarantine

    def _accept(
        self,
        connection: duckdb.DuckDBPyConnection,
        parts: list[LandedPart],
        counts: list[RecordCounts],
        bounds: Bounds,
        writer: TableWriter,
        *,
        exact: bool,
    ) -> list[pl.DataFrame]:
        """Writes the accepted rows, counts all, and returns those of the quarantine.

        Raises:
            _NeedsExactReaderError: The fast reader cannot identify all records.
            UnreadableFileError: The files cannot be read, or a limit is passed.
        """
        source, found, records = self._source, self._found, counts[0].records
        path, shape = parts[0].path, parts[0].shape
        wanted = shape.read_columns(records)
        failed: list[pl.DataFrame] = []
        text = None
        try:
            if len(parts) > 1:
                text = open_pages(connection, [part.path for part in parts], shape, wanted)
            else:
                text = open_columns(connection, path, shape, wanted, exact=exact, limits=source.limits)
            query = shape.query(records, text.relation, parts[0].platform(source), numbered=text.numbered)
            for batch in _batches(connection.sql(query)):
                frame = row_validation.with_provenance(
                    batch, source, self._importer.snapshot_date, counts, found.manifest
                )
                for place, landed in frame["part"].value_counts().iter_rows():
                    counts[place].landed += landed
                frame = row_validation.without_erased(frame, counts, self._importer.suppressed)
                accepted, failures = row_validation.split_valid_invalid(frame, records, bounds)
                failed.append(failures)
                writer.write(accepted)
                progress.report(f"{source.name} {records}", found.landed(records))
                bounds.demand(found.landed(records))
            if text.may_lack_records(counts[0].landed, path):
                raise _NeedsExactReaderError
            failed.append(_uncut(text))
            counts[0].landed += failed[-1].height
            return list(self._quarantine(connection, parts, counts, pl.concat(failed), bounds))
        except duckdb.Error as error:
            reason = bounds.reason(error, found.landed(records))
            if text and text.has_exact:
                raise _NeedsExactReaderError from error
            raise UnreadableFileError(f"{path.name} cannot be read as shape {shape.name}: {reason}") from error

    def _quarantine(
        self,
        connection: duckdb.DuckDBPyConnection,
        parts: list[LandedPart],
        counts: list[RecordCounts],
        failed: pl.DataFrame,
        bounds: Bounds,
    ) -> Iterator[pl.DataFrame]:
        """Looks up the raw text of the failed records of each file, and completes its counts."""
        shape, records = parts[0].shape, counts[0].records
        within = shape.read_columns(records).records
        by_part = failed.sort("part", "landed_row", maintain_order=True).partition_by(
            "part", as_dict=True, maintain_order=True, include_key=False
        )
        for (place,), rows in by_part.items():
            counts[place].quarantined = rows.height
            raw = raw_records(
                connection, parts[place].path, shape, set(rows["landed_row"]), within, self._source.limits
            )
            bounds.demand(self._found.landed(records))
            yield row_validation.quarantined(
                rows, raw, self._source, self._importer.snapshot_date, parts[place].file, records
            )
        for each in counts:
            each.accepted = each.landed - each.quarantined - each.erased


def _together(parts: list[LandedPart], records: Records) -> Iterator[list[LandedPart]]:
    """Groups files of one shape in order, pages together."""
    wanted = parts[0].shape.read_columns(records)
    for are_pages, alike in groupby(parts, lambda part: is_page(part.path, part.shape, wanted)):
        group = list(alike)
        size = _PAGES_TOGETHER if are_pages else 1
        yield from (group[start : start + size] for start in range(0, len(group), size))


def _uncut(text: TextColumns) -> pl.DataFrame:
    """Returns the records that could not be split into cells."""
    return pl.DataFrame(
        [(0, reject.landed_row, None, reject.reason, None) for reject in text.rejects], schema=FAILED, orient="row"
    )


def _batches(relation: duckdb.DuckDBPyRelation) -> Iterator[pl.DataFrame]:
    """Yields the rows of a relation; translates errors of DuckDB and of Arrow into one type."""
    try:
        # DuckDB yields smaller batches than requested for JSON.
        yield from batches.of_rows(relation.to_arrow_reader(batches.ROWS))
    except (OSError, pa.ArrowException) as error:
        # After the first batch, DuckDB's errors come through Arrow's stream interface.
        raise duckdb.Error(str(error)) from error
