"""What became of every landed record of a date: counts per file, and the import report made of them.

Belongs here: landed = accepted + quarantined + superseded + forgotten. Does not: reading or judging records
(`importing`).
"""

from collections.abc import Iterator, Sequence
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
from schemas.shape import Records

# Why records without a fault of their own are not used.
HELD_BACK = "the whole file is held back"


@dataclass
class Tally:
    """What became of the records of one file."""

    file: LandedFile
    records: Records
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    superseded: int = 0
    forgotten: int = 0


def was_refused(lake: Lake, source: str, day: date) -> bool:
    """Whether the newest import of a date took nothing of what the source had landed for it."""
    return lake.path("import_report", day).exists() and own_pull(lake, source, day)["state"].is_in(REFUSED).any()


def own_pull(lake: Lake, source: str, day: date) -> pl.DataFrame:
    """What a date's report says of a source's pull of that very date."""
    return lake.scan("import_report", day).filter(source=source, landed_date=day).collect()


@dataclass
class Reading:
    """What one source's landed files gave."""

    manifest: Manifest
    tallies: list[Tally] = field(default_factory=list)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    state: str = "published"
    message: str = ""
    inferred: str = ""
    required: bool = False


def reported(
    snapshot_date: date, readings: dict[str, Reading], rejected: dict[str, list[Reading]]
) -> Iterator[Reading]:
    """The readings that a date's report speaks of: what was used, and what was refused of the date itself."""
    for name, setbacks in rejected.items():
        yield from (reading for reading in setbacks if reading.manifest.date == snapshot_date)
        if name in readings:
            yield readings[name]


def held_back(reading: Reading, snapshot_date: date) -> pl.DataFrame:
    """The row of the quarantine for each file of a refused source that holds more than faulty records."""
    held = {
        (tally.file.path, tally.records): tally.landed - tally.forgotten - tally.quarantined
        for tally in reading.tallies or [Tally(file, file.records) for file in reading.manifest.files]
    }
    rows = [
        {
            "snapshot_date": snapshot_date,
            "source": reading.manifest.source,
            "records": records,
            "landed_file": path,
            "landed_row": WHOLE_FILE,
            "reason": f"{HELD_BACK}{among}: {reading.message}",
        }
        for (path, records), count in held.items()
        for among in [f", with {count:,} records that have no fault of their own" if count else ""]
        if count or reading.state == "unreadable"
    ]
    return pl.DataFrame(rows, schema=polars_schema(Quarantine))


def report(
    sources: SourcesFile,
    snapshot_date: date,
    readings: dict[str, Reading],
    rejected: dict[str, list[Reading]],
    landing_root: Path,
) -> pl.DataFrame:
    """The import report of a date.

    Args:
        sources: All sources, in order.
        snapshot_date: The date.
        readings: Source to the reading that is used.
        rejected: Source to the readings that were refused.
        landing_root: The landing folder, whose manifests say why nothing was landed.

    Returns:
        One row per source, file and kind of record; see `schemas.import_report`.
    """
    rows: list[dict[str, object]] = []
    told = list(reported(snapshot_date, readings, rejected))
    for source in sources.sources:
        own = [reading for reading in told if reading.manifest.source == source.name]
        if not any(reading.manifest.date == snapshot_date for reading in own):
            tried = store.pulls(landing_root, source.name, snapshot_date)
            why = tried[-1].message if tried else "nothing was landed for this date"
            rows.append(_row(snapshot_date, source.name, "missing", None, None, why))
        for reading in own:
            files: list[Tally | None] = [*reading.tallies] or [None]
            rows.extend(
                _row(
                    snapshot_date,
                    source.name,
                    reading.state,
                    reading.manifest,
                    tally,
                    reading.message,
                    reading.inferred,
                )
                for tally in files
            )
    return pl.DataFrame(rows, schema=polars_schema(ImportReport), orient="row")


def _row(
    snapshot_date: date,
    source: str,
    state: str,
    manifest: Manifest | None,
    tally: Tally | None,
    message: str,
    inferred: str = "",
) -> dict[str, object]:
    # Of a refused source nothing counts as accepted: the records that would have held are held back with the rest.
    refused = state in REFUSED
    return {
        "snapshot_date": snapshot_date,
        "source": source,
        "state": state,
        "landed_date": manifest.date if manifest else None,
        "content": manifest.content if manifest else None,
        "landed_file": tally.file.path if tally else None,
        "records": tally.records if tally else None,
        "landed": tally.landed if tally else 0,
        "accepted": tally.accepted if tally and not refused else 0,
        "quarantined": (tally.landed - tally.forgotten if refused else tally.quarantined) if tally else 0,
        "superseded": tally.superseded if tally and not refused else 0,
        "forgotten": tally.forgotten if tally else 0,
        "landed_bytes": tally.file.bytes if tally else 0,
        "sha256": tally.file.sha256 if tally else None,
        "message": message or None,
        "inferred": inferred or None,
    }


def nothing_valid(snapshot_date: date, report: pl.DataFrame) -> str:
    """Why nothing is published, from the report of a date without a valid profile."""
    sources: Sequence[tuple[str, str, str | None]] = (
        report.select("source", "state", "message").unique(maintain_order=True).rows()
    )
    told = "; ".join(f"{source}: {message or state}" for source, state, message in sources)
    return f"no valid profile for {snapshot_date}, so nothing is published and the old file stays. {told}"
