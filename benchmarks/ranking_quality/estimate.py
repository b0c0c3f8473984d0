"""A method's estimates of a set of accounts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """One cell per account; NaN where the method has no estimate.

    Attributes:
        log_estimate: Log of the median ratio, or a monotonic function of it.
        log_typical: The expected value for the size, to rank accounts of all sizes.
        log_low: Lower end of the interval, if the method has one.
        log_high: Upper end.
        suspicion: Probability of fraud, if the method estimates it.
    """

    log_estimate: Floats
    log_typical: Floats
    log_low: Floats | None = None
    log_high: Floats | None = None
    suspicion: Floats | None = None

    @property
    def log_lift(self) -> Floats:
        """Returns the log of the account's ratio over its expected value."""
        return self.log_estimate - self.log_typical
