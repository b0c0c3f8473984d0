"""`published`: the DuckDB file that readers open, rebuilt from the whole lake."""

import dagster as dg
import duckdb

from assets import column_lineage, metadata
from assets.daily import OWNERS, once_upstream_is_done
from assets.publishing import publish
from pipelines.serving import FILE_NAME
from pipelines.settings import Settings
from pipelines.sources import SourcesFile
from schemas.describe import table_schema
from schemas.published import ACCOUNT_COLUMNS, MicroInfluencers

UPSTREAM = ("ranking", "benchmarks", "profiles", "quarantine", "import_report")


def build(settings: Settings, sources: SourcesFile) -> dg.AssetsDefinition:
    """The asset: unpartitioned, published once at the end of a backfill and again when its tables change."""

    @dg.asset(
        name="published",
        deps=list(UPSTREAM),
        description="micro_influencers.duckdb: micro-influencers, best first, and what stands behind them.",
        group_name="published",
        kinds={"duckdb"},
        owners=list(OWNERS),
        automation_condition=once_upstream_is_done(),
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        generation = publish(settings, sources, context.run_id)
        path = settings.published / FILE_NAME
        with duckdb.connect(str(path), read_only=True) as connection:
            top = connection.sql(
                "SELECT rank, handle, platform, followers, tier, score, engagement_low, engagement_estimate, "
                "engagement_high "
                "FROM micro_influencers ORDER BY rank LIMIT 10"
            ).pl()
            micro = connection.execute("SELECT count(*) FROM micro_influencers").fetchall()[0][0]
        context.log.info(f"generation {generation.number}: {micro:,} micro-influencers on {generation.snapshot_date}")
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": micro,
                "dagster/column_schema": table_schema(MicroInfluencers),
                "generation": generation.number,
                "snapshot_date": generation.snapshot_date.isoformat(),
                "content_hash": generation.content_hash,
                "path": dg.MetadataValue.path(path),
                "preview": metadata.preview(top),
            }
            | column_lineage.lineage(
                "published_accounts",
                {"ranking": "ranking", "earlier_7d": "profiles", "earlier_30d": "profiles"},
                passed_on=ACCOUNT_COLUMNS,
            )
        )

    return published
