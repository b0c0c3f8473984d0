"""The contract of `authenticity`: the signs that an account's engagement or followers are not earned, with evidence."""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text
from schemas.estimates import ENGAGEMENT_DEVIATION, EVEN_ENGAGEMENT, POST_SPREAD

AUTHENTICITY = fraction(
    "1: no sign that engagement or followers are not earned; the product of 1 - weight × doubt over the signs of the "
    "table authenticity. Empty where the data tells of none of them. A reason to look, never a verdict."
)
FLAGS = column(
    "What to look at before signing, comma separated: one_viral_post (mean over 1.5 medians), ratio_over_1, "
    "hidden_likes, and each sign of the table authenticity whose doubt is over a half: even_engagement, many_comments, "
    "few_comments, pod_engagement, one_post, follower_step, hollow_growth, follow_unfollow, mass_following, "
    "low_engagement, few_posts, digits_in_handle, no_picture."
)


def _doubt(description: str) -> Any:  # noqa: ANN401 - as `column`
    return fraction(f"Doubt: {description} 0 none, 0.5 at 3.5 usual deviations; empty where the data cannot tell.")


class Authenticity(pa.DataFrameModel):
    """Each sign that engagement or followers are not earned, with its evidence, and what they leave of authenticity."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    authenticity: pl.Float64 = AUTHENTICITY
    flags: pl.String = FLAGS
    even_engagement: pl.Float64 = EVEN_ENGAGEMENT
    post_spread: pl.Float64 = POST_SPREAD
    odd_comments: pl.Float64 = _doubt("far more comments per like than usual (pods), or far fewer (bought likes).")
    comments_per_100_likes: pl.Float64 = column("Comments per 100 likes.", unit="comments", ge=0.0, le=MAX_COMPUTED)
    pod_engagement: pl.Float64 = _doubt("engagement far over the tier's together with far more comments per like.")
    low_engagement: pl.Float64 = _doubt("engagement far under the tier's, as of bought followers.")
    engagement_deviation: pl.Float64 = ENGAGEMENT_DEVIATION
    one_post: pl.Float64 = _doubt("one post carries the rest.")
    top_post_over_median: pl.Float64 = column(
        "Likes + comments of the highest post over those of the median one.", unit="ratio", ge=0.0, le=MAX_COMPUTED
    )
    follower_step: pl.Float64 = _doubt("followers came in one step, and in full where they left again.")
    largest_daily_growth: pl.Float64 = column(
        "Largest growth of followers per day between two snapshots of the last 32 days.",
        unit="fraction",
        ge=-1.0,
        le=MAX_COMPUTED,
    )
    growth_lost_since: pl.Float64 = fraction("Share of that growth that has been lost since.")
    hollow_growth: pl.Float64 = _doubt("followers grow far faster than usual while engagement lies under the tier's.")
    followers_growth_30d: pl.Float64 = column(
        "Growth of followers over 30 days.", unit="fraction", ge=-1.0, le=MAX_COMPUTED
    )
    follow_unfollow: pl.Float64 = _doubt("follows and unfollows by turns.")
    following_turnover: pl.Float64 = column(
        "Accounts followed and unfollowed again over the last 32 days, per follower.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    mass_following: pl.Float64 = _doubt("follows over 1,500 accounts, or far more per follower than usual.")
    following: pl.Int64 = count("Accounts that this one follows.", unit="accounts")
    following_ratio: pl.Float64 = column("Accounts followed per follower.", unit="ratio", ge=0.0, le=MAX_COMPUTED)
    few_posts: pl.Float64 = _doubt("far fewer posts ever than usual.")
    posts_count: pl.Int64 = count("Posts ever published, as the platform counts them.", unit="posts")
    digits_in_handle: pl.Float64 = _doubt("many digits in the handle.")
    handle_digit_share: pl.Float64 = fraction("Share of digits among the characters of the handle.")
    no_picture: pl.Float64 = fraction("Doubt: no picture on the profile; empty where the export does not say.")
    has_picture: pl.Boolean = column("Has a picture of its own on the profile, where the export says.")

    class Config:
        strict = True
