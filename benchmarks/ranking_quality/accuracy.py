"""Accuracy of estimates from one half of real posts against the other half, with bootstrap errors over accounts.

Belongs here: measures, their means and differences, and printing them.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality import measures
from benchmarks.ranking_quality.accounts import Floats
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.post_sets import Z_80, Split

MEASURES = ("Spearman", "top tenth", "log rmse", "80 %", "width")
COVERAGE = 0.8
_SAMPLES = 200

# `MEASURES` in the first row; the other rows are from bootstrap samples of the accounts, the same for all methods.
Accuracy = Floats


def accuracy(
    splits: Sequence[Split], estimates: Sequence[Mapping[str, Estimate]], accounts: int
) -> dict[str, Accuracy]:
    """Averages over splits of one set, over the accounts that all methods can estimate.

    Args:
        splits: Splits of the same set.
        estimates: Estimates by method, for each split.
        accounts: The number of accounts in the set.
    """
    placed = [
        np.flatnonzero(np.all([np.isfinite(estimate.log_estimate) for estimate in each.values()], axis=0))
        for each in estimates
    ]
    rng = np.random.default_rng(accounts)
    draws = rng.multinomial(accounts, np.full(accounts, 1 / accounts), _SAMPLES)
    draws = np.vstack([np.ones(accounts, np.int64), draws])
    return {
        name: np.mean(
            [
                [_measure(each, found[name], np.repeat(known, draw[each.number[known]])) for draw in draws]
                for each, found, known in zip(splits, estimates, placed, strict=True)
            ],
            axis=0,
        )
        for name in estimates[0]
    }


def _measure(each: Split, estimate: Estimate, chosen: NDArray[np.intp]) -> Floats:
    """Computes the `MEASURES` over selected accounts.

    80 % is the coverage of the intervals, widened by the noise of the test median; width is the mean width of the
    intervals as they are, in logs.
    """
    truth, value = each.truth[chosen], estimate.log_estimate[chosen]
    coverage = width = np.nan
    if estimate.log_low is not None and estimate.log_high is not None:
        noise = Z_80**2 * each.variance[chosen]
        below, above = value - estimate.log_low[chosen], estimate.log_high[chosen] - value
        coverage = measures.coverage(truth, value - np.sqrt(below**2 + noise), value + np.sqrt(above**2 + noise))
        width = float(np.mean(below + above))
    return np.array(
        [
            measures.spearman(truth, value),
            measures.precision(truth, value, max(truth.size // 10, 1)),
            np.sqrt(np.mean((value - truth) ** 2)),
            coverage,
            width,
        ]
    )


def mean(each: Sequence[Mapping[str, Accuracy]]) -> dict[str, Accuracy]:
    """Averages over sets, method by method; bootstrap samples of different sets are independent."""
    return {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}


def gain(full: Accuracy, other: Accuracy) -> Accuracy:
    """Returns the improvement of `full`: higher in rank measures, lower in rmse, in coverage nearer to 80 %."""
    return np.column_stack(
        [
            full[:, :2] - other[:, :2],
            other[:, 2] - full[:, 2],
            np.abs(other[:, 3] - COVERAGE) - np.abs(full[:, 3] - COVERAGE),
        ]
    )


def rows_of(each: Mapping[str, Accuracy]) -> Iterator[tuple[str, str]]:
    """Formats each measure of each method ± its bootstrap standard error."""
    for name, samples in each.items():
        cells = zip(samples[0], samples[1:].std(axis=0), strict=True)
        yield (
            name,
            "".join(f"{'–':>16}" if np.isnan(value) else f"{value:8.3f} ± {error:.3f}" for value, error in cells),
        )


def print_accuracy(title: str, each: Mapping[str, Accuracy]) -> None:
    """Prints one line per method."""
    print(f"\n{title}\n{'':30}" + "".join(f"{name:>16}" for name in MEASURES))
    for name, cells in rows_of(each):
        print(f"  {name:28}{cells}")


def gain_text(gain: float, error: float) -> str:
    """Formats a gain ± its standard error, with a star if it exceeds that error and the precision of the printout."""
    return f"{gain:+10.4f} ± {error:.4f}{'*' if gain > max(error, 5e-5) else ' '}"


def print_gains(title: str, each: Mapping[str, Accuracy]) -> None:
    """Prints one line per ingredient."""
    print(f"\n{title}\n{'':30}" + "".join(f"{name:>20}" for name in MEASURES[:4]))
    for name, samples in each.items():
        print(f"  {name:28}" + "".join(map(gain_text, samples[0], samples[1:].std(axis=0))))
