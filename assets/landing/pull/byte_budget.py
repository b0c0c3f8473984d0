"""Byte budget of one pull.

Belongs here: counting over all files and pages of the pull. Does not: the limit itself (`limits`).
"""

from assets.landing.pull.errors import PullError
from schemas.config.limits import Limits


class Allowance:
    """Counts the bytes that one pull has received, up to `limits.max_bytes`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._taken = 0

    def take(self, size: int) -> None:
        """Counts received bytes; raises over the limit.

        Raises:
            PullError: They are more than allowed.
        """
        self._taken += size
        if self._taken > self._limits.max_bytes:
            raise PullError(f"it sends more than {self._limits.passed('max_bytes')}")

    def give_back(self, size: int) -> None:
        """Releases bytes that were dropped and will be received again."""
        self._taken -= size
