"""The one form of a daily table as a Dagster asset: SQL file in, contract checked, metadata out.

Belongs here: what all computed tables share. Does not: which inputs a table has (its own module).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import dagster as dg
import polars as pl
from pandera.polars import DataFrameModel

from assets import column_lineage, metadata
from assets.metrics.computing import compute
from assets.storage.engine import Input
from assets.storage.lake import Lake
from assets.storage.lookback import LookBack
from schemas.describe import summary
from schemas.settings import Settings

OWNERS = ("team:data-engineering",)


def once_upstream_is_done() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """What a run or backfill changed without going on to this asset, it takes up once nothing is under way."""
    return (
        dg.AutomationCondition.any_deps_updated().since_last_handled()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    )


def table_asset(
    settings: Settings,
    partitions: dg.DailyPartitionsDefinition,
    name: str,
    model: type[DataFrameModel],
    upstream: Sequence[str],
    *,
    reference: Mapping[str, pl.DataFrame],
    by_bucket: Sequence[str] = (),
    looking_back: Callable[[Lake, date], LookBack] | None = None,
    plot: Callable[[pl.DataFrame, str], dg.MetadataValue] | None = None,
    told: Callable[[date], Mapping[str, dg.MetadataValue]] | None = None,
) -> dg.AssetsDefinition:
    """An asset that computes `<name>.sql` for every date of a run.

    Args:
        settings: Where to work.
        partitions: The snapshot dates.
        name: The table, its SQL file and its asset.
        model: Its contract.
        upstream: Lake tables of the same date that the SQL reads.
        reference: Other tables that the SQL reads, by name.
        by_bucket: Tables to take bucket by bucket.
        looking_back: What the SQL reads of earlier dates.
        plot: Draws the newest date.
        told: What else is told of the newest date.
    """

    @dg.asset(
        name=name,
        deps=list(upstream),
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        description=summary(model),
        group_name="metrics",
        kinds={"duckdb", "sql"},
        owners=list(OWNERS),
    )
    def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        lake = Lake(settings.lake)
        written: dict[date, int] = {}
        for day in map(date.fromisoformat, context.partition_keys):
            paths = {table: lake.path(table, day) for table in upstream}
            # A date without a valid row has no tables; a range goes on without it, a single date fails.
            if len(context.partition_keys) > 1 and not all(path.exists() for path in paths.values()):
                context.log.warning(f"{name} {day}: nothing to compute from")
                continue
            back = looking_back(lake, day) if looking_back else LookBack({}, {})
            inputs: dict[str, Input] = {**paths, **reference, **back.inputs}
            written[day] = compute(
                settings, name, model, inputs, day, context.run.run_id,
                by_bucket=[table for table in by_bucket if not isinstance(inputs[table], pl.DataFrame)],
                notes=back.notes,
            )  # fmt: skip
            context.log.info(f"{name} {day}: {written[day]:,} rows")
        newest = lake.path(name, max(written)) if written else None
        found = metadata.of_table(model, written, newest) | column_lineage.lineage(
            name, {table: table for table in upstream}
        )
        if plot and newest:
            found["plot"] = plot(pl.read_parquet(newest), f"Engagement by tier, {max(written)}")
        if told and newest:
            found |= told(max(written))
        return dg.MaterializeResult(metadata=found)

    return table
