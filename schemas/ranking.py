"""The contract of `ranking`: every account with its estimate, score and ranks."""

import polars as pl

from schemas.account import Identity
from schemas.authenticity import AUTHENTICITY, FLAGS
from schemas.column import column, count, fraction
from schemas.estimates import ENGAGEMENT_CI_LOWER, ENGAGEMENT_CI_UPPER, ENGAGEMENT_ESTIMATE, LIFT, LIFT_CI_LOWER

_BASIS = "export: the export names the {0}; lexicon: told from words of biography and hashtags (schemas/lexicon.csv)."


class Ranking(Identity):
    """Accounts of any size; rank is empty outside the ranked tiers and where there is no ratio to rank by."""

    rank: pl.Int64 = column("Place among all micro-influencers, 1 being the best.", unit="place", ge=1)
    score: pl.Float64 = column(
        "0 to 100: 100 x / (1 + x), x being lift times what weights leave for lacking authenticity and recency; what "
        "rank goes by. 50: as engaging as is typical of an account of its size.",
        unit="points",
        ge=0.0,
        le=100.0,
    )
    engagement_ci_lower: pl.Float64 = ENGAGEMENT_CI_LOWER
    engagement_estimate: pl.Float64 = ENGAGEMENT_ESTIMATE
    engagement_ci_upper: pl.Float64 = ENGAGEMENT_CI_UPPER
    lift: pl.Float64 = LIFT
    lift_ci_lower: pl.Float64 = LIFT_CI_LOWER
    tier_percentile: pl.Float64 = fraction("Share of the accounts of its platform and tier with no higher score.")
    tier_accounts: pl.Int64 = count("Accounts of its platform and tier that have a score.", unit="accounts")
    authenticity: pl.Float64 = AUTHENTICITY
    recency: pl.Float64 = fraction(
        "1 for an account that posted today, a half after 90 days of silence: 1 / (1 + (days / 90)^4). Empty where the "
        "export tells no posts, and then taken for 1."
    )
    flags: pl.String = FLAGS
    rank_in_tier: pl.Int64 = count("Place within its tier.", unit="place")
    rank_in_platform: pl.Int64 = count("Place within its platform, of at least 5.", unit="place")
    rank_in_sector: pl.Int64 = count("Place within its sector, of at least 5.", unit="place")
    rank_in_country: pl.Int64 = count("Place within its country, of at least 5.", unit="place")
    sector_basis: pl.String = column(_BASIS.format("sector"), isin=("export", "lexicon"))
    tone_basis: pl.String = column(_BASIS.format("tone"), isin=("export", "lexicon"))
