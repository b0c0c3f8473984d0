"""Result and errors of every kind of address.

Belongs here: the types that the kinds of addresses share. Does not: pulling.
"""

from dataclasses import dataclass


class PullError(Exception):
    """A source could not be pulled; the message contains the remedy and no secret."""


class TransientError(PullError):
    """An attempt failed in a way that may succeed when retried.

    Attributes:
        wait: Seconds that the other side asked to wait, where it did.
        counts: Whether it counts as one of the tries; an answer that is not ready yet does not.
    """

    def __init__(self, message: str, *, wait: float | None = None, counts: bool = True) -> None:
        super().__init__(message)
        self.wait = wait
        self.counts = counts


class InterruptedPullError(PullError):
    """A pull was interrupted; the next one may resume it."""


@dataclass(frozen=True)
class Pulled:
    """One pulled file.

    Attributes:
        name: Name of the file.
        origin: Its address, secrets left as `${NAME}`.
        sha256: Hash of its bytes.
        bytes: Its size.
        etag: The ETag of this version; empty if the server gives none.
        mistake: Why it is not an export, if detected while pulling; else empty.
        warning: A possible problem to check; empty if there is none.
    """

    name: str
    origin: str
    sha256: str
    bytes: int
    etag: str = ""
    mistake: str = ""
    warning: str = ""
