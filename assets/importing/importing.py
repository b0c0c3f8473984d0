"""Landed files to accepted rows: read, convert, validate, quarantine, and settle who supersedes whom.

Belongs here: what becomes of every landed record of a date. Does not: how bytes are read (`assets/reading`),
what a column may hold (`schemas`), or Dagster.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import NoReturn

import duckdb
import polars as pl
import pyarrow as pa

from assets.importing import deduplication, reconciliation, row_count_check, row_validation
from assets.importing.deduplication import Repeats
from assets.importing.limit_guard import Bounds, LimitPassedError
from assets.importing.open_files import Opened, Opener
from assets.importing.reconciliation import Reading, Tally
from assets.importing.row_validation import FAILED
from assets.landing import store, suppression
from assets.landing.store import Manifest
from assets.reading.formats import UnreadableFileError
from assets.reading.json_records import is_page
from assets.reading.record_lookup import raw_records
from assets.reading.text_columns import open_columns, open_pages
from assets.storage import batches, home_lock, progress
from assets.storage.engine import connect
from assets.storage.lake import BucketWriter, Lake
from schemas.config.source import Source, SourcesFile
from schemas.describe import polars_schema
from schemas.first_line import first_line
from schemas.import_report import ImportReport
from schemas.quarantine import Quarantine
from schemas.settings import Settings
from schemas.shape import MODELS, RECORDS, Records
from schemas.validation import ContractError, validate

_PAGES_TOGETHER = 200
# What follows the reason for which a file cannot be read.
KEPT_AT = "; what it sent is kept at "
# What tells the rows of a table apart. Posts need no platform: equal ids of two platforms only mean a closer look.
_KEYS: dict[Records, tuple[str, ...]] = {"profiles": ("platform", "profile_id"), "posts": ("profile_id", "post_id")}


class NothingToPublishError(Exception):
    """The date must not be published: no source has a valid profile, or a required one has nothing."""


class _SourceRejectedError(Exception):
    """A source's landed files must not be published."""

    def __init__(self, source: str, reading: Reading) -> None:
        super().__init__(source)
        self.source = source
        self.reading = reading


class _NotCleanError(Exception):
    """The fast reader stumbled over a file."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def import_date(settings: Settings, sources: SourcesFile, snapshot_date: date, run_id: str) -> pl.DataFrame:
    """Imports everything landed for a date and replaces `profiles`, `posts`, `quarantine` and `import_report`.

    A source whose pull failed, or whose records are too bad, is left out, and its newest good pull of the last
    `carry_days` stands in.

    Args:
        settings: Where to work.
        sources: What to import, in order of precedence.
        snapshot_date: The date.
        run_id: Tells concurrent runs apart.

    Returns:
        The import report.

    Raises:
        NothingToPublishError: No source has a valid profile: report and quarantine are kept, the rest is untouched.
            Or a required source has nothing: all is untouched.
    """
    with home_lock.adding(settings), Opener(settings) as opener:
        return _import_date(settings, sources, snapshot_date, run_id, opener)


def _import_date(
    settings: Settings, sources: SourcesFile, snapshot_date: date, run_id: str, opener: Opener
) -> pl.DataFrame:
    lake = Lake(settings.lake)
    _demand_required(settings, sources, snapshot_date)
    waiting = {source.name: _candidates(settings, source, snapshot_date) for source in sources.sources}
    rejected: dict[str, list[Reading]] = {source.name: [] for source in sources.sources}
    not_clean: set[Path] = set()
    while True:
        chosen = {name: manifests[0] for name, manifests in waiting.items() if manifests}
        attempt = _Import(settings, sources, snapshot_date, chosen, not_clean, opener)
        try:
            with ExitStack() as stack:
                staged = {
                    records: stack.enter_context(lake.replacing(records, snapshot_date, run_id)) for records in RECORDS
                }
                readings = attempt.run(staged)
                report = reconciliation.report(sources, snapshot_date, readings, rejected, settings.landing)
                bad = [
                    frame
                    for reading in reconciliation.reported(snapshot_date, readings, rejected)
                    for frame in reading.quarantine
                ]
                quarantine = pl.concat([pl.DataFrame(schema=polars_schema(Quarantine)), *bad])
                for model, frame in ((ImportReport, report), (Quarantine, quarantine)):
                    if (failures := validate(model, frame)).height:
                        raise ContractError(f"{model.__name__}: {failures.row(0)[2]}")
                lake.write("quarantine", snapshot_date, run_id, quarantine)
                if not readings:
                    lake.write("import_report", snapshot_date, run_id, report)
                    raise NothingToPublishError(reconciliation.nothing_valid(snapshot_date, report))
            # Last, since dates that look back take it for what the other tables hold.
            lake.write("import_report", snapshot_date, run_id, report)
        except _NotCleanError as stumble:
            not_clean.add(stumble.path)
        except _SourceRejectedError as rejection:
            rejected[rejection.source].append(rejection.reading)
            waiting[rejection.source].pop(0)
            if rejection.reading.required:
                raise NothingToPublishError(
                    f"required source {rejection.source} on {snapshot_date}: {rejection.reading.message}"
                ) from rejection
        else:
            return report


def _demand_required(settings: Settings, sources: SourcesFile, snapshot_date: date) -> None:
    for source in sources.sources:
        if source.required and not store.newest_complete(settings.landing, source.name, snapshot_date):
            tried = store.pulls(settings.landing, source.name, snapshot_date)
            why = tried[-1].message if tried else "it has not been pulled"
            raise NothingToPublishError(f"required source {source.name} has nothing for {snapshot_date}: {why}")


def _candidates(settings: Settings, source: Source, snapshot_date: date) -> list[Manifest]:
    """Pulls that may stand for a date, best first: its own, then those of the days before."""
    days = (snapshot_date - timedelta(days=age) for age in range(source.carry_days + 1))
    found = (store.newest_complete(settings.landing, source.name, day) for day in days)
    return [manifest for manifest in found if manifest]


class _Import:
    """One attempt at importing a date from chosen pulls."""

    def __init__(
        self,
        settings: Settings,
        sources: SourcesFile,
        snapshot_date: date,
        chosen: dict[str, Manifest],
        not_clean: set[Path],
        opener: Opener,
    ) -> None:
        self._settings = settings
        self._lake = Lake(settings.lake)
        self._sources = sources
        self._date = snapshot_date
        self._chosen = chosen
        self._not_clean = not_clean
        self._opener = opener
        self._readings: dict[str, Reading] = {}
        self._suppressed = suppression.load(settings.suppressed)
        self._profile_ids: pl.DataFrame | None = None
        self._profiles = Path()

    def run(self, staged: dict[Records, Path]) -> dict[str, Reading]:
        """Writes the accepted rows to the staged files and tells what became of every record."""
        for source in self._sources.sources:
            if source.name in self._chosen:
                manifest = self._chosen[source.name]
                state = "published" if manifest.date == self._date else "carried"
                self._readings[source.name] = Reading(manifest, state=state, required=source.required)
        for records in RECORDS:
            with Repeats(self._settings.scratch, _KEYS[records]) as repeats:
                with BucketWriter(staged[records], polars_schema(MODELS[records])) as writer:
                    for source in self._sources.sources:
                        if source.name in self._readings:
                            self._try_source(source, records, writer, repeats)
                if repeats.are_possible():
                    deduplication.deduplicate(self._settings, self._sources, records, staged[records], self._readings)
            if records == "profiles":
                self._profiles = staged[records]
        return self._readings

    def _try_source(self, source: Source, records: Records, writer: BucketWriter, repeats: Repeats) -> None:
        """Reads a source; what nobody has foreseen of its files costs it alone, and not the night."""
        try:
            self._read_source(source, records, writer, repeats)
        except (ValueError, LookupError, TypeError, ArithmeticError, pl.exceptions.PanicException) as error:
            told = f"{type(error).__name__}: {first_line(error)}"
            why = f"cannot be read, for a reason that smallvoices does not know: {told}"
            self._reject(source, "unreadable", f"{why}{KEPT_AT}{self._kept(source)}")

    def _read_source(self, source: Source, records: Records, writer: BucketWriter, repeats: Repeats) -> None:
        reading = self._readings[source.name]
        try:
            opened, reading.inferred = self._opener.open(source, self._sources.shape(source), reading.manifest.files)
        except UnreadableFileError as error:
            self._reject(source, "unreadable", f"{error}{KEPT_AT}{self._kept(source)}")
        held = [part for part in opened if part.holds(records)]
        bounds = Bounds(self._settings, source, records)
        # Files of a folder and shape share a connection: to open one takes longer than to read a page of an API.
        for (folder, _), alike in groupby(held, lambda part: (part.path.parent, id(part.shape))):
            group = list(alike)
            with connect(self._settings, folder) as connection, bounds.timed(connection):
                connection.execute(group[0].shape.macros())
                for parts in self._together(group, records):
                    try:
                        self._accept(connection, source, parts, records, bounds, writer, repeats)
                    except UnreadableFileError as error:
                        if len(parts) > 1 and not isinstance(error, LimitPassedError):
                            raise _NotCleanError(parts[0].path) from error
                        self._reject(source, "unreadable", f"{error}{KEPT_AT}landing/{parts[0].file.path}")
        tallies = [tally for tally in reading.tallies if tally.records == records]
        total = sum(tally.landed for tally in tallies)
        landed, bad = total - sum(tally.forgotten for tally in tallies), sum(tally.quarantined for tally in tallies)
        if landed and bad / landed > source.max_quarantine_share:
            self._reject(
                source,
                "over_quarantine",
                f"{bad} of {landed} {records} break the contract, over the share of {source.max_quarantine_share:g}; "
                "look at their reasons in the quarantine, then correct the shape, or raise max_quarantine_share",
            )
        # A source that no longer says where its posts are has none to miss.
        if held and (few := row_count_check.mistake(self._lake, source, reading.manifest.date, records, total)):
            self._reject(source, row_count_check.UNDER_ROWS, few)
        if records == "profiles" and not any(tally.accepted for tally in tallies):
            self._reject(source, "over_quarantine", "no valid profile; look at the reasons in the quarantine")

    def _kept(self, source: Source) -> str:
        """Where the first of a source's files are."""
        return ", ".join(f"landing/{file.path}" for file in self._readings[source.name].manifest.files[:3])

    def _reject(self, source: Source, state: str, message: str) -> NoReturn:
        reading = self._readings[source.name]
        reading.state, reading.message = state, message
        reading.quarantine.append(reconciliation.held_back(reading, self._date))
        raise _SourceRejectedError(source.name, reading)

    def _together(self, parts: list[Opened], records: Records) -> Iterator[list[Opened]]:
        """Files of one shape in order, pages together; one by one where they stumbled together."""
        wanted = parts[0].shape.read_columns(records)
        for are_pages, alike in groupby(parts, lambda part: is_page(part.path, part.shape, wanted)):
            group = list(alike)
            size = _PAGES_TOGETHER if are_pages else 1
            for chunk in (group[start : start + size] for start in range(0, len(group), size)):
                yield from ([part] for part in chunk) if chunk[0].path in self._not_clean else [chunk]

    def _accept(
        self,
        connection: duckdb.DuckDBPyConnection,
        source: Source,
        parts: list[Opened],
        records: Records,
        bounds: Bounds,
        writer: BucketWriter,
        repeats: Repeats,
    ) -> None:
        """Reads one file, or several pages at once."""
        reading = self._readings[source.name]
        path, shape = parts[0].path, parts[0].shape
        tallies = [Tally(part.file, records) for part in parts]
        reading.tallies += tallies
        wanted = shape.read_columns(records)
        if len(parts) > 1:
            text = open_pages(connection, [part.path for part in parts], shape, wanted)
        else:
            text = open_columns(connection, path, shape, wanted, exact=path in self._not_clean, limits=source.limits)
        query = shape.query(records, text.relation, parts[0].platform(source), numbered=text.numbered)
        failed: list[pl.DataFrame] = []
        landed = 0
        try:
            for batch in _batches(connection.sql(query)):
                frame = row_validation.with_provenance(batch, source, self._date, tallies, reading.manifest)
                for place, count in frame["part"].value_counts().iter_rows():
                    tallies[place].landed += count
                frame = row_validation.without_forgotten(frame, tallies, self._suppressed)
                accepted, failures = row_validation.sift(frame, records, bounds)
                failed.append(failures)
                identified = self._identified(accepted, records)
                writer.write(identified)
                repeats.add(identified)
                landed = sum(tally.landed for tally in reading.tallies if tally.records == records)
                progress.report(f"{source.name} {records}", landed)
                bounds.demand(landed)
        except duckdb.Error as error:
            reason = bounds.reason(error, landed)
            if text.has_exact:
                raise _NotCleanError(path) from error
            raise UnreadableFileError(f"{path.name} cannot be read as shape {shape.name}: {reason}") from error
        if text.may_lack_records(tallies[0].landed, path):
            raise _NotCleanError(path)
        rejects = pl.DataFrame(
            {
                "part": [0 for _ in text.rejects],
                "landed_row": [reject.landed_row for reject in text.rejects],
                "field": [None for _ in text.rejects],
                "reason": [reject.reason for reject in text.rejects],
                "raw": [None for _ in text.rejects],
            },
            schema=FAILED,
        )
        tallies[0].landed += rejects.height
        bad = pl.concat([*failed, rejects]).sort("part", "landed_row", maintain_order=True)
        for (place,), rows in bad.partition_by("part", as_dict=True, maintain_order=True, include_key=False).items():
            tallies[place].quarantined = rows.height
            raw = raw_records(
                connection, parts[place].path, shape, set(rows["landed_row"]), wanted.records, source.limits
            )
            reading.quarantine.append(
                row_validation.quarantined(rows, raw, source, self._date, parts[place].file, records)
            )
        for tally in tallies:
            tally.accepted = tally.landed - tally.quarantined - tally.forgotten

    def _identified(self, rows: pl.DataFrame, records: Records) -> pl.DataFrame:
        """Gives posts that only name a handle the id that the account goes by on that day."""
        if records == "profiles" or rows["profile_id"].null_count() == 0:
            return rows
        if self._profile_ids is None:
            self._profile_ids = (
                pl.scan_parquet(self._profiles)
                .filter(pl.col("handle").is_not_null())
                .group_by("platform", "handle")
                .agg(pl.col("profile_id").unique())
                .filter(pl.col("profile_id").list.len() == 1)
                .select("platform", "handle", known=pl.col("profile_id").list.first())
                .collect()
            )
        return (
            rows.join(self._profile_ids, on=["platform", "handle"], how="left", maintain_order="left")
            .with_columns(profile_id=pl.coalesce("profile_id", "known", pl.lit("@") + pl.col("handle")))
            .drop("known")
        )


def _batches(relation: duckdb.DuckDBPyRelation) -> Iterator[pl.DataFrame]:
    """The rows of a relation; what stops them is one kind of error, which DuckDB and Arrow each have their own of."""
    try:
        # DuckDB gives those of JSON in smaller batches than it is asked for.
        yield from batches.of_rows(relation.to_arrow_reader(batches.ROWS))
    except (OSError, pa.ArrowException) as error:
        # Behind the first batch DuckDB's errors come through Arrow's stream interface.
        raise duckdb.Error(str(error)) from error
