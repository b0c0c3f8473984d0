"""The contract of `baselines`: what is usual of each indicator of authenticity."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count


class Baselines(pa.DataFrameModel):
    """Quartiles of each indicator of authenticity, per platform and tier."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    indicator: pl.String = column("Column of `authenticity` that is measured.", nullable=False)
    basis: pl.String = column(
        "tier: observed in the cell; platform: the cell has under 20 accounts that show it, so the platform's; "
        "default: the platform has too, so schemas/default_baselines.csv.",
        nullable=False,
        isin=("tier", "platform", "default"),
    )
    accounts: pl.Int64 = count("Accounts that the quartiles are of.", unit="accounts", nullable=False)
    p25: pl.Float64 = column(
        "A quarter of the accounts lies below.", unit="that of the indicator", ge=-1.0, le=MAX_COMPUTED
    )
    p50: pl.Float64 = column("Half of the accounts lie below.", unit="that of the indicator", ge=-1.0, le=MAX_COMPUTED)
    p75: pl.Float64 = column(
        "Three quarters of the accounts lie below.", unit="that of the indicator", ge=-1.0, le=MAX_COMPUTED
    )

    class Config:
        strict = True
