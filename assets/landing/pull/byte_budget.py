"""What one pull of a source may still take in, of the bytes that it is allowed.

Belongs here: counting over all files and pages of the pull, wherever they lie. Does not: the limit itself (`limits`).
"""

from assets.landing.pull.errors import PullError
from schemas.config.limits import Limits


class Allowance:
    """Bytes that one pull has taken in so far, held against `limits.max_bytes`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken = 0

    def take(self, size: int) -> None:
        """Takes some more.

        Raises:
            PullError: They are more than allowed.
        """
        self._taken += size
        if self._taken > self._limits.max_bytes:
            raise PullError(f"it sends more than {self._limits.passed('max_bytes')}")

    def give_back(self, size: int) -> None:
        """Takes back what was dropped and will come anew."""
        self._taken -= size
