"""The computed tables: a registry of their inputs, and the one form in which all are Dagster assets.

Belongs here: the list of tables, their contracts and their inputs. Does not: formulas (`assets/sql`), or the meaning of
a column (`schemas`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import dagster as dg
import polars as pl
from pandera.polars import DataFrameModel

from assets import column_lineage, metadata
from assets.asset_keys import OWNERS, asset_key
from assets.metrics import explain, explain_text
from assets.metrics import parameters as recorded
from assets.metrics.computing import compute, dimensions, parameters, reference
from assets.storage import lookback, outdated
from assets.storage.engine import Input
from assets.storage.lake import Lake
from assets.storage.lookback import LookBack
from schemas.config.source import SourcesFile
from schemas.describe import polars_schema, summary
from schemas.lake_tables import COMPUTED, IMPORTED
from schemas.settings import Settings

# Lines are looked up in landed files up to this size; in larger ones it takes too long.
_LARGEST_FILE = 16 * 2**20
# Configuration that the SQL reads, beside files of reference data.
_CONFIGURED: Mapping[str, Callable[[SourcesFile], pl.DataFrame]] = {
    "parameters": lambda sources: parameters(sources.metrics),
    "dimensions": lambda sources: dimensions(sources.segments),
}

Shown = Callable[[Settings, SourcesFile, date], Mapping[str, dg.MetadataValue]]


@dataclass(frozen=True)
class TableSpec:
    """A table that `assets/sql/<name>.sql` computes for every date.

    Attributes:
        name: The table, its SQL file and its asset; its contract is that of `COMPUTED`.
        upstream: Lake tables of the same date that the SQL reads.
        reference: Other tables that the SQL reads: `schemas/<name>.csv`, or one of `_CONFIGURED`.
        by_bucket: Tables to read bucket by bucket.
        lookback: Inputs from earlier dates.
        shown: Details of the newest date on the asset's page, beside a preview.
    """

    name: str
    upstream: tuple[str, ...]
    reference: tuple[str, ...] = ()
    by_bucket: tuple[str, ...] = ()
    lookback: Callable[[Lake, date], LookBack] | None = None
    shown: Shown | None = None

    @property
    def model(self) -> type[DataFrameModel]:
        """Returns its contract."""
        return COMPUTED[self.name]

    def constants(self, sources: SourcesFile) -> dict[str, pl.DataFrame]:
        """Returns the inputs that are the same for every date, by name."""
        return {name: _CONFIGURED[name](sources) if name in _CONFIGURED else reference(name) for name in self.reference}


def _plot(settings: Settings, sources: SourcesFile, day: date) -> Mapping[str, dg.MetadataValue]:  # noqa: ARG001 - see Shown
    from assets.metrics.engagement_plot import engagement_by_tier  # noqa: PLC0415 - loads matplotlib, which is slow

    observed = Lake(settings.lake).scan("benchmarks", day).collect()
    return {"plot": dg.MetadataValue.md(engagement_by_tier(observed, f"Engagement by tier, {day}"))}


def _why_the_first(settings: Settings, sources: SourcesFile, day: date) -> Mapping[str, dg.MetadataValue]:
    """Explains the rank of the first account, as `smallvoices explain` does for any."""
    lake = Lake(settings.lake)
    if outdated.is_outdated(lake, day):  # ranked from profiles of another release, whose files have been deleted
        return {}
    top = lake.scan("ranking", day).filter(pl.col("rank") == 1).select("platform", "profile_id")
    rows = top.collect().rows()
    if not rows:
        return {}
    platform, profile_id = rows[0]
    explanation = explain.explain(settings, sources, platform, profile_id, day, largest_file=_LARGEST_FILE)
    return {"why_the_first": dg.MetadataValue.md(f"```\n{explain_text.text(explanation)}\n```")}


# In order of computing.
TABLES = (
    TableSpec(
        "engagement", ("profiles", "posts"), ("tiers", "parameters"), by_bucket=("profiles", "posts")
    ),
    TableSpec("priors", ("engagement",), ("tiers", "default_priors")),
    TableSpec("benchmarks", ("engagement", "priors"), ("tiers", "published_benchmarks"), shown=_plot),
    TableSpec("estimates", ("engagement", "priors"), ("parameters",)),
    TableSpec(
        "history", ("profiles", "import_report"), ("tiers",), by_bucket=("profiles", "earlier"),
        lookback=lookback.of,
    ),
    TableSpec("handle_changes", ("history",)),
    TableSpec("baselines", ("engagement", "history"), ("tiers", "default_baselines")),
    TableSpec("authenticity", ("engagement", "estimates", "history", "baselines"), ("score_weights",)),
    TableSpec("topics", ("profiles", "posts"), ("lexicon",), by_bucket=("profiles", "posts")),
    TableSpec(
        "ranking", ("engagement", "estimates", "authenticity", "topics"), ("score_weights",), shown=_why_the_first
    ),
    TableSpec("segments", ("ranking",), ("dimensions",)),
    TableSpec("creators", ("profiles",), ("shared_hosts",)),
)  # fmt: skip


_MODELS = {**IMPORTED, **COMPUTED}


def columns_of(tables: Iterable[str]) -> dict[str, list[str]]:
    """Returns the columns of tables of a date."""
    return {name: polars_schema(_MODELS[name]).names() for name in tables}


def once_upstream_is_done() -> dg.AutomationCondition[dg.AssetKey | dg.AssetCheckKey]:
    """Returns the condition that materialises an asset once runs and backfills that changed its upstream have ended."""
    return (
        dg.AutomationCondition.any_deps_updated().since_last_handled()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & ~dg.AutomationCondition.in_progress()
    )


def build(
    settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Builds the assets of all tables."""
    return [_asset(spec, settings, sources, partitions) for spec in TABLES]


def _asset(
    spec: TableSpec, settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    constants = spec.constants(sources)

    @dg.multi_asset(
        name=spec.name,
        specs=[
            dg.AssetSpec(
                asset_key(spec.name),
                deps=list(map(asset_key, spec.upstream)),
                description=summary(spec.model),
                group_name="metrics",
                kinds={"duckdb", "sql"},
                owners=OWNERS,
            )
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        lake = Lake(settings.lake)
        written: dict[date, int] = {}
        for day in map(date.fromisoformat, context.partition_keys):
            paths = {name: lake.path(name, day) for name in spec.upstream}
            # A date without a valid row has no tables; a range continues without it, a single date fails.
            if len(context.partition_keys) > 1 and not all(path.exists() for path in paths.values()):
                context.log.warning(f"{spec.name} {day}: nothing to compute from")
                continue
            back = spec.lookback(lake, day) if spec.lookback else LookBack({}, {})
            inputs: dict[str, Input] = {**paths, **constants, **back.inputs}
            written[day] = compute(
                settings, spec.name, spec.model, inputs, day, context.run.run_id,
                by_bucket=[name for name in spec.by_bucket if not isinstance(inputs[name], pl.DataFrame)],
                notes={**back.notes, **recorded.notes(lake, spec.name, spec.upstream, day, sources.metrics)},
            )  # fmt: skip
            context.log.info(f"{spec.name} {day}: {written[day]:,} rows")
        newest = max(written, default=None)
        found = metadata.of_table(spec.model, written, lake.path(spec.name, newest) if newest else None)
        found |= column_lineage.lineage(spec.name, columns_of(spec.upstream))
        if spec.shown and newest:
            found |= spec.shown(settings, sources, newest)
        return dg.MaterializeResult(metadata=found)

    return table
