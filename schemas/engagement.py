"""The contract of `engagement`: one row per account and snapshot date, every ratio with its sample."""

from typing import Any

import polars as pl

from schemas.account import Account
from schemas.column import MAX_COMPUTED, column, count, fraction


def _log(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="log", ge=-100.0, le=100.0)


class Engagement(Account):
    """Ratios of every account, with what the ranking model needs of it.

    A log ratio is ln((likes + comments + 0.5) / followers) of a post.
    """

    following: pl.Int64 = count("Accounts that this one follows.", unit="accounts")
    posts_count: pl.Int64 = count("Posts ever published, as the platform counts them.", unit="posts")
    is_verified: pl.Boolean = column("Carries the platform's verification mark.")
    is_private: pl.Boolean = column("Shows its posts to followers only.")
    has_picture: pl.Boolean = column("Has a picture of its own on the profile, where the export says.")
    comments_per_100_likes: pl.Float64 = column(
        "Comments per 100 likes, over the sampled posts or the export's averages.",
        unit="comments",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    likes_total: pl.Float64 = column(
        "Likes that comments_per_100_likes rests on.", unit="likes", ge=0.0, le=MAX_COMPUTED
    )
    comments_total: pl.Float64 = column(
        "Comments that comments_per_100_likes rests on.", unit="comments", ge=0.0, le=MAX_COMPUTED
    )
    top_post_over_median: pl.Float64 = column(
        "Likes + comments of the highest post over those of the median one, of at least five posts.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    following_ratio: pl.Float64 = column("Accounts followed per follower.", unit="ratio", ge=0.0, le=MAX_COMPUTED)
    handle_digit_share: pl.Float64 = fraction("Share of digits among the characters of the handle.")
    averaged_posts: pl.Int64 = count("Posts that an export's averages are over, where it says.", unit="posts")
    is_ranked_tier: pl.Boolean = column("Whether its tier is ranked as micro-influencers.", nullable=False)
    city: pl.String = column("City, as the export gives it.")
    age: pl.Int32 = column("Age, only where the export states it; never inferred.", unit="years", ge=0, le=120)
    level_posts: pl.Int64 = count(
        "Posts that level rests on: all settled ones of the window whose engagement is known, sampled or not.",
        unit="posts",
        nullable=False,
    )
    level: pl.Float64 = _log("Level of its posts' log ratios: one Huber step from their median.")
    level_ss: pl.Float64 = column(
        "Sum of squared deviations of the posts' log ratios from their level.", unit="squared log", ge=0.0, le=1e12
    )
    log_mean: pl.Float64 = _log("Log of the mean ratio: of those posts, or the export's own average.")
    counting_variance: pl.Float64 = column(
        "Variance of a post's log ratio from counting in whole likes and comments.", unit="squared log", ge=0.0, le=2.0
    )
    level_change: pl.Float64 = _log("Mean log ratio of the newer posts less that of the older ones.")
    level_change_noise: pl.Float64 = column(
        "Variance of level_change where levels do not move, over that between posts.", unit="ratio", ge=0.0, le=2.0
    )
