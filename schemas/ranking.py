"""The contract of `ranking`: every account with its estimate, score and ranks."""

import polars as pl

from schemas.account import Identity
from schemas.authenticity import AUTHENTICITY, FLAGS
from schemas.column import column, count, fraction
from schemas.estimates import ENGAGEMENT_CI_LOWER, ENGAGEMENT_CI_UPPER, ENGAGEMENT_ESTIMATE, LIFT, LIFT_CI_LOWER

_BASIS = "export: {0} as in the export; lexicon: inferred from words of biography and hashtags (schemas/lexicon.csv)."


class Ranking(Identity):
    """Accounts of any size; rank is null outside the ranked tiers and for accounts without a ratio."""

    rank: pl.Int64 = column("Rank by score among all micro-influencers, from 1 (best).", unit="place", ge=1)
    score: pl.Float64 = column(
        "Score from 0 to 100: 100 x / (1 + x), where x is lift reduced by the weights of authenticity and recency. 50: "
        "the expected engagement of an account of this size.",
        unit="points",
        ge=0.0,
        le=100.0,
    )
    engagement_ci_lower: pl.Float64 = ENGAGEMENT_CI_LOWER
    engagement_estimate: pl.Float64 = ENGAGEMENT_ESTIMATE
    engagement_ci_upper: pl.Float64 = ENGAGEMENT_CI_UPPER
    lift: pl.Float64 = LIFT
    lift_ci_lower: pl.Float64 = LIFT_CI_LOWER
    tier_percentile: pl.Float64 = fraction("Share of accounts of the same platform and tier whose score is not higher.")
    tier_accounts: pl.Int64 = count("Accounts of the same platform and tier with a score.", unit="accounts")
    authenticity: pl.Float64 = AUTHENTICITY
    recency: pl.Float64 = fraction(
        "Recency of the newest post: 1 / (1 + (days / 90)^4), so 1 today and 0.5 after 90 days. Null where the export "
        "has no posts; the score then uses 1."
    )
    flags: pl.String = FLAGS
    rank_in_tier: pl.Int64 = count("Rank within the tier.", unit="place")
    rank_in_platform: pl.Int64 = count("Rank within the platform; null under 5 accounts.", unit="place")
    rank_in_sector: pl.Int64 = count("Rank within the sector; null under 5 accounts.", unit="place")
    rank_in_country: pl.Int64 = count("Rank within the country; null under 5 accounts.", unit="place")
    sector_basis: pl.String = column(_BASIS.format("sector"), isin=("export", "lexicon"))
    tone_basis: pl.String = column(_BASIS.format("tone"), isin=("export", "lexicon"))
