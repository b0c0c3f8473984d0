"""Sets of real posts, each account's in two halves: one to train, one to test.

Belongs here: reading sets, splitting them, and the sampling noise of the test half. Does not: methods and their
accuracy (`real_posts`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.ranking_quality.accounts import Accounts, Flags, Floats, Integers

# Days of posts in forward halves: about one window to train, and the time after it to test.
FORWARD_DAYS = 180
NEWEST_AGE, WINDOW_DAYS = 3, 90
Z_80 = 1.2816
_FEWEST_TEST_POSTS = 2
_FEWEST_ACCOUNTS = 20
# Prior degrees of freedom of the variance of an account's posts, as for real Instagram accounts.
_PRIOR_DF = 4

Halving = Literal["forward", "random"]
HALVINGS: tuple[Halving, ...] = ("forward", "random")


@dataclass(frozen=True)
class Posts:
    """A set of real posts, sorted by account.

    Attributes:
        name: The name of the file.
        platform: Of each account.
        followers: Of each account.
        account: Of each post, the index of its account.
        age: Of each post, days before the newest of its account.
        likes: Of each post.
        comments: Of each post.
    """

    name: str
    platform: NDArray[np.str_]
    followers: Integers
    account: Integers
    age: Floats
    likes: Integers
    comments: Integers


@dataclass(frozen=True)
class Split:
    """Accounts with the training half of their posts, and the median of the test half.

    Attributes:
        train: The accounts, with the posts visible to a method.
        number: Index of each account in its set.
        truth: Log of the median engagement ratio of its test posts.
        variance: Sampling variance of `truth`.
    """

    train: Accounts
    number: Integers
    truth: Floats
    variance: Floats


def sets(folder: Path) -> list[Posts]:
    """Reads every set of a folder: Parquet files of account, platform, followers, posted_at, likes and comments."""
    return [read(path) for path in sorted(folder.glob("*.parquet"))]


def read(path: Path) -> Posts:
    """Reads one set; an account's followers are those of its newest post."""
    rows = (
        pl.read_parquet(path)
        .filter((pl.col("followers") > 0) & pl.col("posted_at").is_not_null() & pl.col("likes").is_not_null())
        .with_columns(age=(pl.col("posted_at").max().over("account") - pl.col("posted_at")).dt.total_seconds() / 86_400)
        .sort("account", "age", "likes", "comments")
    )
    accounts = rows.group_by("account", maintain_order=True).first()
    return Posts(
        name=path.stem,
        platform=accounts["platform"].to_numpy(),
        followers=accounts["followers"].to_numpy(),
        account=rows["account"].rle_id().cast(pl.Int64).to_numpy(),
        age=rows["age"].to_numpy(),
        likes=rows["likes"].to_numpy(),
        comments=rows["comments"].fill_null(0).to_numpy(),
    )


def split(posts: Posts, halving: Halving, seed: int = 0, days: int = FORWARD_DAYS) -> Split:
    """Splits the posts of each account in halves; of an odd number the training half is the larger.

    forward: the older half of the posts of an account's last `days` trains, the newer half tests. random: of the posts
    that one export contains, those of the account's last `WINDOW_DAYS`, a random half trains.

    The training posts are shifted in time, account by account, so that the newest of them is `NEWEST_AGE` days old at
    the snapshot. No method sees a post that is then older than the window: the rule of the product's own SQL. Accounts
    with no training post or fewer than two test posts are dropped.
    """
    size = posts.followers.size
    usable = posts.age <= (days if halving == "forward" else WINDOW_DAYS - NEWEST_AGE - 1)
    key = posts.age if halving == "forward" else np.random.default_rng(seed).random(posts.age.size)
    tests = usable & (
        _rank(posts.account, key, usable) < (np.bincount(posts.account, usable, size) // 2)[posts.account]
    )
    trains = usable & ~tests
    newest = np.full(size, np.inf)
    np.minimum.at(newest, posts.account[trains], posts.age[trains])
    age = NEWEST_AGE + posts.age - newest[posts.account]
    trains &= age < WINDOW_DAYS
    kept = np.bincount(posts.account, tests, size) >= _FEWEST_TEST_POSTS
    trains &= kept[posts.account]
    tests &= kept[posts.account]
    train = _accounts(posts, kept, trains, age)
    account, logs = (np.cumsum(kept) - 1)[posts.account[tests]], np.log((posts.likes + posts.comments)[tests] + 0.5)
    truth = _medians(account, logs) - np.log(train.followers)
    return Split(train, np.flatnonzero(kept), truth, median_variance(account, logs, seed))


def window(posts: Posts) -> Accounts:
    """Returns the accounts with all posts that one export shows."""
    age = NEWEST_AGE + posts.age
    return _accounts(posts, np.ones(posts.followers.size, bool), age < WINDOW_DAYS, age)


def _accounts(posts: Posts, kept: Flags, shown: Flags, age: Floats) -> Accounts:
    """Returns the selected accounts with the selected posts."""
    return Accounts(
        platform=posts.platform[kept],
        followers=posts.followers[kept],
        averaged=np.zeros(kept.sum(), bool),
        account=(np.cumsum(kept) - 1)[posts.account[shown]],
        age=age[shown],
        likes=posts.likes[shown],
        comments=posts.comments[shown],
        is_reel=np.zeros(shown.sum(), bool),
        hidden=np.zeros(shown.sum(), bool),
    )


def median_variance(account: Integers, logs: Floats, seed: int) -> Floats:
    """Returns the sampling variance of the median of each account's logs.

    π/2 · v ÷ n of n > 2 posts, as of the median of normal draws, and v ÷ n of two, whose median is their mean. v is the
    moderated variance of the account's posts: (d₀ s₀² + SS) ÷ (d₀ + n - 1), s₀² being the median of the set's variances
    of accounts with 5 posts or more, and d₀ 4. Posts have longer tails than normal draws, so one factor per set
    calibrates it: with the factor, the medians of random halves of these posts lie within 80 % intervals of each other
    for 80 % of the accounts. Sets of under 20 accounts with two posts in both halves are not calibrated.
    """
    return _calibration(account, logs, seed) * _normal_median_variance(account, logs)


def _calibration(account: Integers, logs: Floats, seed: int) -> float:
    order = np.lexsort((np.random.default_rng(seed).random(account.size), account))
    order = order[np.bincount(account)[account[order]] >= 2 * _FEWEST_TEST_POSTS]
    number = np.unique(account[order], return_inverse=True)[1]
    if number.size == 0 or number[-1] + 1 < _FEWEST_ACCOUNTS:
        return 1.0
    is_first = (np.arange(order.size) - np.searchsorted(number, number)) % 2 == 0
    halves = [(number[part], logs[order[part]]) for part in (is_first, ~is_first)]
    difference = np.subtract(*(_medians(*half) for half in halves))
    variance = np.add(*(_normal_median_variance(*half) for half in halves))
    return float((np.quantile(np.abs(difference) / np.sqrt(variance), 0.8) / Z_80) ** 2)


def _normal_median_variance(account: Integers, logs: Floats) -> Floats:
    n = np.bincount(account)
    mean = np.bincount(account, logs) / n
    squares = np.bincount(account, (logs - mean[account]) ** 2)
    many = n >= 5  # noqa: PLR2004 - see `median_variance`
    common = np.median((squares / np.maximum(n - 1, 1))[many if many.any() else n > 1])
    moderated = (_PRIOR_DF * common + squares) / (_PRIOR_DF + n - 1)
    variance: Floats = np.where(n > 2, np.pi / 2, 1.0) * moderated / n  # noqa: PLR2004 - as above
    return variance


def _rank(account: Integers, key: Floats, usable: Flags) -> Integers:
    """Counts for each usable post the usable posts of its account with a lower key."""
    rank = np.empty(account.size, np.int64)
    rank[np.lexsort((key, ~usable, account))] = np.arange(account.size)
    return rank - np.searchsorted(account, account)


def _medians(account: Integers, values: Floats) -> Floats:
    frame = pl.DataFrame({"account": account, "value": values}).group_by("account").median().sort("account")
    return frame["value"].to_numpy()
