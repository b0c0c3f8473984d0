"""The contract of `history`: growth and changes of accounts since earlier snapshots."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text

GROWTH_7D = column(
    "Growth of followers since the snapshot nearest to 7 days earlier; null where none is within 2 days of that.",
    unit="fraction",
    ge=-1.0,
    le=MAX_COMPUTED,
)
GROWTH_30D = column(
    "Growth of followers since the snapshot nearest to 30 days earlier; null where none is within 2 days of that.",
    unit="fraction",
    ge=-1.0,
    le=MAX_COMPUTED,
)


class History(pa.DataFrameModel):
    """Growth, turnover and previous handle of accounts, from the snapshots of the preceding 32 days."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `profiles`.", nullable=False)
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    earlier_snapshots: pl.Int64 = count("Earlier snapshots with the account.", unit="snapshots", nullable=False)
    followers_growth_7d: pl.Float64 = GROWTH_7D
    followers_growth_30d: pl.Float64 = GROWTH_30D
    max_daily_growth: pl.Float64 = column(
        "Largest daily growth of followers between two snapshots of one source; null under three such steps.",
        unit="fraction",
        ge=-1.0,
        le=MAX_COMPUTED,
    )
    median_daily_growth: pl.Float64 = column(
        "Median absolute daily growth of followers; null under three steps.", unit="fraction", ge=0.0, le=MAX_COMPUTED
    )
    spike_reversal: pl.Float64 = fraction(
        "Share of the followers of the largest step that were lost since; null under three steps."
    )
    following_turnover: pl.Float64 = column(
        "Accounts followed and unfollowed again, per follower; null under three steps.",
        unit="ratio",
        ge=0.0,
        le=MAX_COMPUTED,
    )
    previous_handle: pl.String = text("Handle in the preceding snapshot; null where it is the same.")

    class Config:
        strict = True


class HandleChanges(pa.DataFrameModel):
    """Changes of handles; no date of this table is ever deleted."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    snapshot_date: pl.Date = column("First date with the new handle, UTC.", nullable=False)
    previous_handle: pl.String = text("Handle before that date.", nullable=False)

    class Config:
        strict = True
