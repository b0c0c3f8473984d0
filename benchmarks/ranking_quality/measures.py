"""Measures of a ranking and of intervals, given the truth."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def precision(truth: Floats, score: Floats, places: int) -> float:
    """Returns the share of the true first `places` that the score ranks among its own first `places`."""
    best = set(_first(truth, places).tolist())
    return len(best.intersection(_first(score, places).tolist())) / min(places, truth.size)


def ndcg(truth: Floats, score: Floats, places: int) -> float:
    """Returns the normalized discounted gain of the score's first `places`; gain is the ratio, not its log."""
    gain = np.exp(truth)
    discount = 1 / np.log2(np.arange(min(places, truth.size)) + 2)
    return float((gain[_first(score, places)] @ discount) / (gain[_first(truth, places)] @ discount))


def spearman(truth: Floats, score: Floats) -> float:
    """Returns the correlation of the ranks."""
    return float(np.corrcoef(_ranks(truth), _ranks(score))[0, 1])


def coverage(truth: Floats, low: Floats, high: Floats) -> float:
    """Returns the share of truths within their intervals."""
    return float(np.mean((low <= truth) & (truth <= high)))


def auc(score: Floats, marked: NDArray[np.bool_]) -> float:
    """Returns the probability that a marked account scores higher than an unmarked one; ties count half."""
    ranks = _ranks(score)[marked]
    return float((ranks.sum() - marked.sum() * (marked.sum() + 1) / 2) / (marked.sum() * (~marked).sum()))


def _first(score: Floats, places: int) -> NDArray[np.int64]:
    return np.argsort(-score, kind="stable")[:places]


def _ranks(score: Floats) -> Floats:
    """Returns ranks from 1; ties share their mean rank."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle: Floats = np.cumsum(counts) - (counts - 1) / 2
    return middle[inverse]
