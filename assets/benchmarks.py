"""`benchmarks`: observed ratios per platform × tier beside published ones."""

import dagster as dg
import polars as pl

from assets.daily import table_asset
from assets.metrics.computing import reference
from schemas.benchmarks import TierBenchmarks
from schemas.settings import Settings


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "benchmarks",
        TierBenchmarks,
        ["engagement", "priors"],
        reference={name: reference(name) for name in ("tiers", "published_benchmarks")},
        plot=_plot,
    )


def _plot(benchmarks: pl.DataFrame, title: str) -> dg.MetadataValue:
    from assets.metrics.engagement_plot import engagement_by_tier  # noqa: PLC0415 - loads matplotlib, which nothing else needs

    return engagement_by_tier(benchmarks, title)
