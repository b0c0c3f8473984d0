"""A method's estimates of a set of accounts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """One cell per account; not a number where the method has nothing to say.

    Attributes:
        log_estimate: Log of the typical ratio, or whatever grows with it.
        log_typical: What `log_estimate` is compared with, to rank accounts of all sizes.
        log_low: Lower end of the interval, where the method has one.
        log_high: Upper end.
        suspicion: How likely the account cheats, where the method estimates that.
    """

    log_estimate: Floats
    log_typical: Floats
    log_low: Floats | None = None
    log_high: Floats | None = None
    suspicion: Floats | None = None

    @property
    def log_lift(self) -> Floats:
        """How far the account is above what is typical."""
        return self.log_estimate - self.log_typical
