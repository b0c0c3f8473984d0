"""Download of one response to one file: streamed while it is hashed, resumed after an interruption.

Belongs here: the completeness of a file. Does not: sending requests (`transport`), or the file's content.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests

from assets.landing.pull.errors import PullError, TransientError
from assets.landing.pull.hashed_file import HashedFile
from assets.landing.pull.paging import Ask
from assets.landing.pull.transport import Session

_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_PARTIAL, _NOT_MODIFIED, _UNSATISFIABLE = 206, 304, 416

_SETTLED = timedelta(minutes=1)

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Downloaded:
    """A complete file, as far as HTTP can detect.

    Attributes:
        sha256: Hash of its bytes.
        bytes: Its size.
        headers: Headers of the response.
        is_framed: Whether HTTP gave its end; without that, a cut connection looks like the end.
    """

    sha256: str
    bytes: int
    headers: Mapping[str, str]
    is_framed: bool

    @property
    def etag(self) -> str:
        """Returns the ETag of a response, or an empty text."""
        return self.headers.get("ETag", "")


def download(
    session: Session, ask: Ask, target: Path, *, known: str = "", progress: Progress = lambda _done, _total: None
) -> Downloaded | None:
    """Pulls one address into one durable file.

    Args:
        session: The session.
        ask: The request.
        target: The file to write.
        known: The ETag of a version that need not come again.
        progress: Hears how many bytes are there, of how many.

    Returns:
        The file; None if the server answers that it is still the known version.

    Raises:
        PullError: It did not come whole.
    """
    part = _Part(target, known)
    return session.tried(lambda: part.attempt(session, ask, progress))


class _Part:
    """A file that grows over several attempts."""

    def __init__(self, target: Path, known: str) -> None:
        self._file = HashedFile(target)
        self._known = known
        self._validator = ""

    def attempt(self, session: Session, ask: Ask, progress: Progress) -> Downloaded | None:
        """Attempts the whole file, or the rest of it."""
        headers: dict[str, str] = {}
        if self._file.bytes and self._validator:
            headers = {"Range": f"bytes={self._file.bytes}-", "If-Range": self._validator}
        elif self._known:
            headers = {"If-None-Match": self._known}
        with session.answer(ask, headers) as response:
            if response.status_code == _NOT_MODIFIED:
                if "If-None-Match" in headers:
                    return None
                raise PullError("it answers 304 Not Modified to a request without a condition")
            total = self._begun(session, response, is_rest="Range" in headers)
            with self._file:
                for chunk in session.body(response):
                    self._file.write(chunk)
                    progress(self._file.bytes, total)
            self._require(session, total)
            return Downloaded(self._file.sha256, self._file.bytes, response.headers, _is_framed(response))

    def _begun(self, session: Session, response: requests.Response, *, is_rest: bool) -> int | None:
        """Prepares the file for a body; returns its length if the response states it."""
        if response.status_code == _PARTIAL:
            return _checked_range(response, self._file.bytes if is_rest else None)
        self._empty(session)
        if response.status_code == _UNSATISFIABLE:
            if not is_rest:
                raise PullError("it answers 416 Range Not Satisfiable to a request for the whole")
            raise TransientError("the file has become shorter while it was pulled")
        self._validator = _validator(response)
        return _length(response)

    def _empty(self, session: Session) -> None:
        session.drop(self._file.bytes)
        self._file.begin()

    def _require(self, session: Session, total: int | None) -> None:
        come = self._file.bytes
        if total is not None and come != total:
            if come > total:
                self._empty(session)
            raise TransientError(f"{come:,} bytes came of the {total:,} that it announced")


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "").strip()
    chunked = "Transfer-Encoding" in response.headers
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and not chunked else None  # noqa: PLR2004 - as many digits as 64 bits have


def _is_framed(response: requests.Response) -> bool:
    return _length(response) is not None or response.headers.get("Transfer-Encoding", "").lower() == "chunked"


def _validator(response: requests.Response) -> str:
    """Returns the validator of a range request: a strong ETag, a Last-Modified that is old enough, or nothing."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):
        return etag
    modified = response.headers.get("Last-Modified", "")
    try:
        age = parsedate_to_datetime(response.headers.get("Date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    # Times have a resolution of one second, so a recently written version may still change.
    return modified if age > _SETTLED else ""


def _checked_range(response: requests.Response, start: int | None) -> int:
    """Returns the whole length from a response that continues at `start`."""
    found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if start is None or found is None or int(found[1]) != start or int(found[2]) + 1 != int(found[3]):
        raise PullError("it answers 206 with another part of the file than it was asked for")
    return int(found[3])
