"""Columns of identity and provenance of an account, shared by the metric tables and the published tables."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text

TIERS_DESCRIPTION = (
    "Size class by number of followers (schemas/tiers.csv); always computed, never taken from the vendor."
)
# Values of engagement_null_reason, with the text shown to users.
NO_RATIO = {
    "zero_followers": "no followers",
    "private": "private, and no posts in the export",
    "no_posts": "neither posts nor averages of them in the export",
    "likes_hidden": "hidden likes",
    "no_comments": "no comments in the export",
}


class Identity(pa.DataFrameModel):
    """Identity of an account, and the attributes that it is compared by."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text(
        "Id of the account on the platform, as text; `@` and the handle where the export has no id.",
        nullable=False,
    )
    handle: pl.String = text("Handle of the account, in lower case and without the `@`.")
    followers: pl.Int64 = count("Followers of the account.", unit="accounts", nullable=False)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    sector: pl.String = text("Topic of the account, in lower case.")
    country: pl.String = text(
        "Country, ISO 3166-1 alpha-2; the text of the export where it matches no country or several."
    )
    language: pl.String = text("Language, BCP 47; the text of the export where it matches no language or several.")
    sex: pl.String = text("Sex as stated by the export; never inferred.")
    age_band: pl.String = text("Age band as stated by the export; never inferred.")
    tone: pl.String = text("Tone of voice.")
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)

    class Config:
        strict = True


class Account(Identity):
    """Identity, description and ratios of one account on one snapshot date."""

    display_name: pl.String = text("Display name on the profile.")
    profile_url: pl.String = text("URL of the profile.")
    like_rate: pl.Float64 = fraction(
        "Median likes per post divided by followers; average likes where the export has averages only.",
        le=MAX_COMPUTED,
    )
    comment_rate: pl.Float64 = fraction(
        "Median comments per post divided by followers; average comments where the export has averages only.",
        le=MAX_COMPUTED,
    )
    engagement_ratio: pl.Float64 = fraction(
        "Median likes + comments per post divided by followers; their average where the export has averages only. "
        "Values over 1 are possible for tiny accounts and are flagged.",
        le=MAX_COMPUTED,
    )
    engagement_ratio_mean: pl.Float64 = fraction(
        "Mean likes + comments per post divided by followers.", le=MAX_COMPUTED
    )
    view_engagement_ratio: pl.Float64 = fraction(
        "Sum of likes, comments and shares divided by the sum of views, over the posts that have views.",
        le=MAX_COMPUTED,
    )
    reported_engagement_ratio: pl.Float64 = fraction(
        "Engagement ratio as reported by the export, unchanged.", le=1_000.0
    )
    engagement_null_reason: pl.String = column(
        "Reason for a null engagement_ratio: zero_followers, private, no_posts, likes_hidden, or no_comments (the "
        "export has likes only). Null where there is a ratio.",
        isin=tuple(NO_RATIO),
    )
    posts_sampled: pl.Int64 = count(
        "Posts in the sample: the newest of the window, without pinned posts and posts that are not settled yet.",
        unit="posts",
        nullable=False,
    )
    engagement_basis: pl.String = column(
        "posts: ratios of sampled posts; averages: ratios of the averages in the export, less precise since one viral "
        "post can dominate them. Null where the export has neither.",
        isin=("posts", "averages"),
    )
    hidden_like_posts: pl.Int64 = count(
        "Sampled posts with hidden likes; excluded from every figure that uses likes.", unit="posts", nullable=False
    )
    days_since_last_post: pl.Int32 = column("Days from the newest post to the snapshot date.", unit="days")
    posts_per_week: pl.Float64 = count(
        "Posts per week, between the first and the last sampled post.", unit="posts per week"
    )
    sponsored_share: pl.Float64 = fraction(
        "Share of sampled posts marked as sponsored, by the platform or by a hashtag (#ad, #sponsored, #werbung, …)."
    )
    sponsored_lift: pl.Float64 = column(
        "Geometric mean of likes + comments of sponsored posts divided by that of other posts, over all settled posts "
        "of the window. Under 1: sponsored posts perform worse.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    data_age_days: pl.Int32 = column(
        "Days from the landing of the row to the snapshot date; over 0 where the source failed and its last valid rows "
        "were carried forward.",
        unit="days",
        nullable=False,
        ge=0,
        le=30,
    )
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    landed_file: pl.String = column("Landed file of the row, relative to the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the landed file, from 1.", unit="record number", nullable=False
    )

    class Config:
        strict = True
