"""The contract of `ranking`: every account with its estimate, score and ranks."""

import polars as pl

from schemas.account import Account
from schemas.column import column, count, fraction


class Ranking(Account):
    """Accounts of any size; rank is empty outside the ranked tiers and where there is no ratio to rank by."""

    rank: pl.Int64 = column("Place among all micro-influencers, 1 being the best.", unit="place", ge=1)
    score: pl.Float64 = column(
        "0 to 100: 100 x / (1 + x), x being lift times 0.25 + 0.75 authenticity; what rank goes by. 50: as engaging as "
        "is typical of an account of its size.",
        unit="points",
        ge=0.0,
        le=100.0,
    )
    engagement_low: pl.Float64 = fraction(
        "Lower end of the interval of engagement_estimate: 80 % unless configured otherwise.", le=1e9
    )
    engagement_estimate: pl.Float64 = fraction(
        "Typical (median) engagement ratio of a post, as it would show over many more posts: the account's own, drawn "
        "towards what is typical of its size the more the fewer posts tell of it and the more they differ.",
        le=1e9,
    )
    engagement_high: pl.Float64 = fraction(
        "Upper end of the interval of engagement_estimate: 80 % unless configured otherwise.", le=1e9
    )
    lift: pl.Float64 = column(
        "engagement_estimate over what is typical of an account of its size, by platform and tier.",
        unit="ratio",
        ge=0.0,
        le=1e9,
    )
    lift_low: pl.Float64 = column(
        "engagement_low over what is typical of an account of its size, by platform and tier.",
        unit="ratio",
        ge=0.0,
        le=1e9,
    )
    tier_percentile: pl.Float64 = fraction("Share of the accounts of its platform and tier with no higher score.")
    authenticity: pl.Float64 = fraction(
        "How likely its engagement is earned, judged by how it scatters between posts: bought likes come in even "
        "numbers. Empty where there are no two posts. A reason to look, never a verdict."
    )
    flags: pl.String = column(
        "What to look at before signing, comma separated: one_viral_post (mean over 1.5 medians), ratio_over_1, "
        "hidden_likes, mass_following (follows over 1,500), even_engagement (authenticity under 0.5)."
    )
    rank_in_tier: pl.Int64 = count("Place within its tier.", unit="place")
    rank_in_platform: pl.Int64 = count("Place within its platform.", unit="place")
    rank_in_sector: pl.Int64 = count("Place within its sector.", unit="place")
    rank_in_country: pl.Int64 = count("Place within its country.", unit="place")
