"""The contract of `baselines`: the distribution of each indicator of authenticity."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count


class Baselines(pa.DataFrameModel):
    """Quartiles of each indicator of authenticity, by platform and tier."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    indicator: pl.String = column("Column of `authenticity` that the quartiles describe.", nullable=False)
    basis: pl.String = column(
        "Origin of the quartiles. tier: accounts of the platform and tier; platform: all tiers, where the tier has "
        "under 20 accounts with a value; default: schemas/default_baselines.csv, where the platform has under 20.",
        nullable=False,
        isin=("tier", "platform", "default"),
    )
    accounts: pl.Int64 = count("Accounts that the quartiles are computed over.", unit="accounts", nullable=False)
    p25: pl.Float64 = column("Lower quartile.", unit="unit of the indicator", ge=-1.0, le=MAX_COMPUTED)
    p50: pl.Float64 = column("Median.", unit="unit of the indicator", ge=-1.0, le=MAX_COMPUTED)
    p75: pl.Float64 = column("Upper quartile.", unit="unit of the indicator", ge=-1.0, le=MAX_COMPUTED)

    class Config:
        strict = True
