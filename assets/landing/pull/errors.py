"""What every kind of address gives, and how it fails.

Belongs here: the words that the kinds of addresses share. Does not: pulling anything.
"""

from dataclasses import dataclass


class PullError(Exception):
    """A source could not be pulled; the message says what to do and holds no secret."""


class TransientError(PullError):
    """One try failed in a way that another may not.

    Attributes:
        wait: Seconds that the other side asked to wait, where it did.
        counts: Whether it counts as one of the tries; an answer that is not ready yet does not.
    """

    def __init__(self, message: str, *, wait: float | None = None, counts: bool = True) -> None:
        super().__init__(message)
        self.wait = wait
        self.counts = counts


class InterruptedPullError(PullError):
    """A pull that broke off, and that the next one may go on with."""


@dataclass(frozen=True)
class Pulled:
    """One file as it came.

    Attributes:
        name: Name of the file.
        origin: Where it came from, secrets left as `${NAME}`.
        sha256: Hash of its bytes.
        bytes: How many there are.
        etag: What the other side calls this version of it; empty where it does not say.
        mistake: Why it is no export, where pulling showed that; empty where it did not.
        warning: What to look at although it may be well; empty where there is nothing.
    """

    name: str
    origin: str
    sha256: str
    bytes: int
    etag: str = ""
    mistake: str = ""
    warning: str = ""
