"""The contract of `estimates`: the posterior engagement of every account that has a ratio."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, fraction, text

ENGAGEMENT_CI_LOWER = fraction(
    "Lower end of the credible interval of engagement_estimate; half width: interval_z of `parameters`.",
    le=MAX_COMPUTED,
)
ENGAGEMENT_ESTIMATE = fraction(
    "Posterior estimate of the median engagement ratio of a post. Accounts with few or variable posts are shrunk "
    "towards the expected value of their size, platform and tier.",
    le=MAX_COMPUTED,
)
ENGAGEMENT_CI_UPPER = fraction(
    "Upper end of the credible interval of engagement_estimate; half width: interval_z of `parameters`.",
    le=MAX_COMPUTED,
)
LIFT = column(
    "engagement_estimate divided by the expected ratio of an account of the same size, platform and tier.",
    unit="ratio",
    ge=0.0,
    le=MAX_COMPUTED,
)
LIFT_CI_LOWER = column(
    "engagement_ci_lower divided by the expected ratio of an account of the same size, platform and tier.",
    unit="ratio",
    ge=0.0,
    le=MAX_COMPUTED,
)
ENGAGEMENT_ZSCORE = column(
    "Log of lift divided by the standard deviation between accounts of the platform and tier.",
    unit="deviations",
    ge=-1e4,
    le=1e4,
)
POST_LOG_STDDEV = column(
    "Standard deviation of the log of likes + comments between the posts; null under two posts.",
    unit="log",
    ge=0.0,
    le=1e4,
)
UNIFORM_ENGAGEMENT = fraction(
    "Suspicion: likes bought in equal numbers for each post, as the posterior probability given the variance between "
    "posts. Null under two posts."
)


class Estimates(pa.DataFrameModel):
    """Posterior of the engagement of each account, with its credible interval."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `engagement`.", nullable=False)
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    expected_ratio: pl.Float64 = fraction(
        "Expected engagement ratio of an account of the same size, platform and tier.", le=MAX_COMPUTED
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
