"""The contract of `authenticity`: indicators of inauthentic engagement or followers, and their suspicion."""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text
from schemas.estimates import ENGAGEMENT_ZSCORE, POST_LOG_STDDEV, UNIFORM_ENGAGEMENT

AUTHENTICITY = fraction(
    "Product of 1 - weight × suspicion over the components in the table authenticity; 1: no suspicion. A prompt for a "
    "review, not a verdict. Null where no component can be computed."
)
FLAGS = column(
    "Points to review before signing, comma separated: one_viral_post (mean over 1.5 × median), ratio_over_1, "
    "hidden_likes, and each component of authenticity whose suspicion exceeds 0.5: uniform_engagement, "
    "many_comments or few_comments (of comment_anomaly), pod_engagement, single_post_dominance, follower_spike, "
    "growth_without_engagement, follow_unfollow, mass_following, low_engagement, few_posts, digits_in_handle, "
    "no_picture."
)


def _suspicion(description: str) -> Any:  # noqa: ANN401 - as `column`
    return fraction(f"Suspicion: {description} 0: none, 0.5: 3.5 deviations from the baseline; null: not computable.")


class Authenticity(pa.DataFrameModel):
    """Indicators of inauthentic engagement or followers, their suspicion, and the resulting authenticity."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    authenticity: pl.Float64 = AUTHENTICITY
    flags: pl.String = FLAGS
    uniform_engagement: pl.Float64 = UNIFORM_ENGAGEMENT
    post_log_stddev: pl.Float64 = POST_LOG_STDDEV
    comment_anomaly: pl.Float64 = _suspicion(
        "comments per like far over the baseline (pods) or far under it (bought likes)."
    )
    comments_per_100_likes: pl.Float64 = column("Comments per 100 likes.", unit="comments", ge=0.0, le=MAX_COMPUTED)
    pod_engagement: pl.Float64 = _suspicion("both engagement and comments per like far over those of the tier.")
    low_engagement: pl.Float64 = _suspicion("engagement far under that of the tier, as with bought followers.")
    engagement_zscore: pl.Float64 = ENGAGEMENT_ZSCORE
    single_post_dominance: pl.Float64 = _suspicion("one post dominates the others.")
    top_post_over_median: pl.Float64 = column(
        "Likes + comments of the top post divided by those of the median post; null under five posts.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    follower_spike: pl.Float64 = _suspicion(
        "followers came in one step, which counts half unless they were lost again."
    )
    max_daily_growth: pl.Float64 = column(
        "Largest daily growth of followers between two snapshots of the last 32 days.",
        unit="fraction",
        ge=-1.0,
        le=MAX_COMPUTED,
    )
    spike_reversal: pl.Float64 = fraction("Share of the followers of the largest step that were lost since.")
    growth_without_engagement: pl.Float64 = _suspicion(
        "followers grow far faster than the baseline while engagement is under that of the tier."
    )
    followers_growth_30d: pl.Float64 = column(
        "Growth of followers over 30 days.", unit="fraction", ge=-1.0, le=MAX_COMPUTED
    )
    follow_unfollow: pl.Float64 = _suspicion("accounts followed and unfollowed in turn.")
    following_turnover: pl.Float64 = column(
        "Accounts followed and unfollowed again in the last 32 days, per follower.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    mass_following: pl.Float64 = _suspicion(
        "over 1,500 accounts followed, or accounts followed per follower far over the baseline."
    )
    following: pl.Int64 = count("Accounts followed by the account.", unit="accounts")
    following_ratio: pl.Float64 = column("Accounts followed per follower.", unit="ratio", ge=0.0, le=MAX_COMPUTED)
    few_posts: pl.Float64 = _suspicion("lifetime number of posts far under the baseline.")
    posts_count: pl.Int64 = count("Lifetime number of posts, as counted by the platform.", unit="posts")
    digits_in_handle: pl.Float64 = _suspicion("many digits in the handle.")
    handle_digit_share: pl.Float64 = fraction("Share of digits in the handle.")
    no_picture: pl.Float64 = fraction("Suspicion: no profile picture; null where the export does not state it.")
    has_picture: pl.Boolean = column(
        "True where the profile has a custom picture; null where the export does not state it."
    )

    class Config:
        strict = True
