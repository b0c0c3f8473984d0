"""Import of a date: each source on its own, then the merge of all, then the report.

Belongs here: the order of the steps, the number of parallel sources, and the commit. Does not: the import of one source
(`source_import`), or the merge of records that several have (`deduplication`).
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from threading import Event

import polars as pl

from assets.importing import deduplication, reconciliation
from assets.importing.reconciliation import SourceImport
from assets.importing.source_import import Importer
from assets.landing import store, suppression
from assets.storage import atomic_write, home_lock
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.describe import polars_schema
from schemas.import_report import REFUSED, ImportReport
from schemas.quarantine import Quarantine
from schemas.settings import Settings
from schemas.shape import RECORDS
from schemas.validation import ContractError, validate

# Each needs its share of the memory; DuckDB and Polars use more cores than these.
_MOST_AT_ONCE = 4


class NothingToPublishError(Exception):
    """The date cannot be published: no source has a valid profile, or a required source has none."""


def import_date(settings: Settings, sources: SourcesFile, snapshot_date: date, run_id: str) -> pl.DataFrame:
    """Imports everything landed for a date and replaces `profiles`, `posts`, `quarantine` and `import_report`.

    A source whose pull failed, or whose records are too bad, is left out, and its newest good pull of the last
    `carry_days` stands in.

    Args:
        settings: Settings of the home.
        sources: The sources to import, in order of precedence.
        snapshot_date: The date.
        run_id: Distinguishes concurrent runs.

    Returns:
        The import report.

    Raises:
        NothingToPublishError: No source has a valid profile: report and quarantine are kept, the rest is untouched.
            Or a required source has nothing: all is untouched.
    """
    with home_lock.adding(settings), atomic_write.temp_dir(settings.scratch) as folder:
        _demand_landed(settings, sources, snapshot_date)
        tried = _import_sources(settings, sources, snapshot_date, folder)
        _demand_used(sources, snapshot_date, tried)
        return _commit(settings, sources, snapshot_date, run_id, tried)


def _demand_landed(settings: Settings, sources: SourcesFile, snapshot_date: date) -> None:
    for source in sources.sources:
        if source.required and not store.newest_complete(settings.landing, source.name, snapshot_date):
            tried = store.pulls(settings.landing, source.name, snapshot_date)
            why = tried[-1].message if tried else "it has not been pulled"
            raise NothingToPublishError(f"required source {source.name} has nothing for {snapshot_date}: {why}")


def _demand_used(sources: SourcesFile, snapshot_date: date, tried: Sequence[SourceImport]) -> None:
    required = {source.name for source in sources.sources if source.required}
    for each in tried:
        if each.state in REFUSED and each.manifest.source in required:
            raise NothingToPublishError(f"required source {each.manifest.source} on {snapshot_date}: {each.message}")


def _import_sources(settings: Settings, sources: SourcesFile, snapshot_date: date, folder: Path) -> list[SourceImport]:
    """Imports sources in parallel; returns the pulls that were tried, in order of their sources."""
    cores = settings.threads or len(os.sched_getaffinity(0))
    at_once = max(min(cores, len(sources.sources), _MOST_AT_ONCE), 1)
    stopped = Event()
    importer = Importer(settings, snapshot_date, folder, suppression.load(settings.suppressed), at_once, stopped)
    with ThreadPoolExecutor(at_once) as pool:
        try:
            imported = pool.map(lambda source: importer.run(source, sources.shape(source)), sources.sources)
            return [each for tried in imported for each in tried]
        except BaseException:
            stopped.set()
            raise


def _commit(
    settings: Settings, sources: SourcesFile, snapshot_date: date, run_id: str, tried: Sequence[SourceImport]
) -> pl.DataFrame:
    """Replaces the tables of the date."""
    lake = Lake(settings.lake)
    used = [each for each in tried if each.state not in REFUSED]
    # A refused pull of an earlier date is in that date's own report.
    reported = [each for each in tried if each.state not in REFUSED or each.manifest.date == snapshot_date]
    with ExitStack() as stack:
        profiles: Path | None = None
        for records in RECORDS if used else ():
            target = stack.enter_context(lake.replacing(records, snapshot_date, run_id))
            deduplication.merge(settings, records, used, target, profiles)
            profiles = target
        report = reconciliation.report(sources, snapshot_date, reported, settings.landing)
        bad = [frame for each in reported for frame in each.quarantine]
        quarantine = pl.concat([pl.DataFrame(schema=polars_schema(Quarantine)), *bad])
        for model, frame in ((ImportReport, report), (Quarantine, quarantine)):
            if (failures := validate(model, frame)).height:
                raise ContractError(f"{model.__name__}: {failures.row(0)[2]}")
        lake.write("quarantine", snapshot_date, run_id, quarantine)
    # Last, since dates that look back identify the other tables by it.
    lake.write("import_report", snapshot_date, run_id, report)
    if not used:
        raise NothingToPublishError(reconciliation.nothing_valid(snapshot_date, report))
    return report
