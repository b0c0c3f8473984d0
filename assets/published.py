"""`published`: the DuckDB file that readers open, rebuilt from the whole lake."""

from collections.abc import Iterator

import dagster as dg
import duckdb

from assets import column_lineage, metadata
from assets.asset_keys import OWNERS, asset_key
from assets.publishing.publish_protocol import FILE_NAME
from assets.publishing.selects import NEWEST, publish
from assets.storage import lookback
from assets.storage.lake import Lake
from assets.tables import columns_of, once_upstream_is_done
from schemas.config.source import SourcesFile
from schemas.published import MicroInfluencers
from schemas.settings import Settings

LOOKED_BACK = "dates_have_seen_the_dates_before"
UPSTREAM = (*NEWEST, "quarantine")


def build(settings: Settings, sources: SourcesFile) -> dg.AssetsDefinition:
    """The asset: unpartitioned, published once at the end of a backfill and again when its tables change."""

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
            )
        ],
    )
    def published(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        generation = publish(settings, sources, context.run.run_id)
        path = settings.published / FILE_NAME
        with duckdb.connect(str(path), read_only=True) as connection:
            top = connection.sql(
                "SELECT rank, handle, platform, followers, tier, score, engagement_low, engagement_estimate, "
                "engagement_high "
                "FROM micro_influencers ORDER BY rank LIMIT 10"
            ).pl()
            micro = connection.execute("SELECT count(*) FROM micro_influencers").fetchall()[0][0]
        context.log.info(f"generation {generation.number}: {micro:,} micro-influencers on {generation.snapshot_date}")
        stale = lookback.stale(Lake(settings.lake))
        if stale:
            context.log.warning(lookback.words(stale))
        yield dg.MaterializeResult(
            check_results=[
                dg.AssetCheckResult(
                    check_name=LOOKED_BACK,
                    passed=not stale,
                    severity=dg.AssetCheckSeverity.WARN,
                    description=lookback.words(stale) if stale else "Every date has seen the dates before it.",
                    metadata={"stale_dates": len(stale)},
                )
            ],
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
