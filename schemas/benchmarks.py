"""The contract of `tier_benchmarks`: observed ratios with published ratios of the same metric."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction

METRICS = ("comment_rate", "engagement_ratio", "like_rate", "view_engagement_ratio")


class TierBenchmarks(pa.DataFrameModel):
    """Observed ratios by platform and tier, with published benchmarks of the same metric."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    metric: pl.String = column("Ratio, by the name of its column in `accounts`.", nullable=False, isin=METRICS)
    accounts: pl.Int64 = count("Accounts with this ratio.", unit="accounts", nullable=False)
    median: pl.Float64 = fraction("Median.", le=MAX_COMPUTED, nullable=False)
    p25: pl.Float64 = fraction("Lower quartile.", le=MAX_COMPUTED, nullable=False)
    p75: pl.Float64 = fraction("Upper quartile.", le=MAX_COMPUTED, nullable=False)
    mean: pl.Float64 = fraction("Mean.", le=MAX_COMPUTED, nullable=False)
    published_value: pl.Float64 = fraction("Published value of the same metric; null where there is none.")
    published_statistic: pl.String = column(
        "Statistic of the published value, such as median, as stated by its source."
    )
    published_source: pl.String = column("Source of the published value.")
    published_year: pl.Int64 = column("Year that the published value refers to.", unit="year", ge=1990, le=2100)
    prior: pl.Float64 = fraction(
        "Expected engagement ratio that estimates are shrunk towards; null for other metrics.", le=MAX_COMPUTED
    )
    prior_basis: pl.String = column("Origin of the prior: tier, platform or published.")

    class Config:
        strict = True
