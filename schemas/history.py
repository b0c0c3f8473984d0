"""The contract of `history`: what earlier snapshots tell of an account."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text

GROWTH_7D = column(
    "Growth of followers over 7 days, from the nearest snapshot within 2 days of it.",
    unit="fraction",
    ge=-1.0,
    le=MAX_COMPUTED,
)
GROWTH_30D = column(
    "Growth of followers over 30 days, from the nearest snapshot within 2 days of it.",
    unit="fraction",
    ge=-1.0,
    le=MAX_COMPUTED,
)


class History(pa.DataFrameModel):
    """Growth, steps, turnover and the former handle of accounts, from the snapshots of the 32 days before."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `profiles`.", nullable=False)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    earlier_snapshots: pl.Int64 = count("Earlier snapshots that show the account.", unit="snapshots", nullable=False)
    followers_growth_7d: pl.Float64 = GROWTH_7D
    followers_growth_30d: pl.Float64 = GROWTH_30D
    max_daily_growth: pl.Float64 = column(
        "Largest growth of followers per day between two snapshots of one source, of at least three such steps.",
        unit="fraction",
        ge=-1.0,
        le=MAX_COMPUTED,
    )
    median_daily_growth: pl.Float64 = column(
        "Median of what followers grow or shrink by per day.", unit="fraction", ge=0.0, le=MAX_COMPUTED
    )
    spike_reversal: pl.Float64 = fraction("Share of the largest step that has been lost since.")
    following_turnover: pl.Float64 = column(
        "Accounts followed and unfollowed again, per follower.", unit="ratio", ge=0.0, le=MAX_COMPUTED
    )
    previous_handle: pl.String = text("Handle of the snapshot before, where it was another.")

    class Config:
        strict = True


class HandleChanges(pa.DataFrameModel):
    """Accounts whose handle changed; the dates of this table are kept for ever."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    snapshot_date: pl.Date = column("The first date with another handle.", nullable=False)
    previous_handle: pl.String = text("The handle until then.", nullable=False)

    class Config:
        strict = True
