"""`engagement`: one row per account, every ratio with its sample."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import parameters, reference
from schemas.config.source import SourcesFile
from schemas.engagement import Engagement
from schemas.settings import Settings


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "engagement",
        Engagement,
        ["profiles", "posts"],
        reference={"tiers": reference("tiers"), "parameters": parameters(sources.metrics)},
        by_bucket=["profiles", "posts"],
    )
