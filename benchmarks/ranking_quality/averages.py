"""Averages in place of posts: the accuracy and calibration of estimates for accounts with averages only.

Belongs here: turning real posts into averages. Half of a set's accounts keep their posts, as in an export of both
kinds; the other half have averages, or as few posts, and only these are evaluated.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.ranking_quality import product
from benchmarks.ranking_quality.accounts import Accounts, Flags, Integers
from benchmarks.ranking_quality.accuracy import MEASURES, Accuracy, accuracy, mean, rows_of
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.post_sets import Halving, Posts, split

# Posts behind an average; all of them for an account with fewer.
NUMBERS = (1, 3, 12, 30)
MIXED = "1 to 30"
LEADERS = "of top tenth"
KINDS = ("posts", "averages, number given", "averages, number hidden")
# The same, for an export that has averages only.
ALONE = ("all averages, number given", "all averages, number hidden")


def evaluate(posts: Posts, halving: Halving, scratch: Path) -> dict[str, tuple[Accuracy, float]]:
    """Returns the accuracy by row, and the share of the top tenth of lifts that belongs to the evaluated half."""
    each = split(posts, halving)
    size = each.train.followers.size
    rng = np.random.default_rng(0)
    judged = rng.permutation(size) < size // 2
    # As many accounts with few posts as with many.
    mixed = np.round(np.exp(rng.uniform(0, np.log(30), size))).astype(np.int64)
    estimates: dict[str, Estimate] = {}
    cases = {str(number): np.full(size, number) for number in NUMBERS} | {MIXED: mixed}
    for name, numbers in cases.items():
        for kind in (*KINDS, *(ALONE if name == MIXED else ())):
            estimates[f"{name}: {kind}"] = product.posterior(_seen(each.train, kind, judged, numbers), scratch)
    masked = {
        row: replace(estimate, log_estimate=np.where(judged, estimate.log_estimate, np.nan))
        for row, estimate in estimates.items()
    }
    found = accuracy([each], [masked], posts.followers.size)
    return {row: (samples, _share_of_leaders(estimates[row], judged)) for row, samples in found.items()}


def _seen(train: Accounts, kind: str, judged: Flags, numbers: Integers) -> Accounts:
    """Returns the accounts as an export of this kind shows them."""
    # Posts come newest first.
    place = np.arange(train.account.size) - np.searchsorted(train.account, train.account)
    few = judged | np.full(judged.size, kind in ALONE)
    part = train.part(~few[train.account] | (place < numbers[train.account]))
    averaged = np.zeros(judged.size, bool) if kind == "posts" else few
    return replace(part, averaged=averaged, counted=kind.endswith("given"))


def _share_of_leaders(estimate: Estimate, judged: Flags) -> float:
    known = np.isfinite(estimate.log_estimate)
    first = np.argsort(-estimate.log_lift[known], kind="stable")[: known.sum() // 10]
    return float(judged[known][first].mean())


def print_averages(halving: Halving, each: Mapping[str, Mapping[str, tuple[Accuracy, float]]]) -> None:
    """Prints the mean over sets."""
    samples = mean([{row: samples for row, (samples, _) in found.items()} for found in each.values()])
    leaders = {row: np.mean([found[row][1] for found in each.values()]) for row in samples}
    print(f"\nAVERAGES of so many real posts, {halving} halves, mean of {len(each)} sets")
    print(f"{'':38}" + "".join(f"{name:>16}" for name in (*MEASURES, LEADERS)))
    for row, cells in rows_of(samples):
        print(f"  {row:36}{cells}{leaders[row]:16.3f}")
