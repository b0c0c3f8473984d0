"""The contract of `segments`: places within sectors, countries and other segments."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, fraction, text

# What segments may be cut by, alone or together.
DIMENSIONS = ("sector", "country", "platform", "tier", "language", "tone", "age_band", "sex")


class Segments(pa.DataFrameModel):
    """Rank of every micro-influencer within each of its segments of at least 5."""

    dimension: pl.String = column(
        "What the segment is cut by: a column of accounts, or several joined by + as sources.yaml asks for.",
        nullable=False,
    )
    segment: pl.String = text("The value of that column; of several, their values, joined by ' | '.", nullable=False)
    rank_in_segment: pl.Int64 = column("Rank within the segment.", unit="place", nullable=False, ge=1)
    accounts: pl.Int64 = count("Micro-influencers of the segment.", unit="accounts", nullable=False)
    percentile: pl.Float64 = fraction("Share of the segment with no better rank.", nullable=False)
    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    score: pl.Float64 = column("Its score.", unit="points", nullable=False, ge=0.0, le=100.0)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)

    class Config:
        strict = True
