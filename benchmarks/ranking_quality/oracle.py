"""The posterior of someone who knows every parameter of a world, and of its accounts only what an export shows.

Belongs here: Bayes' rule over a grid of log ratios. No ranking can do better on average than its order; how close
one comes says what is left to gain.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.noise import GRID, STEP, density, noise_of, normal_density
from benchmarks.ranking_quality.regimes import Regime
from benchmarks.ranking_quality.world import (
    BOT_EVENNESS,
    BOT_FACTOR,
    COMMENT_SHARE,
    LUCK_DAYS,
    POD_FACTOR,
    WINDOW_DAYS,
    World,
    log_posts,
    median_of_posts,
)

Floats = NDArray[np.float64]

_NODES = 121
# From this count on, the Poisson scatter of a count is taken for normal.
_SMALL = 60
_QUADRATURE = 5


def estimate(world: World, z: float) -> Estimate:
    """What the posterior makes of each account: its mean log ratio and the ends of an interval.

    Args:
        world: What was drawn, of which truth is not looked at.
        z: The interval holds as much as a normal one of this many standard deviations to either side.
    """
    regime = world.regime
    nodes, widths = _nodes(regime)
    if regime.luck:
        return _of_neighbours(world, z)
    posts = np.maximum(np.bincount(world.account, minlength=world.followers.size), 1)
    nearer = nodes - regime.frequent * log_posts(regime, posts)[:, None] if regime.frequent else nodes
    parts = [
        math.log(weight)
        + _log_likelihood(world, nodes, *kind)
        + _log_prior(regime, nearer - regime.loud * math.log(kind[0]))
        for weight, kind in _kinds_of_account(world)
    ]
    logs = np.logaddexp.reduce(parts, axis=0)
    if world.averaged.any():
        logs[world.averaged] = _of_averages(world, nodes) + _log_prior(regime, nodes)
    logs += np.log(widths)
    weights = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    share = math.erfc(z / math.sqrt(2)) / 2
    offset = world.expected + _offset(world)
    seen = world.averaged | (np.bincount(world.account, world.shown, world.followers.size) > 0)
    return Estimate(
        log_estimate=np.where(seen, weights @ nodes + offset, np.nan),
        log_low=np.where(seen, _quantile(weights, nodes, share) + offset, np.nan),
        log_high=np.where(seen, _quantile(weights, nodes, 1 - share) + offset, np.nan),
        log_typical=world.expected + noise_of(regime).median,
    )


def _nodes(regime: Regime) -> tuple[Floats, Floats]:
    """Log ratios over what is typical to weigh, and the width that each stands for: close around 0, wide far out."""
    reach = regime.between * (60 if regime.account_tail else 6) + (1.2 if regime.bought else 0)
    reach += 3 * abs(regime.frequent) + 4 * abs(regime.loud) * regime.uneven
    bend = 3.5 if regime.account_tail else 0.5
    edges = reach * np.sinh(np.linspace(-bend, bend, _NODES + 1)) / math.sinh(bend)
    return (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def _quantile(weights: Floats, nodes: Floats, share: float) -> Floats:
    """Where a share of the weight lies below, row by row."""
    # Half of a node's weight lies below its middle.
    below = np.cumsum(weights, axis=1) - weights / 2
    after = np.clip((below < share).sum(axis=1), 1, nodes.size - 1)
    rows = np.arange(weights.shape[0])
    low, high = below[rows, after - 1], below[rows, after]
    part = np.clip((share - low) / np.maximum(high - low, 1e-12), 0, 1)
    found: Floats = nodes[after - 1] + part * (nodes[after] - nodes[after - 1])
    return found


def _log_prior(regime: Regime, nodes: Floats) -> Floats:
    def honest(values: Floats) -> Floats:
        if regime.account_tail is None:
            return normal_density(values, regime.between)
        tail = regime.account_tail
        return (1 + (values / regime.between) ** 2 / tail) ** (-(tail + 1) / 2)

    total = honest(nodes)
    if regime.bought:
        kept = np.log(np.linspace(0.1, 0.5, 41))
        total = (1 - regime.bought) * total + regime.bought * np.mean([honest(nodes - part) for part in kept], axis=0)
    return np.log(total + 1e-300)


def _kinds_of_account(world: World) -> Iterator[tuple[float, tuple[float, float, str]]]:
    """What may hold of an account: weight, and (scale of its noise, its change over the window, its way to cheat)."""
    regime = world.regime
    points, weights = np.polynomial.hermite_e.hermegauss(_QUADRATURE)
    weights = weights / weights.sum()
    spreads = zip(points, weights, strict=True) if regime.uneven else [(0.0, 1.0)]
    for spread, spread_weight in spreads:
        changes = zip(points, weights, strict=True) if regime.drift else [(0.0, 1.0)]
        for change, change_weight in changes:
            weight = spread_weight * change_weight
            scale = math.exp(regime.uneven * spread)
            yield weight * (1 - regime.bots - regime.pods), (scale, regime.drift * change, "")
            if regime.bots:
                yield weight * regime.bots, (scale, regime.drift * change, "bots")
            if regime.pods:
                yield weight * regime.pods, (scale, regime.drift * change, "pods")


def _log_likelihood(world: World, nodes: Floats, scale: float, change: float, cheat: str) -> Floats:
    """Of all posts of an account, for each node of its level over what is typical of its size."""
    shown = world.shown
    account = world.account[shown]
    known = (
        world.expected[account]
        + np.log(world.followers[account])
        - change * world.age[shown] / WINDOW_DAYS
        + world.regime.reel_effect * world.is_reel[shown]
    )
    table = normal_density(GRID - BOT_FACTOR, BOT_EVENNESS) if cheat == "bots" else density(world.regime, scale)
    if world.regime.pods:
        # Likes and comments are told apart, and only comments are multiplied.
        share = COMMENT_SHARE * (POD_FACTOR if cheat == "pods" else 1.0)
        counts = world.engagement[shown]
        lift = math.log(share + 1 - COMMENT_SHARE)
        part = share / (share + 1 - COMMENT_SHARE)
        split = world.comments[shown] * math.log(part) + world.likes[shown] * math.log(1 - part)
        per_post = _of_counts(counts, known + lift, nodes, table) + split[:, None]
    else:
        per_post = _of_counts(world.engagement[shown], known, nodes, table)
    found = np.zeros((world.followers.size, nodes.size))
    starts = np.flatnonzero(np.diff(account, prepend=-1))
    if starts.size:
        found[account[starts]] = np.add.reduceat(per_post, starts, axis=0)
    return found


def _of_counts(counts: NDArray[np.int64], known: Floats, nodes: Floats, table: Floats) -> Floats:
    """Log likelihood of each count (rows) for each node (columns); `known` is the rest of the log rate."""
    logs = np.log(table + 1e-300)
    large = counts >= _SMALL
    found = np.empty((counts.size, nodes.size))
    # A count of n scatters by 1/n around its rate, in logs; wide beside the table's step only for small counts.
    found[large] = np.interp(np.log(counts[large])[:, None] - known[large][:, None] - nodes, GRID, logs)
    rates = np.arange(-10.0, math.log(_SMALL) + 6.0, 0.02)
    poisson = np.exp(
        np.arange(_SMALL)[:, None] * rates
        - np.exp(rates)
        - np.array([math.lgamma(n + 1) for n in range(_SMALL)])[:, None]
    )
    # The chance of a count, given the log rate before noise: the noise's density, over Poisson's chances.
    coarse = table[::2] / (table[::2].sum() * 2 * STEP)
    chances = np.stack([np.convolve(row, coarse[::-1] * 2 * STEP, mode="full") for row in poisson])
    offset = rates[0] + GRID[::-1][0] * -1
    axis = offset + 0.02 * np.arange(chances.shape[1])
    small_logs = np.log(chances + 1e-300)
    for count in range(_SMALL):
        mine = counts == count
        if mine.any():
            found[mine] = np.interp(known[mine][:, None] + nodes, axis, small_logs[count])
    return found


def _of_neighbours(world: World, z: float) -> Estimate:
    """Where neighbouring posts share their luck and all is normal: the level that explains all posts together."""
    regime, size = world.regime, world.followers.size
    logs = np.log(world.engagement + 0.5) - np.log(world.followers[world.account]) - world.expected[world.account]
    starts, counts = np.searchsorted(world.account, np.arange(size)), np.bincount(world.account, minlength=size)
    told, doubt = np.empty(size), np.empty(size)
    for number in np.unique(counts):
        mine = np.flatnonzero(counts == number)
        posts = starts[mine][:, None] + np.arange(number)
        age = world.age[posts]
        alone = regime.within**2 + 1 / (world.engagement[posts] + 0.5)
        shared = regime.luck**2 * np.exp(-np.abs(age[:, :, None] - age[:, None, :]) / LUCK_DAYS)
        together = regime.between**2 + shared + alone[:, :, None] * np.eye(number)
        weights = np.linalg.solve(together, np.full((mine.size, number, 1), regime.between**2))[:, :, 0]
        told[mine] = (weights * logs[posts]).sum(axis=1)
        doubt[mine] = np.sqrt(regime.between**2 * (1 - weights.sum(axis=1)))
    told += world.expected
    return Estimate(told, world.expected, told - z * doubt, told + z * doubt)


def _of_averages(world: World, nodes: Floats) -> Floats:
    """Log likelihood of the averages of accounts that tell nothing else; how many posts they are over is known."""
    averaged = world.averaged
    likes, comments = world.average()
    posts = np.bincount(world.account, minlength=world.followers.size)[averaged]
    rest = (
        np.log(likes[averaged] + comments[averaged] + 0.5)
        - np.log(world.followers[averaged])
        - world.expected[averaged]
    )
    rng = np.random.default_rng(1)
    found = np.empty((posts.size, nodes.size))
    regime = world.regime
    for number in np.unique(posts):
        # What the log of a mean of so many posts adds to the account's level: drawn, for there is no formula.
        shape = (6_000, int(number))
        scatter = np.interp(rng.random(shape), noise_of(regime).cumulative, GRID)
        scatter *= np.exp(regime.uneven * rng.standard_normal((shape[0], 1)))
        scatter -= regime.drift * rng.standard_normal((shape[0], 1)) * rng.random(shape)
        reels = rng.random(shape) < rng.random((shape[0], 1))
        means = np.log(np.exp(scatter + regime.reel_effect * reels).mean(axis=1))
        counts, edges = np.histogram(means, bins=200)
        width = edges[1] - edges[0]
        middles = (edges[:-1] + edges[1:]) / 2
        smooth = np.exp(-0.5 * ((middles[:, None] - middles) / (2.5 * width)) ** 2) @ counts
        mine = posts == number
        found[mine] = np.interp(rest[mine][:, None] - nodes, middles, np.log(smooth / smooth.sum() / width), -40, -40)
    return found


def _offset(world: World) -> Floats:
    """Median post over the account's own level, the share of reels being guessed from those seen."""
    shown = world.shown
    size = world.followers.size
    reels = np.bincount(world.account, world.is_reel & shown, size)
    posts = np.bincount(world.account, shown, size)
    return median_of_posts(world.regime, (1 + reels) / (2 + posts))
