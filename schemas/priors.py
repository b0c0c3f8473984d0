"""The contract of `priors`: what is expected of an account of a platform × tier before its posts are seen."""

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
        "tier: observed in the cell; platform: the cell has under 20 accounts, so the platform's; published: the "
        "platform has too, so schemas/default_priors.csv.",
        nullable=False,
        isin=("tier", "platform", "published"),
    )
    accounts: pl.Int64 = count("Accounts of the cell that have a ratio.", unit="accounts", nullable=False)
    log_expected: pl.Float64 = _log("Expected log ratio of an account of log_followers.")
    log_followers: pl.Float64 = _log("Log of the followers that log_expected stands for.")
    slope: pl.Float64 = column(
        "Change of the expected log ratio per log follower.", unit="ratio", nullable=False, ge=-100.0, le=100.0
    )
    between_variance: pl.Float64 = _variance(
        "Variance of accounts around what is expected of their size (tau squared)."
    )
    outlier_share: pl.Float64 = fraction(
        "Share of accounts that are outliers: their variance is 16 times between_variance.", nullable=False
    )
    post_variance: pl.Float64 = _variance("Variance between the posts of one account (s0 squared), of its platform.")
    post_df: pl.Float64 = column(
        "Degrees of freedom that post_variance counts for: how alike accounts are in it (d0).",
        unit="degrees of freedom",
        nullable=False,
        ge=0.0,
        le=1e4,
    )
    change_variance: pl.Float64 = _variance(
        "Variance of what levels change by between the older and the newer half of a window: 0 within two standard "
        "errors of 0."
    )
    mean_offset: pl.Float64 = _log("Log of an account's mean ratio less its level.")
    mean_offset_variance: pl.Float64 = _variance("Variance of mean_offset between accounts.")

    class Config:
        strict = True
