"""`profiles`, `posts`, `quarantine` and `import_report`: one import of a date writes all four.

They are one multi-asset because one reading of the landed files determines them all: a source over its
quarantine share loses its profiles and its posts at once.
"""

from collections.abc import Iterator
from datetime import date

import dagster as dg
import polars as pl

from assets import metadata
from assets.asset_keys import OWNERS, asset_key
from assets.importing.importing import NothingToPublishError, import_date
from assets.landed import LISTED_MESSAGES, key_of
from assets.storage import outdated
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.describe import summary
from schemas.lake_tables import IMPORTED
from schemas.settings import Settings

ACCOUNTED = "row_counts_reconcile"
PUBLISHED = "all_sources_accepted"
_TAKEN = ("published", "carried_forward")


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """Builds the four assets."""
    # If a source failed, a date reads earlier landed dates as well. A partition mapping for that would extend a
    # backfill of some dates to the dates after them; a range lands as a whole before it is validated anyway.
    landed = [key_of(source.name) for source in sources.sources]

    @dg.multi_asset(
        name="validated",
        specs=[
            dg.AssetSpec(
                asset_key(name),
                deps=landed,
                description=summary(model),
                group_name="validated",
                kinds={"polars", "parquet"},
                owners=OWNERS,
            )
            for name, model in IMPORTED.items()
        ],
        check_specs=[
            dg.AssetCheckSpec(
                ACCOUNTED,
                asset=asset_key("import_report"),
                description="landed = accepted + quarantined + deduplicated + erased, for every file.",
            ),
            dg.AssetCheckSpec(
                PUBLISHED,
                asset=asset_key("import_report"),
                description="The export of every source arrived, was read, and has few enough bad records.",
            ),
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def validated(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        days = [date.fromisoformat(key) for key in context.partition_keys]
        reports: list[pl.DataFrame] = []
        empty: list[NothingToPublishError] = []
        # The import compares a date with the dates before it, and the look-back reads their profiles.
        if old := [day for day in outdated.dates(Lake(settings.lake)) if day < days[0]]:
            raise dg.Failure(outdated.message(settings, old), allow_retries=False)
        for day in days:
            try:
                report = import_date(settings, sources, day, context.run.run_id)
            except NothingToPublishError as nothing:
                # For a single date, its error is the step's.
                if len(days) > 1:
                    context.log.warning(str(nothing))
                empty.append(nothing)
                continue
            reports.append(report)
            for source, state, line in _lines(report):
                say = context.log.info if state in _TAKEN else context.log.warning
                say(line, extra={"source": source})
        if not reports:
            raise dg.Failure(str(empty[-1]), allow_retries=False)
        yield from _results(Lake(settings.lake), pl.concat(reports), days)

    return validated


def _lines(report: pl.DataFrame) -> Iterator[tuple[str, str, str]]:
    """Returns a line for each source and kind of record of a report, over all its pages, with source and state."""
    alike = report.group_by(
        "source", "snapshot_date", "landed_date", "records", "state", "message", "inferred", maintain_order=True
    )
    counts_of = pl.col("landed", "accepted", "quarantined", "deduplicated", "erased")
    for row in alike.agg(counts_of.sum()).iter_rows(named=True):
        counts = (
            f"landed {row['landed']:,} = accepted {row['accepted']:,} + quarantined {row['quarantined']:,} + "
            f"deduplicated {row['deduplicated']:,} + erased {row['erased']:,}"
        )
        what = " ".join(filter(None, (row["source"], str(row["snapshot_date"]), row["records"])))
        inferred = f"inferred: {row['inferred']}" if row["inferred"] else None
        why = "; ".join(filter(None, (row["message"], inferred)))
        yield row["source"], row["state"], f"{what}: {row['state']}, {counts}{': ' if why else ''}{why}"


def _results(lake: Lake, report: pl.DataFrame, days: list[date]) -> Iterator[dg.MaterializeResult[None]]:
    for name, model in IMPORTED.items():
        written = {day: lake.rows(name, day) for day in days if lake.path(name, day).exists()}
        found = metadata.of_table(model, written, lake.path(name, max(written)))
        checks = []
        if name == "import_report":
            shown = report.select(
                "snapshot_date",
                "source",
                "records",
                "state",
                "landed",
                "accepted",
                "quarantined",
                "deduplicated",
                "erased",
                "message",
            )
            found["preview"] = metadata.preview(shown.tail(40))
            checks = _checks(report)
        yield dg.MaterializeResult(asset_key=asset_key(name), metadata=found, check_results=checks)


def _checks(report: pl.DataFrame) -> list[dg.AssetCheckResult]:
    parts = ("accepted", "quarantined", "deduplicated", "erased")
    total = report.select("landed", *parts).sum().row(0, named=True)
    unaccounted = report.filter(pl.col("landed") != pl.sum_horizontal(parts)).height
    refused = report.filter(~pl.col("state").is_in(_TAKEN))
    told = refused.select("snapshot_date", "source", "state", "message").unique(maintain_order=True).rows()
    sentences = [f"{day} {source}: {message or state}" for day, source, state, message in told]
    return [
        dg.AssetCheckResult(
            check_name=ACCOUNTED,
            asset_key=asset_key("import_report"),
            passed=unaccounted == 0,
            metadata={**total, "files_with_a_difference": unaccounted},
        ),
        dg.AssetCheckResult(
            check_name=PUBLISHED,
            asset_key=asset_key("import_report"),
            passed=refused.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            description=metadata.listed(sentences, LISTED_MESSAGES) if sentences else "Every source is published.",
            metadata={"sources_not_published": len(sentences)},
        ),
    ]
