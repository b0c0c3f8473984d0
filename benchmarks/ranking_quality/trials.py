"""Trials: all methods on one draw of a scenario, and summaries of many draws.

Belongs here: accounts and targets of each comparison, and means over seeds with their spread. Does not: printing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality import measures, naive, oracle, product
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.ingredients import variant
from benchmarks.ranking_quality.scenarios import SCENARIOS
from benchmarks.ranking_quality.simulator import World, draw

Floats = NDArray[np.float64]
# Measure to its value: one trial of one method.
Trial = Mapping[str, float]
# Method to trial.
Trials = Mapping[str, Trial]

PRODUCT, ORACLE, SHRINKAGE = product.NAME, "oracle", naive.SHRINKAGE
RANKED = (1_000, 100_000)
Z_80 = 1.2816
MEASURES: Mapping[str, Callable[[Floats, Floats], float]] = {
    "P@40": lambda truth, score: measures.precision(truth, score, 40),
    "P@100": lambda truth, score: measures.precision(truth, score, 100),
    "P@500": lambda truth, score: measures.precision(truth, score, 500),
    "NDCG@40": lambda truth, score: measures.ndcg(truth, score, 40),
    "NDCG@100": lambda truth, score: measures.ndcg(truth, score, 100),
    "Spearman": measures.spearman,
}
COVERAGE = "80 %"
AUC = "AUC"
# Targets of a ranking: rank, the lift over the expected value for the size; estimate, the ratio itself.
TARGETS = ("rank", "estimate")


def run(
    scenario: str, accounts: int, seed: int, folder: Path, without: Sequence[Sequence[str]] = ()
) -> dict[str, Trials]:
    """Runs every method on one draw, and the product without each group of ingredients.

    Returns:
        Values by target, method and measure.
    """
    world = draw(SCENARIOS[scenario], accounts, seed)
    estimates = {PRODUCT: product.estimate(world, folder)}
    estimates |= {variant(group): product.estimate(world, folder, group) for group in without}
    if oracle.is_exact(world.scenario):
        estimates[ORACLE] = oracle.estimate(world, Z_80)
    estimates[SHRINKAGE] = naive.shrinkage(world)
    return judge(world, estimates | {name: method(world) for name, method in naive.methods().items()})


def judge(world: World, estimates: Mapping[str, Estimate]) -> dict[str, Trials]:
    """Computes the measures of each method, over the accounts of the ranked tiers that every method can estimate."""
    low, high = RANKED
    judged = (world.followers >= low) & (world.followers < high)
    for estimate in estimates.values():
        judged &= np.isfinite(estimate.log_estimate)
    # Future posts of an account that buys likes would not show its earned ratio.
    honest = judged & (world.cheats == "")
    return {
        "rank": {
            name: _measure((world.truth - world.expected)[judged], estimate.log_lift[judged])
            | _suspicion(world, estimate, judged)
            for name, estimate in estimates.items()
        },
        "estimate": {
            name: _measure(world.truth[honest], estimate.log_estimate[honest])
            | _coverage(world.truth, estimate, honest)
            for name, estimate in estimates.items()
        },
    }


def _measure(truth: Floats, score: Floats) -> dict[str, float]:
    return {name: measure(truth, score) for name, measure in MEASURES.items()}


def _coverage(truth: Floats, estimate: Estimate, judged: NDArray[np.bool_]) -> dict[str, float]:
    if estimate.log_low is None or estimate.log_high is None:
        return {}
    return {COVERAGE: measures.coverage(truth[judged], estimate.log_low[judged], estimate.log_high[judged])}


def _suspicion(world: World, estimate: Estimate, judged: NDArray[np.bool_]) -> dict[str, float]:
    cheats = world.cheats[judged] != ""
    return (
        {}
        if estimate.suspicion is None or not cheats.any()
        else {AUC: measures.auc(estimate.suspicion[judged], cheats)}
    )


@dataclass(frozen=True)
class Outcome:
    """Many trials of one scenario, for one target."""

    scenario: str
    target: str
    trials: Sequence[Trials]

    @property
    def methods(self) -> list[str]:
        """Lists the methods, the product first."""
        return list(self.trials[0])

    def values(self, method: str, measure: str) -> Floats:
        """Returns one value per seed."""
        return np.array([trial.get(method, {}).get(measure, np.nan) for trial in self.trials])

    def mean(self, method: str, measure: str) -> float:
        """Returns the mean over seeds."""
        return float(self.values(method, measure).mean())

    def spread(self, method: str, measure: str) -> float:
        """Returns the standard deviation over seeds."""
        values = self.values(method, measure)
        return float(values.std(ddof=1)) if values.size > 1 else float("nan")

    def of_oracle(self, measure: str) -> float:
        """Returns the product's mean over the oracle's; NaN without an oracle."""
        return self.mean(PRODUCT, measure) / self.mean(ORACLE, measure)

    def over_shrinkage(self, measure: str) -> float:
        """Returns the product's mean over that of plain shrinkage."""
        return self.mean(PRODUCT, measure) / max(self.mean(SHRINKAGE, measure), 1e-9)

    def gain(self, measure: str, other: str) -> Floats:
        """Returns the improvement over another method, per seed; in coverage nearer to 80 %."""
        full, less = self.values(PRODUCT, measure), self.values(other, measure)
        return np.abs(less - 0.8) - np.abs(full - 0.8) if measure == COVERAGE else full - less

    def best_naive(self, measure: str) -> str:
        """Returns the naive method with the best mean."""
        return max(naive.methods(), key=lambda method: self.mean(method, measure))

    def margin(self, measure: str) -> tuple[float, float]:
        """Returns the product's mean lead over the best naive method, and its standard error, seed by seed."""
        lead = self.values(PRODUCT, measure) - self.values(self.best_naive(measure), measure)
        return float(lead.mean()), float(lead.std(ddof=1) / np.sqrt(lead.size)) if lead.size > 1 else float("nan")

    def is_below_naive(self, measure: str) -> bool:
        """Reports whether the best naive method is better by more than the standard error."""
        lead, error = self.margin(measure)
        return bool(lead < -np.nan_to_num(error))
