"""Draws a world of a regime: accounts with their true typical ratios, and the posts that an export would show.

Belongs here: truth and what is seen of it. Does not: any guess at the truth.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality.accounts import TIER_EDGES, Accounts, Floats, Integers
from benchmarks.ranking_quality.noise import VIRAL_FACTOR, VIRAL_SPREAD, noise_of
from benchmarks.ranking_quality.regimes import Regime

SETTLED_DAYS, WINDOW_DAYS = 3, 89
BOT_FACTOR, BOT_EVENNESS = 1.2, 0.06
POD_FACTOR, COMMENT_SHARE = 6.0, 0.06
# How many days luck lasts: to about a third of itself.
LUCK_DAYS = 14.0
# Of the posts of an account that hides likes.
HIDDEN_SHARE = 0.5
# (likes + comments) / followers by tier, where a world has steps.
STEPS = (0.08, 0.04, 0.024, 0.024, 0.017)


@dataclass(frozen=True, kw_only=True)
class World(Accounts):
    """Accounts with their posts, and the truth about them.

    Attributes:
        regime: What it was drawn from.
        expected: Log ratio that is typical of an account's size.
        truth: Log of the account's typical (median) post ratio over many posts, with what it paid for left out.
        reel_share: Share of reels among the account's posts, seen and unseen.
        cheats: "", "bots", "pods" or "bought", per account.
    """

    regime: Regime
    expected: Floats
    truth: Floats
    reel_share: Floats
    cheats: NDArray[np.str_]


def expected_log_ratio(regime: Regime, followers: Floats) -> Floats:
    """What is typical of an account of this size."""
    steps: Floats = np.log(np.array(STEPS))[np.searchsorted(TIER_EDGES, followers, side="right")]
    line: Floats = np.log(regime.typical) + regime.slope * np.log(followers / 10_000)
    return steps if regime.steps else line


def draw(regime: Regime, accounts: int, seed: int) -> World:
    """A world of a regime; the same for the same arguments."""
    rng = np.random.default_rng([seed, *regime.name.encode()])
    size = regime.accounts or accounts
    noise = noise_of(regime)
    followers = np.maximum(np.round(regime.followers * np.exp(1.3 * rng.standard_normal(size))), 20).astype(np.int64)
    expected = expected_log_ratio(regime, followers.astype(np.float64))
    spread = rng.standard_t(regime.account_tail, size) if regime.account_tail else rng.standard_normal(size)
    own = expected + regime.between * spread
    scale = regime.within * np.exp(regime.uneven * rng.standard_normal(size))
    reel_share = rng.random(size)
    change = regime.drift * rng.standard_normal(size)
    cheats = rng.choice(
        np.array(["", "bots", "pods", "bought"]),
        size,
        p=[1 - regime.bots - regime.pods - regime.bought, regime.bots, regime.pods, regime.bought],
    )
    # Bought followers are followers: what is typical of an account that has them is typical of what it shows.
    own = own + np.where(cheats == "bought", np.log(rng.uniform(0.1, 0.5, size)), 0.0)

    posts = rng.integers(regime.posts[0], regime.posts[1] + 1, size)
    own = own + regime.frequent * log_posts(regime, posts) + regime.loud * np.log(scale / regime.within)
    truth = own + median_of_posts(regime, reel_share)
    account = np.repeat(np.arange(size), posts)
    age = rng.uniform(SETTLED_DAYS, WINDOW_DAYS, account.size)
    order = np.lexsort((age, account))
    age = age[order]
    is_reel = rng.random(account.size) < reel_share[account]
    bots = cheats[account] == "bots"
    scatter = noise.draw(rng, account.size) * scale[account] / regime.within
    level = own[account] - change[account] * age / WINDOW_DAYS + np.where(is_reel, regime.reel_effect, 0.0)
    level = level + np.where(bots, BOT_FACTOR + BOT_EVENNESS * rng.standard_normal(account.size), scatter)
    if regime.luck:
        level = level + regime.luck * _luck(rng, account, age)
    went_viral = (rng.random(account.size) < regime.viral) & ~bots
    level = level + np.where(went_viral, VIRAL_FACTOR + VIRAL_SPREAD * rng.standard_normal(account.size), 0.0)
    rate = np.minimum(np.exp(level) * followers[account], 1e9)
    pods = cheats[account] == "pods"
    comments = rng.poisson(rate * COMMENT_SHARE * np.where(pods, POD_FACTOR, 1.0))
    likes = rng.poisson(rate * (1 - COMMENT_SHARE))
    hides = rng.random(size) < regime.hidden
    return World(
        regime=regime,
        platform=np.full(size, "instagram"),
        followers=followers,
        expected=expected,
        truth=truth,
        averaged=rng.random(size) < regime.averages,
        counted=regime.counted,
        reel_share=reel_share,
        cheats=cheats,
        account=account,
        age=age,
        is_reel=is_reel,
        likes=likes.astype(np.int64),
        comments=comments.astype(np.int64),
        hidden=hides[account] & (rng.random(account.size) < HIDDEN_SHARE),
    )


def log_posts(regime: Regime, posts: Integers) -> Floats:
    """Log of the posts of each account, over the mean of that log."""
    numbers = np.arange(regime.posts[0], regime.posts[1] + 1)
    told: Floats = np.log(posts) - np.log(numbers).mean()
    return told


def _luck(rng: np.random.Generator, account: Integers, age: Floats) -> Floats:
    """A standard normal value for each post, the more alike those of an account the nearer their days."""
    kept = np.where(np.diff(account, prepend=-1) == 0, np.exp(-np.diff(age, prepend=0) / LUCK_DAYS), 0.0)
    fresh = rng.standard_normal(age.size) * np.sqrt(1 - kept**2)
    found = np.empty(age.size)
    last = 0.0
    for post in range(age.size):
        found[post] = last = kept[post] * last + fresh[post]
    return found


def median_of_posts(regime: Regime, reel_share: Floats) -> Floats:
    """Median over many posts of what is added to an account's own level: its noise, and its share of reels."""
    noise = noise_of(regime)
    if not regime.reel_effect:
        return np.full(reel_share.size, noise.median)
    low, high = np.full(reel_share.size, -3.0), np.full(reel_share.size, 3.0 + regime.reel_effect)
    for _ in range(30):
        middle = (low + high) / 2
        below = (1 - reel_share) * noise.distribution(middle) + reel_share * noise.distribution(
            middle - regime.reel_effect
        )
        is_low = below < 0.5  # noqa: PLR2004 - half of the posts lie below a median
        low, high = np.where(is_low, middle, low), np.where(is_low, high, middle)
    found: Floats = (low + high) / 2
    return found
