"""The contract of `priors`: what is known of a platform × tier before looking at an account."""

from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.account import TIERS_DESCRIPTION
from schemas.column import PLATFORMS, column, count, fraction


def _variance(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="squared log", nullable=False, ge=0.0, le=1e4)


def _log(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="log", nullable=False, ge=-100.0, le=100.0)


def _slope(description: str) -> Any:  # noqa: ANN401 - as `column`
    return column(description, unit="ratio", nullable=False, ge=-100.0, le=100.0)


def _of_level() -> Any:  # noqa: ANN401 - as `column`
    return column(
        "Variance of the level that many posts tell so, over that of their mean log ratio alone.",
        unit="ratio",
        nullable=False,
        ge=0.0,
        le=1.0,
    )


class Priors(pa.DataFrameModel):
    """Where the accounts of a platform and tier lie, and how an account's posts lie around its own level."""

    platform: pl.String = column("Platform.", nullable=False, isin=PLATFORMS)
    tier: pl.String = column(TIERS_DESCRIPTION, nullable=False)
    basis: pl.String = column(
        "tier: observed in the cell; platform: the cell has under 20 accounts, so the platform's; published: the "
        "platform has too, so schemas/default_priors.csv.",
        nullable=False,
        isin=("tier", "platform", "published"),
    )
    accounts: pl.Int64 = count("Accounts of the cell that have a ratio.", unit="accounts", nullable=False)
    log_typical: pl.Float64 = _log("Typical log ratio of an account of log_followers (mu).")
    log_followers: pl.Float64 = _log("Log of the followers that log_typical stands for.")
    slope: pl.Float64 = _slope("Change of the typical log ratio per log follower.")
    log_posts: pl.Float64 = _log("Mean log of the posts that accounts show.")
    posts_slope: pl.Float64 = _slope(
        "Change of the log ratio to expect per log post that an account shows: 0 unless it stands out of chance."
    )
    log_spread: pl.Float64 = _log("Mean log of the variance between an account's posts over within_variance.")
    mean_spread: pl.Float64 = column(
        "Mean of the variance between an account's posts over within_variance.",
        unit="ratio",
        nullable=False,
        ge=0.0,
        le=1e4,
    )
    spread_slope: pl.Float64 = _slope(
        "Change of the log ratio to expect per log of that variance: 0 unless it stands out of chance."
    )
    between_variance: pl.Float64 = _variance("Variance of accounts around what is typical (tau squared), of most.")
    far_share: pl.Float64 = fraction(
        "Share of accounts that lie far out: with four times the deviation of most.",
        nullable=False,
    )
    within_variance: pl.Float64 = _variance("Variance between one account's posts (s squared).")
    mean_share: pl.Float64 = fraction(
        "By how much the posts' mean ratio tells an account's level, beside their mean log ratio: 0 where logs lie "
        "evenly, towards 1 where ratios are gamma distributed.",
        nullable=False,
    )
    mean_offset: pl.Float64 = _log("Log of the mean ratio over the mean log ratio, of many posts.")
    level_variance: pl.Float64 = _of_level()
    median_share: pl.Float64 = fraction(
        "By how much the posts' median tells an account's level, beside their mean log ratio: 0 unless posts lie "
        "far out on both sides.",
        nullable=False,
    )
    median_variance: pl.Float64 = _of_level()
    within_freedom: pl.Float64 = column(
        "How alike accounts are in the variance between their posts: degrees of freedom that s squared counts for.",
        unit="degrees of freedom",
        nullable=False,
        ge=0.0,
        le=1e4,
    )
    drift_variance: pl.Float64 = _variance("Variance of what accounts rise or fall by over 90 days.")
    wave_variance: pl.Float64 = _variance(
        "Variance of what the posts of one window share by the luck of their days: no number of them averages it out."
    )
    viral_share: pl.Float64 = fraction("Share of posts that go viral.", nullable=False)
    viral_lift: pl.Float64 = _log("What viral posts gain over the account's median post.")
    viral_variance: pl.Float64 = _variance("Variance of viral_lift.")
    median_offset: pl.Float64 = _log("Median of posts over their mean, in logs.")
    average_offset: pl.Float64 = _log("An export's average over the median of posts, in logs.")
    average_variance: pl.Float64 = _variance("Variance of an export's average around the account's own level.")

    class Config:
        strict = True
