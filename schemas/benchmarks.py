"""The contract of `tier_benchmarks`: observed ratios beside published ones of the same metric."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction

METRICS = ("comment_rate", "engagement_ratio", "like_rate", "view_engagement_ratio")


class TierBenchmarks(pa.DataFrameModel):
    """What accounts of each platform and tier reach today, beside what was published about them."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    metric: pl.String = column("The ratio, by its column name in `accounts`.", nullable=False, isin=METRICS)
    accounts: pl.Int64 = count("Accounts that have this ratio.", unit="accounts", nullable=False)
    median: pl.Float64 = fraction("Median over those accounts.", le=MAX_COMPUTED, nullable=False)
    p25: pl.Float64 = fraction("Lower quartile.", le=MAX_COMPUTED, nullable=False)
    p75: pl.Float64 = fraction("Upper quartile.", le=MAX_COMPUTED, nullable=False)
    mean: pl.Float64 = fraction("Mean.", le=MAX_COMPUTED, nullable=False)
    published_value: pl.Float64 = fraction("The published figure of the same metric, where there is one.")
    published_statistic: pl.String = column("Which statistic the published figure is, as its source states.")
    published_source: pl.String = column("Who published it.")
    published_year: pl.Int64 = column("The year it speaks of.", unit="year", ge=1990, le=2100)
    prior: pl.Float64 = fraction("Typical engagement ratio that estimates are drawn towards.", le=MAX_COMPUTED)
    prior_basis: pl.String = column("Where the prior comes from: tier, platform or published.")

    class Config:
        strict = True
