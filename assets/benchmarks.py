"""`benchmarks`: observed ratios per platform × tier beside published ones."""

import dagster as dg

from assets import metadata
from assets.computing import reference
from assets.daily import table_asset
from pipelines.settings import Settings
from schemas.benchmarks import TierBenchmarks


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "benchmarks",
        TierBenchmarks,
        ["engagement", "priors"],
        reference={name: reference(name) for name in ("tiers", "published_benchmarks")},
        plot=metadata.engagement_by_tier,
    )
