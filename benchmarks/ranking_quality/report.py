"""The figures as text."""

import math
from collections.abc import Mapping, Sequence

from benchmarks.ranking_quality.fraud import CHEATS, SIGNS
from benchmarks.ranking_quality.regimes import REGIMES
from benchmarks.ranking_quality.split_halves import Halves
from benchmarks.ranking_quality.trials import AUC, COVERAGE, MEASURES, PRODUCT, SHRINKAGE, Outcome

_TITLES = {
    "rank": "RANK: true ratio over what is typical of the account's size; naive methods: over their tier's median",
    "estimate": "ESTIMATE: true ratio, among accounts of all ranked sizes",
}
_HELD = ("P@100", "NDCG@100")


def print_regimes(target: str, outcomes: Sequence[Outcome]) -> None:
    """One line per regime, the worst beside the oracle first; then every method of each."""
    worst_first = sorted(outcomes, key=lambda outcome: min(outcome.of_oracle(measure) for measure in _HELD))
    print(f"\n{_TITLES[target]}\n")
    print(
        f"{'regime':18}" + "".join(f"{name:>15}" for name in MEASURES) + f"{COVERAGE:>8}"
        f"{'of oracle':>13}{'of shrinkage':>14}  over best naive (P@100)"
    )
    for outcome in worst_first:
        print(_summary(outcome))
    for outcome in worst_first:
        auc = outcome.mean(PRODUCT, AUC)
        suspicion = "" if math.isnan(auc) else f" (authenticity tells who cheats: AUC {auc:.3f})"
        print(f"\n{outcome.regime}: {REGIMES[outcome.regime].about}{suspicion}")
        for method in outcome.methods:
            print(f"  {method:26}" + _figures(outcome, method))


def _summary(outcome: Outcome) -> str:
    of_oracle = "/".join(f"{outcome.of_oracle(measure):.2f}" for measure in _HELD)
    gain = "/".join(
        f"{outcome.mean(PRODUCT, measure) / max(outcome.mean(SHRINKAGE, measure), 1e-9):.2f}" for measure in _HELD
    )
    lead, error = outcome.margin("P@100")
    below = [measure for measure in MEASURES if outcome.is_below_naive(measure)]
    verdict = f"{lead:+.3f} ± {error:.3f} {outcome.best_naive('P@100')}"
    if below:
        verdict += "; BELOW it in " + ", ".join(below)
    return f"{outcome.regime:18}{_figures(outcome, PRODUCT)}{of_oracle:>13}{gain:>14}  {verdict}"


def _figures(outcome: Outcome, method: str) -> str:
    cells = "".join(
        f"{outcome.mean(method, measure):8.3f} ±{outcome.spread(method, measure):5.3f}" for measure in MEASURES
    )
    coverage = outcome.mean(method, COVERAGE)
    return cells + (f"{coverage:8.3f}" if not math.isnan(coverage) else f"{'':8}")


def print_halves(halves: Halves) -> None:
    """How well each method's order on one half of the posts foretells the other half."""
    print(
        f"\nSPLIT HALVES: {halves.accounts} accounts of {halves.source} with {halves.posts} posts, "
        f"{len(next(iter(halves.trials.values())))} random halves\n"
    )
    print(f"{'':26}" + "".join(f"{name:>18}" for name in Halves.MEASURES))
    for method, trials in halves.trials.items():
        print(f"{method:26}" + "".join(_spread([trial[name] for trial in trials]) for name in Halves.MEASURES))


def print_fraud(areas: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Area under the curve of each sign, a column per kind of fraud."""
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
