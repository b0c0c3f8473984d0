"""Methods without shrinkage, and plain log-normal shrinkage.

Belongs here: the methods that the product is compared with, each computed in the standard way over the posts that an
export shows. An account of averages has its average ratio under all of them.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality.accounts import Accounts
from benchmarks.ranking_quality.estimate import Estimate

Floats = NDArray[np.float64]

SHRINKAGE = "plain shrinkage"
_NEWEST = 12
_Z_95 = 1.96


def methods() -> dict[str, Callable[[Accounts], Estimate]]:
    """Returns the methods by name."""
    return {
        "mean": lambda accounts: _ratio(accounts, _means(accounts)),
        "median": lambda accounts: _ratio(accounts, medians(accounts)),
        "mean of last 12": lambda accounts: _ratio(accounts, _means(accounts, _newest(accounts))),
        "Wilson lower bound": _wilson,
        "regression on followers": _regression,
    }


def shrinkage(accounts: Accounts) -> Estimate:
    """Computes plain log-normal shrinkage: variances pooled per tier, moments, an average as one post."""
    shown = accounts.shown
    size = accounts.followers.size
    logs = np.log((accounts.engagement[shown] + 0.5) / accounts.followers[accounts.account[shown]])
    account = accounts.account[shown]
    count = np.bincount(account, minlength=size).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(account, logs, size) / count
        squares = np.bincount(account, (logs - mean[account]) ** 2, size)
        likes, comments = accounts.average()
        mean = np.where(accounts.averaged, np.log((likes + comments + 0.5) / accounts.followers), mean)
    count = np.where(accounts.averaged, 1.0, count)
    estimate, deviation, typical = np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan)
    for cell in _cells(accounts):
        mine = cell & (count > 0)
        if mine.sum() < 2 or (count[mine] > 1).sum() == 0:  # noqa: PLR2004 - one account has no spread
            continue
        n, y = count[mine], mean[mine]
        within = squares[mine & (count > 1)].sum() / (n - 1).sum()
        between = max(float(y.var(ddof=1) - within * np.mean(1 / n)), 0.01)
        mu = np.average(y, weights=1 / (between + within / n))
        estimate[mine] = (n * between * y + within * mu) / (n * between + within)
        deviation[mine] = np.sqrt(between * within / (n * between + within))
        typical[mine] = mu
    return Estimate(estimate, typical, estimate - 1.28 * deviation, estimate + 1.28 * deviation)


def _means(accounts: Accounts, posts: NDArray[np.bool_] | None = None) -> Floats:
    chosen = accounts.shown if posts is None else posts
    account = accounts.account[chosen]
    size = accounts.followers.size
    with np.errstate(invalid="ignore"):
        return np.bincount(account, accounts.engagement[chosen], size) / np.bincount(account, minlength=size)


def _newest(accounts: Accounts) -> NDArray[np.bool_]:
    """Returns the newest 12 visible posts of each account; posts are sorted newest first."""
    shown = accounts.shown
    number = np.cumsum(shown) - 1
    first = np.zeros(accounts.followers.size, np.int64)
    starts = np.flatnonzero(np.diff(accounts.account[shown], prepend=-1))
    first[accounts.account[shown][starts]] = starts
    return shown & (number - first[accounts.account] < _NEWEST)


def medians(accounts: Accounts) -> Floats:
    """Returns the median engagement of each account's visible posts."""
    shown = accounts.shown
    account, engagement = accounts.account[shown], accounts.engagement[shown]
    order = np.lexsort((engagement, account))
    account, engagement = account[order], engagement[order]
    found = np.full(accounts.followers.size, np.nan)
    starts = np.flatnonzero(np.diff(account, prepend=-1))
    counts = np.diff(np.append(starts, account.size))
    found[account[starts]] = (engagement[starts + (counts - 1) // 2] + engagement[starts + counts // 2]) / 2
    return found


def _ratio(accounts: Accounts, engagement: Floats) -> Estimate:
    """Computes engagement over followers, compared with the median of accounts of the same tier."""
    likes, comments = accounts.average()
    engagement = np.where(accounts.averaged, likes + comments, engagement)
    logs = np.log(np.maximum(engagement, 0.01) / accounts.followers)
    return Estimate(logs, tier_medians(accounts, logs))


def tier_medians(accounts: Accounts, logs: Floats) -> Floats:
    """Returns for each account the median of these logs over accounts of its platform and tier."""
    typical = np.zeros(logs.size)
    for cell in _cells(accounts):
        values = logs[cell & np.isfinite(logs)]
        typical[cell] = np.median(values) if values.size else 0.0
    return typical


def _cells(accounts: Accounts) -> Iterator[NDArray[np.bool_]]:
    """Yields the accounts of each platform and tier."""
    for platform in np.unique(accounts.platform):
        for tier in np.unique(accounts.tier):
            yield (accounts.platform == platform) & (accounts.tier == tier)


def _wilson(accounts: Accounts) -> Estimate:
    """Computes the Wilson lower bound of a binomial share, with every follower of every post as a trial."""
    counts = np.bincount(accounts.account, accounts.shown, accounts.followers.size)
    trials = accounts.followers * np.where(accounts.averaged, 1.0, np.maximum(counts, 1))
    likes, comments = accounts.average()
    mean = np.where(accounts.averaged, likes + comments, _means(accounts))
    share = np.minimum(mean / accounts.followers, 1.0)
    middle = share + _Z_95**2 / (2 * trials)
    reach = _Z_95 * np.sqrt(share * (1 - share) / trials + _Z_95**2 / (4 * trials**2))
    logs = np.log(np.maximum((middle - reach) / (1 + _Z_95**2 / trials), 1e-9))
    return Estimate(logs, tier_medians(accounts, logs))


def _regression(accounts: Accounts) -> Estimate:
    """Compares the log of the mean ratio with a regression line on log followers."""
    plain = _ratio(accounts, _means(accounts))
    size = np.log(accounts.followers)
    known = np.isfinite(plain.log_estimate)
    slope, level = np.polyfit(size[known], plain.log_estimate[known], 1)
    return Estimate(plain.log_estimate, level + slope * size)
