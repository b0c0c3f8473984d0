"""`published`: the published DuckDB file, rebuilt from the whole lake."""

from collections.abc import Iterator, Sequence
from itertools import chain

import dagster as dg
import duckdb

from assets import column_lineage, metadata
from assets.asset_keys import OWNERS, asset_key
from assets.publishing import staleness
from assets.publishing.publish_protocol import FILE_NAME
from assets.publishing.selects import NEWEST, publish
from assets.publishing.staleness import Stale
from assets.tables import columns_of, once_upstream_is_done
from schemas.config.source import SourcesFile
from schemas.published import MicroInfluencers
from schemas.settings import Settings

LOOKED_BACK = "lookback_up_to_date"
SAME_PARAMETERS = "parameters_up_to_date"
UPSTREAM = (*NEWEST, "handle_changes", "quarantine")


def build(settings: Settings, sources: SourcesFile) -> dg.AssetsDefinition:
    """Builds the asset: unpartitioned, published once at the end of a backfill and again when its tables change."""

    @dg.multi_asset(
        name="published",
        specs=[
            dg.AssetSpec(
                asset_key("published"),
                deps=list(map(asset_key, UPSTREAM)),
                description=(
                    f"`published/{FILE_NAME}`, which BI tools open read-only: micro-influencers, best first, and what "
                    "stands behind them. Built aside, read back by another process, and swapped in."
                ),
                group_name="published",
                kinds={"duckdb"},
                owners=OWNERS,
                automation_condition=once_upstream_is_done(),
            )
        ],
        check_specs=[
            dg.AssetCheckSpec(
                LOOKED_BACK,
                asset=asset_key("published"),
                description="No date was computed before an earlier one that it looks back on was landed.",
            ),
            dg.AssetCheckSpec(
                SAME_PARAMETERS,
                asset=asset_key("published"),
                description="Every date was computed with the metrics that are configured now.",
            ),
        ],
    )
    def published(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        generation = publish(settings, sources, context.run.run_id)
        path = settings.published / FILE_NAME
        with duckdb.connect(str(path), read_only=True) as connection:
            top = connection.sql(
                "SELECT rank, handle, platform, followers, tier, score, engagement_ci_lower, engagement_estimate, "
                "engagement_ci_upper "
                "FROM micro_influencers ORDER BY rank LIMIT 10"
            ).pl()
            micro = connection.execute("SELECT count(*) FROM micro_influencers").fetchall()[0][0]
        context.log.info(f"generation {generation.number}: {micro:,} micro-influencers on {generation.snapshot_date}")
        stale = {
            LOOKED_BACK: staleness.of_lookback(settings, sources),
            SAME_PARAMETERS: staleness.of_parameters(settings, sources),
        }
        for found in chain.from_iterable(stale.values()):
            context.log.warning(f"{found.text}; run `smallvoices {found.remedy}`")
        yield dg.MaterializeResult(
            check_results=[_check(name, causes) for name, causes in stale.items()],
            metadata={
                "dagster/row_count": micro,
                "dagster/column_schema": metadata.table_schema(MicroInfluencers),
                "generation": generation.number,
                "snapshot_date": generation.snapshot_date.isoformat(),
                "content_hash": generation.content_hash,
                "path": dg.MetadataValue.path(path),
                "preview": metadata.preview(top),
            }
            | column_lineage.lineage(
                "published_accounts", columns_of(("ranking", "engagement", "history", "creators"))
            ),
        )

    return published


def _check(name: str, causes: Sequence[Stale]) -> dg.AssetCheckResult:
    """Returns the result of a check that no date is stale."""
    texts = [f"{found.text}; run `smallvoices {found.remedy}`" for found in causes]
    return dg.AssetCheckResult(
        check_name=name,
        passed=not causes,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(texts) or "Every date is up to date.",
        metadata={"stale_dates": len({day for found in causes for day in found.days})},
    )
