"""Prints the figures as text."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from benchmarks.ranking_quality.accuracy import gain_text
from benchmarks.ranking_quality.fraud import CHEATS, SIGNS
from benchmarks.ranking_quality.ingredients import variant
from benchmarks.ranking_quality.scenarios import SCENARIOS
from benchmarks.ranking_quality.trials import AUC, COVERAGE, MEASURES, ORACLE, PRODUCT, SHRINKAGE, Outcome

_TITLES = {
    "rank": "RANK: true ratio over what is expected of the account's size; naive methods: over their tier's median",
    "estimate": "ESTIMATE: true ratio, among accounts of all ranked sizes",
}
_HELD = ("P@100", "NDCG@100")


def print_scenarios(target: str, outcomes: Sequence[Outcome]) -> None:
    """Prints one line per scenario, sorted by the ratio to plain shrinkage, worst first; then every method of each."""
    worst_first = sorted(outcomes, key=lambda outcome: outcome.over_shrinkage("P@100"))
    print(f"\n{_TITLES[target]}\n")
    print(
        f"{'scenario':26}" + "".join(f"{name:>15}" for name in MEASURES) + f"{COVERAGE:>8}"
        f"{'of oracle':>13}{'of shrinkage':>14}  over best naive (P@100)"
    )
    for outcome in worst_first:
        print(_summary(outcome))
    for method in (PRODUCT, SHRINKAGE):
        means = [
            float(np.mean([outcome.mean(method, measure) for outcome in outcomes])) for measure in (*MEASURES, COVERAGE)
        ]
        cells = "".join(f"{mean:8.3f}{'':7}" for mean in means[:-1]) + _number(means[-1])
        print(f"{'mean, ' + method:26}" + cells)
    for outcome in worst_first:
        auc = outcome.mean(PRODUCT, AUC)
        suspicion = "" if math.isnan(auc) else f" (authenticity against cheats: AUC {auc:.3f})"
        print(f"\n{outcome.scenario}: {SCENARIOS[outcome.scenario].about}{suspicion}")
        for method in outcome.methods:
            print(f"  {method:26}" + _figures(outcome, method))


def _summary(outcome: Outcome) -> str:
    has_oracle = ORACLE in outcome.methods
    of_oracle = "/".join(f"{outcome.of_oracle(measure):.2f}" for measure in _HELD) if has_oracle else "–"
    gain = "/".join(f"{outcome.over_shrinkage(measure):.2f}" for measure in _HELD)
    lead, error = outcome.margin("P@100")
    below = [measure for measure in MEASURES if outcome.is_below_naive(measure)]
    verdict = f"{lead:+.3f} ± {error:.3f} {outcome.best_naive('P@100')}"
    if below:
        verdict += "; BELOW it in " + ", ".join(below)
    return f"{outcome.scenario:26}{_figures(outcome, PRODUCT)}{of_oracle:>13}{gain:>14}  {verdict}"


def _figures(outcome: Outcome, method: str) -> str:
    cells = "".join(
        f"{outcome.mean(method, measure):8.3f} ±{outcome.spread(method, measure):5.3f}" for measure in MEASURES
    )
    return cells + _number(outcome.mean(method, COVERAGE))


def _number(value: float) -> str:
    return f"{'':8}" if math.isnan(value) else f"{value:8.3f}"


def print_gains(outcomes: Mapping[str, Sequence[Outcome]], without: Sequence[Sequence[str]]) -> None:
    """Prints one line per group of ingredients: means over all scenarios ± standard error, with a star if larger."""
    columns = [("rank", measure) for measure in (*_HELD, "Spearman")] + [("estimate", COVERAGE)]
    print("\nWORLDS: what the full model gains over the model without an ingredient\n")
    print(f"{'':30}" + "".join(f"{measure:>20}" for _, measure in columns))
    for group in without:
        cells = []
        for target, measure in columns:
            gains = np.concatenate([outcome.gain(measure, variant(group)) for outcome in outcomes[target]])
            gains = gains[np.isfinite(gains)]
            cells.append(gain_text(gains.mean(), gains.std(ddof=1) / np.sqrt(gains.size)))
        print(f"  {variant(group):28}" + "".join(cells))


def print_fraud(areas: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Prints the area under the curve of each indicator, a column per kind of fraud."""
    print("\nAUTHENTICITY: area under the curve of each sign for each kind of cheat, one account in ten cheating\n")
    print(f"{'':20}" + "".join(f"{kind:>22}" for kind in areas))
    for sign in (*SIGNS, "authenticity"):
        cells = [_spread([trial[sign] for trial in trials]) if sign in trials[0] else "–" for trials in areas.values()]
        print(f"{sign:20}" + "".join(f"{cell:>22}" for cell in cells))
    for kind, cheat in CHEATS.items():
        print(f"  {kind}: {cheat.about}")


def _spread(values: Sequence[float]) -> str:
    mean = sum(values) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values) / max(len(values) - 1, 1)) ** 0.5
    return f"{mean:11.3f} ±{deviation:5.3f}"
