"""The contract of `engagement`: one row per account and snapshot date, every ratio with its sample."""

import polars as pl

from schemas.account import Account
from schemas.column import column, count, fraction


class Engagement(Account):
    """Ratios of every account, with what the shrinkage needs of it.

    The `log_*` columns describe ln((likes + comments + 0.5) / followers) of the account's posts, the log ratio, and
    the `age_*` columns how old the posts are.
    """

    following: pl.Int64 = count("Accounts that this one follows.", unit="accounts")
    posts_count: pl.Int64 = count("Posts ever published, as the platform counts them.", unit="posts")
    is_verified: pl.Boolean = column("Carries the platform's verification mark.")
    is_private: pl.Boolean = column("Shows its posts to followers only.")
    has_picture: pl.Boolean = column("Has a picture of its own on the profile, where the export says.")
    comments_per_100_likes: pl.Float64 = column(
        "Comments per 100 likes, over the sampled posts or the export's averages.", unit="comments", ge=0.0, le=1e15
    )
    likes_total: pl.Float64 = count("Likes that comments_per_100_likes rests on.", unit="likes")
    comments_total: pl.Float64 = count("Comments that comments_per_100_likes rests on.", unit="comments")
    top_post_over_median: pl.Float64 = column(
        "Likes + comments of the highest post over those of the median one, of at least five posts.",
        unit="ratio",
        ge=0.0,
        le=1e15,
    )
    following_ratio: pl.Float64 = column("Accounts followed per follower.", unit="ratio", ge=0.0, le=1e13)
    handle_digit_share: pl.Float64 = fraction("Share of digits among the characters of the handle.")
    averaged_posts: pl.Int64 = count("Posts that an export's averages are over, where it says.", unit="posts")
    is_ranked_tier: pl.Boolean = column("Whether its tier is ranked as micro-influencers.", nullable=False)
    city: pl.String = column("City, as the export gives it.")
    age: pl.Int32 = column("Age, only where the export states it; never inferred.", unit="years", ge=0, le=120)
    log_count: pl.Int64 = count(
        "Posts that the log_* and age_* columns rest on: all settled ones of the window that tell their engagement, "
        "be they sampled or not; 1 for averages.",
        unit="posts",
        nullable=False,
    )
    log_ratio: pl.Int64 = column(
        "Mean log ratio; of an averages-only export the log of its average.", unit="millionths", ge=-(10**8), le=10**8
    )
    log_median: pl.Int64 = column(
        "Median log ratio of the settled posts of the window.", unit="millionths", ge=-(10**8), le=10**8
    )
    counting_variance: pl.Float64 = column(
        "Variance of a log ratio from counting in whole likes and comments.", unit="squared log", ge=0.0, le=1.0
    )
    log_highest: pl.Int64 = column("Highest log ratio.", unit="millionths", ge=-(10**8), le=10**8)
    log_within_squares: pl.Float64 = column(
        "Squared deviations of the posts' log ratios from their mean, summed.", unit="squared log", ge=-1e-6, le=1e9
    )
    log_of_mean: pl.Int64 = column("Log of the posts' mean ratio.", unit="millionths", ge=-(10**8), le=10**8)
    mean_squares: pl.Float64 = column(
        "Squared deviations of the posts' ratios from their mean, in units of that mean, summed.",
        unit="squared ratio",
        ge=-1e-6,
        le=1e12,
    )
    mean_log_products: pl.Float64 = column(
        "Products of the deviations of ratio, in units of the mean, and log ratio, summed.",
        unit="log times ratio",
        ge=-1e-6,
        le=1e12,
    )
    age_mean: pl.Float64 = column("Mean age of the posts.", unit="days", ge=0.0, le=1e4)
    age_squares: pl.Float64 = column(
        "Squared deviations of the posts' ages from their mean, summed.", unit="squared days", ge=-1e-3, le=1e12
    )
    age_log_products: pl.Float64 = column(
        "Products of the deviations of age and log ratio, summed.", unit="log times days", ge=-1e12, le=1e12
    )
    log_bend_squares: pl.Float64 = column(
        "Of log_within_squares, what a bend over the posts' ages explains beyond an even rise or fall.",
        unit="squared log",
        ge=0.0,
        le=1e12,
    )
