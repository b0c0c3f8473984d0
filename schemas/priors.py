"""The contract of `priors`: what is known of a platform × tier before looking at an account."""

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import PLATFORMS, column, count


class Priors(pa.DataFrameModel):
    """Typical log ratio and variances per platform and tier."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    basis: pl.String = column(
        "tier: observed in the cell; platform: the cell has under 20 accounts, so the platform's; published: the "
        "platform has too, so schemas/default_priors.csv.",
        nullable=False,
        isin=("tier", "platform", "published"),
    )
    accounts: pl.Int64 = count("Accounts of the cell that have a ratio.", unit="accounts", nullable=False)
    log_typical: pl.Float64 = column("Typical log ratio (mu).", unit="log", nullable=False, ge=-100.0, le=100.0)
    within_variance: pl.Float64 = column(
        "Variance between one account's posts (s squared).", unit="squared log", nullable=False, ge=0.0, le=1e4
    )
    between_variance: pl.Float64 = column(
        "Variance between accounts (tau squared).", unit="squared log", nullable=False, ge=0.0, le=1e4
    )

    class Config:
        strict = True
