"""The posterior of a method that knows every parameter of a scenario, and of its accounts only the exported data.

Belongs here: Bayes' rule for normal logs of posts, given the variance of their account. The gap between it and the
product is the remaining potential gain.
"""

import numpy as np

from benchmarks.ranking_quality.accounts import Floats
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.scenarios import Scenario
from benchmarks.ranking_quality.simulator import MOVEMENT_DAYS, SHOCK_DAYS, World

# Equally weighted values of an unknown variance.
_NODES = 12
_DRAWS = 100_000
_FEWEST_LIKES = 20


def is_exact(scenario: Scenario) -> bool:
    """Reports whether the unknowns of an account are normal, given the variances of its posts and of its level."""
    paid = scenario.bots + scenario.pods + scenario.bought
    counts = scenario.typical * scenario.followers
    return scenario.noise == "normal" and not (scenario.viral + scenario.averages + paid) and counts > _FEWEST_LIKES


def estimate(world: World, z: float) -> Estimate:
    """Returns the mean of each account's log ratio, and the interval of `z` standard deviations to either side.

    Args:
        world: A draw of a scenario for which the posterior is exact; its truth is not read.
        z: Half-width of intervals.
    """
    scenario, size = world.scenario, world.followers.size
    shown = world.shown
    account, age, is_reel = world.account[shown], world.age[shown], world.is_reel[shown]
    logs = np.log(world.engagement[shown] + 0.5) - np.log(world.followers[account]) - world.expected[account]
    counts = np.bincount(account, minlength=size)
    starts = np.searchsorted(account, np.arange(size))
    means, deviations = np.full(size, np.nan), np.full(size, np.nan)
    for number in np.unique(counts[counts > 0]):
        mine = np.flatnonzero(counts == number)
        posts = starts[mine][:, None] + np.arange(number)
        share = (1 + is_reel[posts].sum(axis=1)) / (2 + number)
        means[mine], deviations[mine] = _posterior(
            scenario,
            age[posts],
            logs[posts] - scenario.reel_effect * is_reel[posts],
            1 / (world.engagement[shown][posts] + 0.5),
        )
        # Approximates the median of a mixture of posts and reels, whose distance is small compared with their scatter.
        means[mine] += scenario.reel_effect * share
    means += world.expected
    return Estimate(means, world.expected, means - z * deviations, means + z * deviations)


def _posterior(scenario: Scenario, age: Floats, logs: Floats, counting: Floats) -> tuple[Floats, Floats]:
    """Returns mean and standard deviation of the future levels of accounts with equally many posts (columns)."""
    younger = np.minimum(age[:, :, None], age[:, None, :])
    apart = np.abs(age[:, :, None] - age[:, None, :])
    shared = scenario.movement**2 * younger / MOVEMENT_DAYS + scenario.shocks**2 * np.exp(-apart / SHOCK_DAYS)
    between = scenario.between**2 * _variances(scenario.account_tail)
    weights, means, variances = [], [], []
    for variance in scenario.within**2 * _variances(scenario.post_df):
        noise = shared + (variance + counting)[:, :, None] * np.eye(age.shape[1])
        ones_and_logs = np.stack([np.ones_like(logs), logs], axis=2)
        solved = np.linalg.solve(noise, ones_and_logs)
        (information, product), (_, square) = np.einsum("aij,aik->jka", ones_and_logs, solved)
        for prior in between:
            likelihood = np.linalg.slogdet(noise)[1] + np.log1p(prior * information)
            likelihood += square - product**2 / (information + 1 / prior)
            weights.append(-likelihood / 2)
            means.append(product / (information + 1 / prior))
            variances.append(1 / (information + 1 / prior))
    weight = np.exp(np.array(weights) - np.max(weights, axis=0))
    weight /= weight.sum(axis=0)
    mean = (weight * means).sum(axis=0)
    # Over the next 90 days the mean of a random walk has a third of its final variance.
    variance = (weight * (np.array(variances) + (means - mean) ** 2)).sum(axis=0) + scenario.movement**2 / 3
    return mean, np.sqrt(variance)


def _variances(df: float | None) -> Floats:
    """Returns equally likely values of df over a chi-square variable with df degrees of freedom."""
    if df is None:
        return np.ones(1)
    draws = df / np.random.default_rng(1).chisquare(df, _DRAWS)
    values: Floats = np.quantile(draws, (np.arange(_NODES) + 0.5) / _NODES)
    return values
