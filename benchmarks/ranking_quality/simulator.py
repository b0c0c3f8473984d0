"""Draws data of a scenario: accounts with their true median ratios, and the posts that an export would show.

Belongs here: the truth and its visible part. Does not: any estimate of the truth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality.accounts import TIER_EDGES, Accounts, Floats, Integers
from benchmarks.ranking_quality.scenarios import Scenario

SETTLED_DAYS, WINDOW_DAYS = 3, 89
# Days over which `Scenario.movement` is measured.
MOVEMENT_DAYS = 90.0
# Days in which a shared shock fades to 1/e.
SHOCK_DAYS = 14.0
VIRAL_FACTOR, VIRAL_SPREAD = float(np.log(8)), 0.5
BOT_FACTOR, BOT_EVENNESS = 1.2, 0.06
POD_FACTOR, COMMENT_SHARE = 6.0, 0.06
# Share of hidden posts of an account that hides likes.
HIDDEN_SHARE = 0.5
# (likes + comments) / followers by tier, for scenarios with steps.
STEPS = (0.08, 0.04, 0.024, 0.024, 0.017)
# Future posts whose median is the truth, and draws that estimate their distribution.
_FUTURE_POSTS, _DRAWS = 400, 200_000
_POST_TAIL = 3
# Shape of a gamma variable, and the standard deviation of its log.
_GAMMA_SHAPE, _GAMMA_SPREAD = 1.7, 0.8865


@dataclass(frozen=True, kw_only=True)
class World(Accounts):
    """Accounts with their posts, and the truth about them.

    Attributes:
        scenario: The scenario of the draw.
        expected: Expected log ratio for an account's size.
        truth: Log of the median ratio of the posts of the 90 days after the snapshot, without purchased engagement.
        cheats: "", "bots", "pods" or "bought", per account.
    """

    scenario: Scenario
    expected: Floats
    truth: Floats
    cheats: NDArray[np.str_]


def expected_log_ratio(scenario: Scenario, followers: Floats) -> Floats:
    """Returns the expected log ratio for an account of this size."""
    steps: Floats = np.log(np.array(STEPS))[np.searchsorted(TIER_EDGES, followers, side="right")]
    line: Floats = np.log(scenario.typical) + scenario.slope * np.log(followers / 10_000)
    return steps if scenario.steps else line


def draw(scenario: Scenario, accounts: int, seed: int) -> World:
    """Draws a world of a scenario; deterministic in its arguments."""
    rng = np.random.default_rng([seed, *scenario.name.encode()])
    size = scenario.accounts or accounts
    followers = np.maximum(np.round(scenario.followers * np.exp(1.3 * rng.standard_normal(size))), 20).astype(np.int64)
    expected = expected_log_ratio(scenario, followers.astype(np.float64))
    spread = rng.standard_t(scenario.account_tail, size) if scenario.account_tail else rng.standard_normal(size)
    level = expected + scenario.between * spread
    scale = scenario.within * np.sqrt(scenario.post_df / rng.chisquare(scenario.post_df, size))
    reel_share = rng.random(size)
    cheats = rng.choice(
        np.array(["", "bots", "pods", "bought"]),
        size,
        p=[1 - scenario.bots - scenario.pods - scenario.bought, scenario.bots, scenario.pods, scenario.bought],
    )
    # Bought followers are followers: the expected value of such an account follows from its displayed count.
    level = level + np.where(cheats == "bought", np.log(rng.uniform(0.1, 0.5, size)), 0.0)

    posts = rng.integers(scenario.posts[0], scenario.posts[1] + 1, size)
    account = np.repeat(np.arange(size), posts)
    age = rng.uniform(SETTLED_DAYS, WINDOW_DAYS, account.size)
    age = age[np.lexsort((age, account))]
    is_reel = rng.random(account.size) < reel_share[account]
    bots = cheats[account] == "bots"
    log_ratio = level[account] + _moved(rng, scenario, account, age) + scenario.reel_effect * is_reel
    log_ratio = log_ratio + np.where(
        bots,
        BOT_FACTOR + BOT_EVENNESS * rng.standard_normal(account.size),
        _scatter(rng, scenario, account.size) * scale[account] + _viral(rng, scenario, account.size),
    )
    if scenario.shocks:
        log_ratio = log_ratio + scenario.shocks * _shocks(rng, account, age)
    rate = np.minimum(np.exp(log_ratio) * followers[account], 1e9)
    pods = cheats[account] == "pods"
    comments = rng.poisson(rate * COMMENT_SHARE * np.where(pods, POD_FACTOR, 1.0))
    likes = rng.poisson(rate * (1 - COMMENT_SHARE))
    hides = rng.random(size) < scenario.hidden
    return World(
        scenario=scenario,
        platform=np.full(size, scenario.platform),
        followers=followers,
        expected=expected,
        truth=level + _future_median(rng, scenario, scale, reel_share),
        averaged=rng.random(size) < scenario.averages,
        counted=scenario.counted,
        cheats=cheats,
        account=account,
        age=age,
        is_reel=is_reel,
        likes=likes.astype(np.int64),
        comments=comments.astype(np.int64),
        hidden=hides[account] & (rng.random(account.size) < HIDDEN_SHARE),
    )


def _scatter(rng: np.random.Generator, scenario: Scenario, size: int) -> Floats:
    """Draws the distances of posts from the level of their account, in units of the account's own spread."""
    if scenario.noise == "gamma":
        return np.log(rng.standard_gamma(_GAMMA_SHAPE, size) / _GAMMA_SHAPE) / _GAMMA_SPREAD
    return rng.standard_t(_POST_TAIL, size) if scenario.noise == "t" else rng.standard_normal(size)


def _viral(rng: np.random.Generator, scenario: Scenario, size: int) -> Floats:
    """Draws the log gain of viral posts; 0 for all others."""
    gain = VIRAL_FACTOR + VIRAL_SPREAD * rng.standard_normal(size)
    return np.where(rng.random(size) < scenario.viral, gain, 0.0)


def _moved(rng: np.random.Generator, scenario: Scenario, account: Integers, age: Floats) -> Floats:
    """Draws the distance of each post's account level from that of the snapshot: a random walk back in time."""
    is_first = np.diff(account, prepend=-1) != 0
    days = np.where(is_first, age, np.diff(age, prepend=0.0))
    walk = np.cumsum(scenario.movement * np.sqrt(days / MOVEMENT_DAYS) * rng.standard_normal(age.size))
    starts = np.flatnonzero(is_first)
    before = np.concatenate([[0.0], walk[starts[1:] - 1]])
    moved: Floats = walk - np.repeat(before, np.diff(np.append(starts, age.size)))
    return moved


def _future_median(rng: np.random.Generator, scenario: Scenario, scale: Floats, reel_share: Floats) -> Floats:
    """Returns the median distance of future posts from today's level; only the movement of levels is random."""
    quantiles = (np.arange(_FUTURE_POSTS) + 0.5) / _FUTURE_POSTS
    pairing = np.random.default_rng(0)
    scatter = np.quantile(_scatter(pairing, scenario, _DRAWS), pairing.permutation(quantiles))
    went_viral = pairing.permutation(quantiles) < scenario.viral
    posts = scale[:, None] * scatter + went_viral * VIRAL_FACTOR
    posts += scenario.reel_effect * (pairing.permutation(quantiles) < reel_share[:, None])
    # The mean of a random walk has a third of its final variance.
    moved = scenario.movement / np.sqrt(3) * rng.standard_normal(scale.size)
    median: Floats = moved + np.median(posts, axis=1)
    return median


def _shocks(rng: np.random.Generator, account: Integers, age: Floats) -> Floats:
    """Draws a standard normal value for each post, correlated within an account by nearness in days."""
    kept = np.where(np.diff(account, prepend=-1) == 0, np.exp(-np.diff(age, prepend=0) / SHOCK_DAYS), 0.0)
    fresh = rng.standard_normal(age.size) * np.sqrt(1 - kept**2)
    shocks = np.empty(age.size)
    last = 0.0
    for post in range(age.size):
        shocks[post] = last = kept[post] * last + fresh[post]
    return shocks
