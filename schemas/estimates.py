"""The contract of `estimates`: the shrunken engagement of every account that has a ratio."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, fraction, text

ENGAGEMENT_LOW = fraction(
    "Lower end of the interval of engagement_estimate, whose width is interval_z of `parameters`.", le=MAX_COMPUTED
)
ENGAGEMENT_ESTIMATE = fraction(
    "Typical (median) engagement ratio of a post, as it would show over many more posts: the account's own, drawn "
    "towards what is typical of its size the more the fewer posts tell of it and the more they differ.",
    le=MAX_COMPUTED,
)
ENGAGEMENT_HIGH = fraction(
    "Upper end of the interval of engagement_estimate, whose width is interval_z of `parameters`.", le=MAX_COMPUTED
)
LIFT = column(
    "engagement_estimate over what is typical of an account of its size, by platform and tier.",
    unit="ratio",
    ge=0.0,
    le=MAX_COMPUTED,
)
LIFT_LOW = column(
    "engagement_low over what is typical of an account of its size, by platform and tier.",
    unit="ratio",
    ge=0.0,
    le=MAX_COMPUTED,
)
ENGAGEMENT_DEVIATION = column(
    "Log of lift over the usual deviation of accounts of its platform and tier.",
    unit="deviations",
    ge=-1e4,
    le=1e4,
)
POST_SPREAD = column(
    "How its posts scatter: standard deviation of the logs of likes + comments.", unit="log", ge=0.0, le=1e4
)
EVEN_ENGAGEMENT = fraction(
    "Doubt: how likely its likes are bought, the same for each post, judged by how little posts scatter. Empty where "
    "there are no two posts."
)


class Estimates(pa.DataFrameModel):
    """What an account's posts make one believe of its typical engagement, and how sure that is."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `engagement`.", nullable=False)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    typical_ratio: pl.Float64 = fraction("Engagement ratio that is typical of an account of its size.", le=MAX_COMPUTED)
    engagement_low: pl.Float64 = ENGAGEMENT_LOW
    engagement_estimate: pl.Float64 = ENGAGEMENT_ESTIMATE
    engagement_high: pl.Float64 = ENGAGEMENT_HIGH
    lift: pl.Float64 = LIFT
    lift_low: pl.Float64 = LIFT_LOW
    engagement_deviation: pl.Float64 = ENGAGEMENT_DEVIATION
    post_spread: pl.Float64 = POST_SPREAD
    even_engagement: pl.Float64 = EVEN_ENGAGEMENT

    class Config:
        strict = True
