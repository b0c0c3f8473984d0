"""How the log ratios of one account's posts scatter around its own level, in each regime.

Belongs here: the density that posts are drawn from, as a table over a grid that the oracle reads too.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking_quality.regimes import Regime

Floats = NDArray[np.float64]

STEP = 0.01
VIRAL_FACTOR, VIRAL_SPREAD = math.log(8), 0.5
GRID: Floats = np.arange(-12.0, 12.0 + STEP / 2, STEP)


@dataclass(frozen=True)
class Noise:
    """A density over `GRID`, with the draws that follow it."""

    density: Floats
    regime: Regime

    @cached_property
    def cumulative(self) -> Floats:
        """Distribution function over `GRID`."""
        # Half of a step's share lies below its middle.
        return (np.cumsum(self.density) - self.density / 2) * STEP

    @cached_property
    def median(self) -> float:
        """Half of the posts lie below."""
        return float(np.interp(0.5, self.cumulative, GRID))

    def distribution(self, values: Floats) -> Floats:
        """Share of posts that lie below."""
        return np.interp(values, GRID, self.cumulative)

    def draw(self, rng: np.random.Generator, size: int) -> Floats:
        """Draws, without posts gone viral."""
        regime = self.regime
        if regime.noise == "gamma":
            shape = gamma_shape(regime.within)
            return np.log(rng.standard_gamma(shape, size) / shape)
        if regime.noise == "t":
            return regime.within * rng.standard_t(regime.post_tail, size)
        return regime.within * rng.standard_normal(size)


def gamma_shape(spread: float) -> float:
    """Shape of the gamma distribution whose logarithm has this standard deviation."""
    low, high = 0.05, 1e4
    for _ in range(80):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if _trigamma(middle) > spread**2 else (low, middle)
    return low


def _trigamma(value: float) -> float:
    total = 0.0
    while value < 10:  # noqa: PLR2004 - from where on the series holds to 1e-9
        total += 1 / value**2
        value += 1
    return total + 1 / value + 1 / (2 * value**2) + 1 / (6 * value**3) - 1 / (30 * value**5)


def density(regime: Regime, scale: float = 1.0) -> Floats:
    """Density over `GRID` of a post's distance from its account's own level, virality included.

    Args:
        regime: The world.
        scale: By how much an account's own spread is over the regime's.
    """
    spread = regime.within * scale
    if regime.noise == "gamma":
        shape = gamma_shape(regime.within)
        # Of the logarithm of a gamma variable of mean 1, scaled.
        stretched = GRID / scale
        logs = shape * stretched - shape * np.exp(stretched) + shape * math.log(shape) - math.lgamma(shape)
        base = np.exp(logs) / scale
    elif regime.noise == "t":
        freedom = regime.post_tail
        norm = math.gamma((freedom + 1) / 2) / math.gamma(freedom / 2) / math.sqrt(freedom * math.pi) / spread
        base = norm * (1 + (GRID / spread) ** 2 / freedom) ** (-(freedom + 1) / 2)
    else:
        base = normal_density(GRID, spread)
    jump = normal_density(GRID - VIRAL_FACTOR, VIRAL_SPREAD)
    viral = np.convolve(base, jump, mode="same") * STEP if regime.viral else base
    mixed: Floats = (1 - regime.viral) * base + regime.viral * viral
    mixed /= mixed.sum() * STEP
    return mixed


def normal_density(values: Floats, spread: float) -> Floats:
    """Density of a centred normal variable."""
    return np.exp(-0.5 * (values / spread) ** 2) / (spread * math.sqrt(2 * math.pi))


@lru_cache(maxsize=64)
def noise_of(regime: Regime) -> Noise:
    """The noise of a regime."""
    return Noise(density(regime), regime)
