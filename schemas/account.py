"""Columns that say who an account is and where its row came from, as metric and published tables carry them."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text

TIERS_DESCRIPTION = "Size class by followers (schemas/tiers.csv), recomputed here and never taken from the vendor."
# Why an account has no engagement_ratio, for people.
NO_RATIO = {
    "zero_followers": "no followers",
    "private": "private, and no posts in the export",
    "no_posts": "neither posts nor averages of them in the export",
    "likes_hidden": "hidden likes",
    "no_comments": "no comments in the export",
}


class Identity(pa.DataFrameModel):
    """Who an account is, and what it is compared by."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text(
        "The platform's own id of the account, as text; where the export gives none, `@` and the handle.",
        nullable=False,
    )
    handle: pl.String = text("Handle of the account: lower case, without the `@`.")
    followers: pl.Int64 = count("Accounts that follow this one.", unit="accounts", nullable=False)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    sector: pl.String = text("Topic of the account, in lower case.")
    country: pl.String = text(
        "Country, ISO 3166-1 alpha-2; as the export gives it where that names no country for sure."
    )
    language: pl.String = text("Language, BCP 47; as the export gives it where that names no language for sure.")
    sex: pl.String = text("Sex, only where the export states it; never inferred.")
    age_band: pl.String = text("Age band, only where the export states it; never inferred.")
    tone: pl.String = text("Tone of voice.")
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)

    class Config:
        strict = True


class Account(Identity):
    """Identity, description and ratios of one account on one snapshot date."""

    display_name: pl.String = text("Name shown on the profile.")
    profile_url: pl.String = text("Address of the profile.")
    like_rate: pl.Float64 = fraction(
        "Median likes per post over followers; of an averages-only export its average likes over followers.",
        le=MAX_COMPUTED,
    )
    comment_rate: pl.Float64 = fraction(
        "Median comments per post over followers; of an averages-only export its average comments over followers.",
        le=MAX_COMPUTED,
    )
    engagement_ratio: pl.Float64 = fraction(
        "Median of likes + comments per post over followers; of an averages-only export its average likes + comments "
        "over followers. The main ratio; over 1 is possible for tiny accounts and flagged.",
        le=MAX_COMPUTED,
    )
    engagement_ratio_mean: pl.Float64 = fraction("Mean of likes + comments per post over followers.", le=MAX_COMPUTED)
    view_engagement_ratio: pl.Float64 = fraction(
        "Sum of likes, comments and shares over sum of views, of posts that count views.", le=MAX_COMPUTED
    )
    reported_engagement_ratio: pl.Float64 = fraction("The export's own engagement ratio, untouched.", le=1_000.0)
    engagement_null_reason: pl.String = column(
        "Why engagement_ratio is null: zero_followers, private, no_posts, likes_hidden, or no_comments (the export "
        "tells likes only).",
        isin=tuple(NO_RATIO),
    )
    posts_sampled: pl.Int64 = count(
        "Posts in the sample: the newest of the window, pinned and not yet settled ones left out.",
        unit="posts",
        nullable=False,
    )
    engagement_basis: pl.String = column(
        "posts: ratios over sampled posts; averages: over the export's own averages, which tell less of an account "
        "since one viral post may make them, and are believed by how far they scatter.",
        isin=("posts", "averages"),
    )
    hidden_like_posts: pl.Int64 = count(
        "Sampled posts whose likes are hidden, left out of every figure made of likes.", unit="posts", nullable=False
    )
    days_since_last_post: pl.Int32 = column("Days from the newest post to the snapshot date.", unit="days")
    posts_per_week: pl.Float64 = count("Posts a week, from the first to the last sampled post.", unit="posts per week")
    sponsored_share: pl.Float64 = fraction(
        "Share of sampled posts that the platform or a hashtag (#ad, #sponsored, #werbung, …) marks as sponsored."
    )
    sponsored_lift: pl.Float64 = column(
        "Typical likes + comments of its sponsored posts over those of its other posts: under 1 they do worse. Of all "
        "settled posts of the window, as the mean of logs.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    data_age_days: pl.Int32 = column(
        "Days between the snapshot date and the day the row was landed: over 0 where the source failed and its last "
        "good rows were carried forward.",
        unit="days",
        nullable=False,
        ge=0,
        le=30,
    )
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    landed_file: pl.String = column("Landed file the row came from, below the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the landed file, the first one being 1.", unit="record number", nullable=False
    )

    class Config:
        strict = True
