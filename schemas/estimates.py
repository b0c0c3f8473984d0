"""The contract of `estimates`: the shrunken engagement of every account that has a ratio."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, fraction, text

ENGAGEMENT_CI_LOWER = fraction(
    "Lower end of the interval of engagement_estimate, whose width is interval_z of `parameters`.", le=MAX_COMPUTED
)
ENGAGEMENT_ESTIMATE = fraction(
    "Typical (median) engagement ratio of a post, as it would show over many more posts: the account's own, drawn "
    "towards what is typical of its size the more the fewer posts tell of it and the more they differ.",
    le=MAX_COMPUTED,
)
ENGAGEMENT_CI_UPPER = fraction(
    "Upper end of the interval of engagement_estimate, whose width is interval_z of `parameters`.", le=MAX_COMPUTED
)
LIFT = column(
    "engagement_estimate over what is typical of an account of its size, by platform and tier.",
    unit="ratio",
    ge=0.0,
    le=MAX_COMPUTED,
)
LIFT_CI_LOWER = column(
    "engagement_ci_lower over what is typical of an account of its size, by platform and tier.",
    unit="ratio",
    ge=0.0,
    le=MAX_COMPUTED,
)
ENGAGEMENT_ZSCORE = column(
    "Log of lift over the usual deviation of accounts of its platform and tier.",
    unit="deviations",
    ge=-1e4,
    le=1e4,
)
POST_LOG_STDDEV = column(
    "How its posts scatter: standard deviation of the logs of likes + comments.", unit="log", ge=0.0, le=1e4
)
UNIFORM_ENGAGEMENT = fraction(
    "Suspicion that its likes are bought in equal numbers for each post: the posterior probability, given how little "
    "its posts vary. Empty under two posts."
)


class Estimates(pa.DataFrameModel):
    """What an account's posts make one believe of its typical engagement, and how sure that is."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `engagement`.", nullable=False)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    expected_ratio: pl.Float64 = fraction(
        "Engagement ratio that is typical of an account of its size.", le=MAX_COMPUTED
    )
    engagement_ci_lower: pl.Float64 = ENGAGEMENT_CI_LOWER
    engagement_estimate: pl.Float64 = ENGAGEMENT_ESTIMATE
    engagement_ci_upper: pl.Float64 = ENGAGEMENT_CI_UPPER
    lift: pl.Float64 = LIFT
    lift_ci_lower: pl.Float64 = LIFT_CI_LOWER
    engagement_zscore: pl.Float64 = ENGAGEMENT_ZSCORE
    post_log_stddev: pl.Float64 = POST_LOG_STDDEV
    uniform_engagement: pl.Float64 = UNIFORM_ENGAGEMENT

    class Config:
        strict = True
