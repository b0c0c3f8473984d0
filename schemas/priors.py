"""The contract of `priors`: the parameters of the ranking model by platform and tier."""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import PLATFORMS, column, count, fraction


def _variance(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="squared log", nullable=False, ge=0.0, le=1e4)


def _log(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="log", nullable=False, ge=-100.0, le=100.0)


class Priors(pa.DataFrameModel):
    """The parameters of the ranking model by platform and tier (docs/model.md)."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    basis: pl.String = column(
        "Origin of the prior. tier: accounts of the platform and tier; platform: all tiers, where the tier has under "
        "20 accounts; published: schemas/default_priors.csv, where the platform has under 20.",
        nullable=False,
        isin=("tier", "platform", "published"),
    )
    accounts: pl.Int64 = count("Accounts of the platform and tier that have a ratio.", unit="accounts", nullable=False)
    log_expected: pl.Float64 = _log("Expected log ratio of an account with log_followers.")
    log_followers: pl.Float64 = _log("Log of the number of followers that log_expected refers to.")
    slope: pl.Float64 = column(
        "Change of the expected log ratio per log follower.", unit="ratio", nullable=False, ge=-100.0, le=100.0
    )
    between_variance: pl.Float64 = _variance(
        "Variance between accounts around the expected value of their size (tau squared)."
    )
    outlier_share: pl.Float64 = fraction(
        "Share of outlier accounts, whose variance is 16 times between_variance.", nullable=False
    )
    post_variance: pl.Float64 = _variance("Prior variance between the posts of an account (s0 squared), by platform.")
    post_df: pl.Float64 = column(
        "Prior degrees of freedom of post_variance (d0); larger where accounts differ less.",
        unit="degrees of freedom",
        nullable=False,
        ge=0.0,
        le=1e4,
    )
    change_variance: pl.Float64 = _variance(
        "Variance of the change of levels between the older and the newer half of a window; 0 where it is within two "
        "standard errors of 0."
    )
    mean_offset: pl.Float64 = _log("Log of the mean ratio of an account minus its level.")
    mean_offset_variance: pl.Float64 = _variance("Variance of mean_offset between accounts.")

    class Config:
        strict = True
