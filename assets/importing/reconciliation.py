"""Reconciliation of every landed record of a date: counts per file, and the import report made of them.

Belongs here: landed = accepted + quarantined + deduplicated + erased. Does not: reading or validating records
(`importing`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from assets.landing import store
from assets.landing.store import LandedFile, Manifest
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.describe import polars_schema
from schemas.import_report import REFUSED, ImportReport
from schemas.quarantine import WHOLE_FILE, Quarantine
from schemas.shape import RECORDS, Records

# The reason of records that are refused without an error of their own.
REJECTED_WITH_FILE = "the whole file is held back"


@dataclass
class RecordCounts:
    """Counts of the records of one file, by outcome."""

    file: LandedFile
    records: Records
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    deduplicated: int = 0
    erased: int = 0


def was_refused(lake: Lake, source: str, day: date) -> bool:
    """Returns whether the newest import of a date used nothing that the source had landed for it."""
    return lake.path("import_report", day).exists() and own_pull(lake, source, day)["state"].is_in(REFUSED).any()


def own_pull(lake: Lake, source: str, day: date) -> pl.DataFrame:
    """Returns the rows of a date's report on the source's pull of that same date."""
    return lake.scan("import_report", day).filter(source=source, landed_date=day).collect()


@dataclass
class SourceImport:
    """Result of importing one pull of a source.

    Attributes:
        manifest: The pull.
        state: `published` or `carried`, or why nothing of it is used; see `schemas.import_report`.
        message: The error; empty if there is none.
        inferred: The shapes inferred by `shape: auto`; empty for declared shapes.
        counts: Counts of its records, per file and kind.
        quarantine: Rows of the quarantine.
        staged: Kind of record to the Parquet files of its accepted rows, in order.
    """

    manifest: Manifest
    state: str
    message: str = ""
    inferred: str = ""
    counts: list[RecordCounts] = field(default_factory=list)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    staged: dict[Records, list[Path]] = field(default_factory=lambda: {records: [] for records in RECORDS})

    def landed(self, records: Records) -> int:
        """Returns how many records of a kind have been read."""
        return sum(counts.landed for counts in self.counts if counts.records == records)


def rejected_with_file(reading: SourceImport, snapshot_date: date) -> pl.DataFrame:
    """Builds the quarantine row for each file of a refused source that holds more than faulty records."""
    held = {
        (counts.file.path, counts.records): counts.landed - counts.erased - counts.quarantined
        for counts in reading.counts or [RecordCounts(file, file.records) for file in reading.manifest.files]
    }
    rows = [
        {
            "snapshot_date": snapshot_date,
            "source": reading.manifest.source,
            "records": records,
            "landed_file": path,
            "landed_row": WHOLE_FILE,
            "reason": f"{REJECTED_WITH_FILE}{among}: {reading.message}",
        }
        for (path, records), count in held.items()
        for among in [f", with {count:,} records that have no fault of their own" if count else ""]
        if count or reading.state == "unreadable"
    ]
    return pl.DataFrame(rows, schema=polars_schema(Quarantine))


def report(
    sources: SourcesFile, snapshot_date: date, imports: Sequence[SourceImport], landing_root: Path
) -> pl.DataFrame:
    """Builds the import report of a date.

    Args:
        sources: All sources, in order.
        snapshot_date: The date.
        imports: Pulls of that date that were refused, and pulls that are used.
        landing_root: The landing folder, whose manifests hold the reason if nothing was landed.

    Returns:
        One row per source, file and kind of record; see `schemas.import_report`.
    """
    rows: list[dict[str, object]] = []
    for source in sources.sources:
        own = [each for each in imports if each.manifest.source == source.name]
        if not any(each.manifest.date == snapshot_date for each in own):
            tried = store.pulls(landing_root, source.name, snapshot_date)
            why = tried[-1].message if tried else "nothing was landed for this date"
            rows.append(_row(snapshot_date, source.name, "missing", None, None, why))
        for each in own:
            files: list[RecordCounts | None] = [*each.counts] or [None]
            rows.extend(
                _row(snapshot_date, source.name, each.state, each.manifest, counts, each.message, each.inferred)
                for counts in files
            )
    return pl.DataFrame(rows, schema=polars_schema(ImportReport), orient="row")


def _row(
    snapshot_date: date,
    source: str,
    state: str,
    manifest: Manifest | None,
    counts: RecordCounts | None,
    message: str,
    inferred: str = "",
) -> dict[str, object]:
    # A refused source has no accepted records: the valid ones are refused with the rest.
    refused = state in REFUSED
    return {
        "snapshot_date": snapshot_date,
        "source": source,
        "state": state,
        "landed_date": manifest.date if manifest else None,
        "content": manifest.content if manifest else None,
        "landed_file": counts.file.path if counts else None,
        "records": counts.records if counts else None,
        "landed": counts.landed if counts else 0,
        "accepted": counts.accepted if counts and not refused else 0,
        "quarantined": (counts.landed - counts.erased if refused else counts.quarantined) if counts else 0,
        "deduplicated": counts.deduplicated if counts and not refused else 0,
        "erased": counts.erased if counts else 0,
        "landed_bytes": counts.file.bytes if counts else 0,
        "sha256": counts.file.sha256 if counts else None,
        "message": message or None,
        "inferred": inferred or None,
    }


def nothing_valid(snapshot_date: date, report: pl.DataFrame) -> str:
    """Formats why nothing is published, from the report of a date without a valid profile."""
    sources: Sequence[tuple[str, str, str | None]] = (
        report.select("source", "state", "message").unique(maintain_order=True).rows()
    )
    told = "; ".join(f"{source}: {message or state}" for source, state, message in sources)
    return f"no valid profile for {snapshot_date}, so nothing is published and the old file stays. {told}"
