"""The contract of `engagement`: one row per account and snapshot date, with ratios and their samples."""

from typing import Any

import polars as pl

from schemas.account import Account
from schemas.column import MAX_COMPUTED, column, count, fraction


def _log(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="log", ge=-100.0, le=100.0)


class Engagement(Account):
    """Ratios of every account, with the inputs of the ranking model.

    The log ratio of a post is ln((likes + comments + 0.5) / followers).
    """

    following: pl.Int64 = count("Accounts followed by the account.", unit="accounts")
    posts_count: pl.Int64 = count("Lifetime number of posts, as counted by the platform.", unit="posts")
    is_verified: pl.Boolean = column("True where the platform has verified the account.")
    is_private: pl.Boolean = column("True where only followers see the posts.")
    has_picture: pl.Boolean = column(
        "True where the profile has a custom picture; null where the export does not state it."
    )
    comments_per_100_likes: pl.Float64 = column(
        "Comments per 100 likes, of the sampled posts or of the averages in the export.",
        unit="comments",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    likes_total: pl.Float64 = column(
        "Likes that comments_per_100_likes is computed from.", unit="likes", ge=0.0, le=MAX_COMPUTED
    )
    comments_total: pl.Float64 = column(
        "Comments that comments_per_100_likes is computed from.", unit="comments", ge=0.0, le=MAX_COMPUTED
    )
    top_post_over_median: pl.Float64 = column(
        "Likes + comments of the top post divided by those of the median post; null under five posts.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    following_ratio: pl.Float64 = column("Accounts followed per follower.", unit="ratio", ge=0.0, le=MAX_COMPUTED)
    handle_digit_share: pl.Float64 = fraction("Share of digits in the handle.")
    averaged_posts: pl.Int64 = count(
        "Posts that the averages in the export are computed over; null where the export does not state it.",
        unit="posts",
    )
    is_ranked_tier: pl.Boolean = column("True where the tier is ranked as micro-influencers.", nullable=False)
    city: pl.String = column("City, as in the export.")
    age: pl.Int32 = column("Age as stated by the export; never inferred.", unit="years", ge=0, le=120)
    level_posts: pl.Int64 = count(
        "Posts that level is computed from: all settled posts of the window with known engagement, sampled or not.",
        unit="posts",
        nullable=False,
    )
    level: pl.Float64 = _log("Level of the log ratios of the posts: one Huber step from their median.")
    level_ss: pl.Float64 = column(
        "Sum of squares of the log ratios of the posts around level.", unit="squared log", ge=0.0, le=1e12
    )
    log_mean: pl.Float64 = _log("Log of the mean ratio of these posts, or of the average in the export.")
    counting_variance: pl.Float64 = column(
        "Variance of the log ratio of a post that is due to whole counts of likes and comments.",
        unit="squared log",
        ge=0.0,
        le=2.0,
    )
    level_change: pl.Float64 = _log("Mean log ratio of the newer posts minus that of the older posts.")
    level_change_noise: pl.Float64 = column(
        "Variance of level_change under a constant level, divided by the variance between posts.",
        unit="ratio",
        ge=0.0,
        le=2.0,
    )
