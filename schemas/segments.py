"""The contract of `segments`: ranks within sectors, countries and other segments."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, fraction, text

# Columns that define segments, alone or combined.
DIMENSIONS = ("sector", "country", "platform", "tier", "language", "tone", "age_band", "sex")


class Segments(pa.DataFrameModel):
    """Rank of every micro-influencer in each of its segments of at least 5 accounts."""

    dimension: pl.String = column(
        "Column of accounts that defines the segment; several, as configured in sources.yaml, are joined by +.",
        nullable=False,
    )
    segment: pl.String = text("Value of that column; values of several columns are joined by ' | '.", nullable=False)
    rank_in_segment: pl.Int64 = column("Rank within the segment.", unit="place", nullable=False, ge=1)
    accounts: pl.Int64 = count("Micro-influencers of the segment.", unit="accounts", nullable=False)
    percentile: pl.Float64 = fraction("Share of accounts of the segment whose rank is not better.", nullable=False)
    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    score: pl.Float64 = column("Score of the account.", unit="points", nullable=False, ge=0.0, le=100.0)
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)

    class Config:
        strict = True
