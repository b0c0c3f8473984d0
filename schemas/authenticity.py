"""The contract of `authenticity`: indicators of unearned engagement or followers, and the suspicion they raise."""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text
from schemas.estimates import ENGAGEMENT_ZSCORE, POST_LOG_STDDEV, UNIFORM_ENGAGEMENT

AUTHENTICITY = fraction(
    "1: nothing suggests unearned engagement or followers; the product of 1 - weight × suspicion over the components "
    "in the table authenticity. A reason to look, never a verdict. Empty where no component can be computed."
)
FLAGS = column(
    "What to review before signing, comma separated: one_viral_post (mean over 1.5 medians), ratio_over_1, "
    "hidden_likes, and each component of authenticity whose suspicion exceeds 0.5: uniform_engagement, "
    "many_comments or few_comments (of comment_anomaly), pod_engagement, single_post_dominance, follower_spike, "
    "growth_without_engagement, follow_unfollow, mass_following, low_engagement, few_posts, digits_in_handle, "
    "no_picture."
)


def _suspicion(description: str) -> Any:  # noqa: ANN401 - as `column`
    return fraction(f"Suspicion: {description} 0 none, 0.5 at 3.5 usual deviations; empty where the data cannot tell.")


class Authenticity(pa.DataFrameModel):
    """Indicators of unearned engagement or followers, the suspicion they raise, and the resulting authenticity."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    authenticity: pl.Float64 = AUTHENTICITY
    flags: pl.String = FLAGS
    uniform_engagement: pl.Float64 = UNIFORM_ENGAGEMENT
    post_log_stddev: pl.Float64 = POST_LOG_STDDEV
    comment_anomaly: pl.Float64 = _suspicion(
        "far more comments per like than usual (pods), or far fewer (bought likes)."
    )
    comments_per_100_likes: pl.Float64 = column("Comments per 100 likes.", unit="comments", ge=0.0, le=MAX_COMPUTED)
    pod_engagement: pl.Float64 = _suspicion("engagement far over the tier's together with far more comments per like.")
    low_engagement: pl.Float64 = _suspicion("engagement far under the tier's, as of bought followers.")
    engagement_zscore: pl.Float64 = ENGAGEMENT_ZSCORE
    single_post_dominance: pl.Float64 = _suspicion("one post carries the rest.")
    top_post_over_median: pl.Float64 = column(
        "Likes + comments of the highest post over those of the median one.", unit="ratio", ge=0.0, le=MAX_COMPUTED
    )
    follower_spike: pl.Float64 = _suspicion("followers came in one step, and in full where they left again.")
    max_daily_growth: pl.Float64 = column(
        "Largest growth of followers per day between two snapshots of the last 32 days.",
        unit="fraction",
        ge=-1.0,
        le=MAX_COMPUTED,
    )
    spike_reversal: pl.Float64 = fraction("Share of that growth that has been lost since.")
    growth_without_engagement: pl.Float64 = _suspicion(
        "followers grow far faster than usual while engagement lies under the tier's."
    )
    followers_growth_30d: pl.Float64 = column(
        "Growth of followers over 30 days.", unit="fraction", ge=-1.0, le=MAX_COMPUTED
    )
    follow_unfollow: pl.Float64 = _suspicion("follows and unfollows by turns.")
    following_turnover: pl.Float64 = column(
        "Accounts followed and unfollowed again over the last 32 days, per follower.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    mass_following: pl.Float64 = _suspicion("follows over 1,500 accounts, or far more per follower than usual.")
    following: pl.Int64 = count("Accounts that this one follows.", unit="accounts")
    following_ratio: pl.Float64 = column("Accounts followed per follower.", unit="ratio", ge=0.0, le=MAX_COMPUTED)
    few_posts: pl.Float64 = _suspicion("far fewer posts ever than usual.")
    posts_count: pl.Int64 = count("Posts ever published, as the platform counts them.", unit="posts")
    digits_in_handle: pl.Float64 = _suspicion("many digits in the handle.")
    handle_digit_share: pl.Float64 = fraction("Share of digits among the characters of the handle.")
    no_picture: pl.Float64 = fraction("Suspicion: no picture on the profile; empty where the export does not say.")
    has_picture: pl.Boolean = column("Has a picture of its own on the profile, where the export says.")

    class Config:
        strict = True
