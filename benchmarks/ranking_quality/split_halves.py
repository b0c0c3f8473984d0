"""Real exports have no known truth, but two halves: does the order found on one foretell the ratios of the other?

Belongs here: importing an export as a night does, halving each account's posts at random, and judging the orders found
on the first halves by the second ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.importing.importing import import_date
from assets.landing import store
from assets.storage.lake import Lake
from benchmarks.ranking_quality import measures, naive, product
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.regimes import Regime
from benchmarks.ranking_quality.trials import PRODUCT, SHRINKAGE
from benchmarks.ranking_quality.world import World
from schemas.config.source import Metrics
from schemas.config.sources_file import load
from schemas.settings import Settings

Floats = NDArray[np.float64]

# An account with fewer has too little in one of its halves.
_FEWEST_POSTS = 4


@dataclass(frozen=True)
class Halves:
    """What was found: per method a trial per random split."""

    source: str
    accounts: int
    posts: int
    trials: Mapping[str, Sequence[Mapping[str, float]]]

    MEASURES: ClassVar = ("Spearman of ratio", "Spearman of lift", "top tenth found", "lift of top tenth")


def run(sources_file: Path, day: date, home: Path, splits: int) -> Halves:
    """Imports an export and splits it.

    Args:
        sources_file: A sources.yaml.
        day: Snapshot date.
        home: Where to land and import it.
        splits: How often to split it anew.
    """
    export = _export(sources_file, day, home)
    trials: dict[str, list[Mapping[str, float]]] = {}
    for split in range(splits):
        first, second = _halved(export, split)
        truth = _log_ratios(second)
        estimates = {PRODUCT: product.estimate(first, home), SHRINKAGE: naive.shrinkage(first)}
        estimates |= {name: method(first) for name, method in naive.methods().items()}
        judged = np.isfinite(truth)
        for estimate in estimates.values():
            judged &= np.isfinite(estimate.log_estimate)
        typical = naive.tier_medians(second, truth)
        for name, estimate in estimates.items():
            trials.setdefault(name, []).append(_measure(truth[judged], typical[judged], estimate, judged))
    return Halves(str(sources_file), export.followers.size, export.account.size, trials)


def _measure(ratios: Floats, typical: Floats, estimate: Estimate, judged: NDArray[np.bool_]) -> dict[str, float]:
    truth, score = ratios - typical, estimate.log_lift[judged]
    tenth = max(truth.size // 10, 1)
    chosen = truth[np.argsort(-score, kind="stable")[:tenth]]
    figures = (
        measures.spearman(ratios, estimate.log_estimate[judged]),
        measures.spearman(truth, score),
        measures.precision(truth, score, tenth),
        float(np.exp(np.median(chosen))),
    )
    return dict(zip(Halves.MEASURES, figures, strict=True))


def _export(sources_file: Path, day: date, home: Path) -> World:
    """The accounts of an export that have enough posts in the window, as an import accepts them."""
    settings, loaded = Settings(home=home, sources_file=sources_file), load(sources_file)
    for source in loaded.sources:
        store.land(
            source,
            loaded.shape(source),
            day,
            landing=settings.landing,
            folder=sources_file.resolve().parent,
            force=False,
        )
    import_date(settings, loaded, day, "halves")
    lake, metrics = Lake(settings.lake), Metrics()
    keys = ["platform", "profile_id"]
    posts = (
        lake.scan("posts", day)
        .with_columns(age=(pl.lit(day) - pl.col("posted_at").dt.date()).dt.total_days() - pl.col("snapshot_age_days"))
        .filter(pl.col("age").is_between(metrics.settle_days, metrics.window_days))
        .filter(~pl.col("is_pinned").fill_null(value=False))
        .filter(pl.col("likes").is_not_null() & pl.col("comments").is_not_null())
        .filter(pl.len().over(keys) >= _FEWEST_POSTS)
    )
    accounts = (
        lake.scan("profiles", day)
        .filter(pl.col("followers") > 0)
        .select(*keys, "followers")
        .join(posts.select(keys).unique(), on=keys, how="semi")
        .sort(keys)
        .with_row_index("account")
        .collect()
    )
    if accounts.is_empty():
        raise SystemExit(f"{sources_file}: no account of {day} has {_FEWEST_POSTS} posts to split")
    rows = posts.collect().join(accounts, on=keys).sort("account", "age", "post_id")
    nothing = np.zeros(accounts.height)
    return World(
        regime=Regime("export", str(sources_file)),
        platform=accounts["platform"].to_numpy(),
        followers=accounts["followers"].to_numpy(),
        expected=nothing,
        truth=nothing,
        averaged=nothing > 0,
        reel_share=nothing,
        cheats=np.full(accounts.height, ""),
        account=rows["account"].cast(pl.Int64).to_numpy(),
        # At noon, so that a day's change of hour moves none over midnight.
        age=rows["age"].to_numpy() - 0.5,
        is_reel=np.zeros(rows.height, bool),
        likes=rows["likes"].to_numpy(),
        comments=rows["comments"].to_numpy(),
        hidden=np.zeros(rows.height, bool),
    )


def _halved(world: World, seed: int) -> tuple[World, World]:
    """The posts of each account in two random halves, the first the larger where they are odd."""
    order = np.lexsort((np.random.default_rng(seed).random(world.account.size), world.account))
    place = np.empty(order.size, np.int64)
    starts = np.searchsorted(world.account, np.arange(world.followers.size))
    place[order] = np.arange(order.size) - starts[world.account]
    first = place % 2 == 0
    return _part(world, first), _part(world, ~first)


def _part(world: World, kept: NDArray[np.bool_]) -> World:
    return replace(
        world,
        account=world.account[kept],
        age=world.age[kept],
        is_reel=world.is_reel[kept],
        likes=world.likes[kept],
        comments=world.comments[kept],
        hidden=world.hidden[kept],
    )


def _log_ratios(world: World) -> Floats:
    """The log of each account's median ratio."""
    return np.log(np.maximum(naive.medians(world), 0.5) / world.followers)
