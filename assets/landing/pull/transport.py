"""HTTP transport: one session per source, with retries, pacing, deadlines and byte limits.

Belongs here: the responses to retry, the delay, and the hosts that headers may be sent to. Does not: processing a
body.
"""

import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar
from urllib.parse import urljoin

import requests
import urllib3.exceptions

from assets.landing.pull.byte_budget import Allowance
from assets.landing.pull.errors import InterruptedPullError, PullError, TransientError
from assets.landing.pull.paging import Ask, origin
from assets.landing.pull.wire import Wire, WireAdapter
from schemas.config.limits import MAX_TRIES, MAX_WAIT_SECONDS, Limits

# Its debug lines hold addresses, and addresses may hold secrets.
logging.getLogger("urllib3").setLevel(logging.INFO)

Result = TypeVar("Result")

_OK, _ACCEPTED, _PARTIAL, _NOT_MODIFIED, _UNSATISFIABLE = 200, 202, 206, 304, 416
_NO_LONGER_OK = 300
_REDIRECTS = {301, 302, 303, 307, 308}
_KEEP_METHOD = {307, 308}
_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_MAX_REDIRECTS = 5
_HINTS = {
    204: "it has nothing for this date",
    401: "check the source's secrets",
    403: "check the source's secrets, and what they may read",
    404: "correct the address, or wait until the other side has this date",
    410: "correct the address",
}
_CHUNK = 2**20
_SLOW_SECONDS = 30.0


class Session:
    """The requests of one pull of one source."""

    def __init__(
        self,
        homes: Sequence[str],
        headers: Mapping[str, str],
        limits: Limits,
        allowance: Allowance,
        *,
        allow_private: bool,
        ca_file: Path | None = None,
    ) -> None:
        """Opens a session.

        Args:
            homes: The addresses of the source: `headers` go to their schemes, hosts and ports, and nowhere else.
            headers: Headers of each request, secrets filled in.
            limits: The limits of the source.
            allowance: The remaining byte budget.
            allow_private: Whether private, loopback and link-local addresses may be connected to.
            ca_file: Certificates to trust in place of the well-known ones.
        """
        self.limits = limits
        self._homes = {origin(home) for home in homes}
        self._headers = dict(headers)
        self._next_request = 0.0
        self._allowance = allowance
        self._wire = Wire(allow_private=allow_private, seconds=limits.deadline_minutes * 60)
        self._requests = requests.Session()
        self._requests.trust_env = False
        if ca_file is not None:
            if not ca_file.is_file():
                raise PullError(f"ca_file: no file {ca_file}")
            self._requests.verify = str(ca_file)
        self._requests.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Encodings would change length, tag and ranges of the landed bytes.
        self._requests.headers.clear()
        self._requests.headers.update({"User-Agent": "smallvoices", "Accept": "*/*", "Accept-Encoding": "identity"})
        for scheme in ("http://", "https://"):
            self._requests.mount(scheme, WireAdapter(self._wire))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._requests.close()
        self._wire.close()

    def tried(self, attempt: Callable[[], Result]) -> Result:
        """Returns the result of an attempt, retried up to the number of attempts and the deadline.

        Raises:
            InterruptedPullError: Every attempt failed, or there is no time for another.
            PullError: The attempt failed in a way that no other try would mend.
        """
        tries = 0
        while True:
            try:
                return attempt()
            except TransientError as error:
                tries += error.counts
                self._require_time(str(error))
                if tries >= MAX_TRIES:
                    raise InterruptedPullError(f"{error}; tried {tries} times, try again later") from error
                wait = self._wait(error, tries)
                if wait > self._wire.seconds_left:
                    raise InterruptedPullError(
                        f"{error}; the next try in {wait:.0f} s would be after limits.deadline_minutes"
                    ) from error
                sleep(wait)

    @contextmanager
    def answer(self, ask: Ask, headers: Mapping[str, str] | None = None) -> Iterator[requests.Response]:
        """Sends a request once; yields a 200, 206, 304 or 416 response with its body unread.

        Raises:
            TransientError: Another try may do better.
            PullError: None will.
        """
        with self._told():
            response = self._followed(ask, headers or {})
            try:
                self._check_status(response)
                yield response
            finally:
                response.close()

    def post(self, ask: Ask) -> None:
        """Posts a notification once, without redirects; any 2xx is a success.

        Raises:
            TransientError: Another try may do better.
            PullError: None will.
        """
        with self._told():
            response = self._request(ask.address, ask.body, self._headers)
            response.close()
            if not _OK <= response.status_code < _NO_LONGER_OK:
                self._check_status(response)
                raise PullError(f"it answers {response.status_code}, which says nothing to what is posted")

    def body(self, response: requests.Response) -> Iterator[bytes]:
        """Yields the body of a response as received.

        Raises:
            TransientError: It broke off, or came too slowly.
            PullError: It is larger than allowed, or coded in a way that was not asked for.
        """
        coding = response.headers.get("Content-Encoding", "identity").strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip"):
            raise PullError(f"it sends Content-Encoding {coding[:20]!r}, which was not asked for and is not read")
        since, lately = monotonic(), 0
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            self._allowance.take(len(chunk))
            yield chunk
            now, lately = monotonic(), lately + len(chunk)
            if now - since >= _SLOW_SECONDS:
                if lately < self.limits.min_bytes_per_second * (now - since):
                    raise TransientError(
                        f"it sends {lately / (now - since):.0f} bytes a second, under limits.min_bytes_per_second"
                    )
                since, lately = now, 0
        # A socket shut down at the deadline looks like one closed by the server.
        self._require_time("the body was still coming")

    def drop(self, size: int) -> None:
        """Subtracts dropped bytes from the byte budget."""
        self._allowance.give_back(size)

    def _followed(self, ask: Ask, headers: Mapping[str, str]) -> requests.Response:
        """Returns the response at the end of all redirects."""
        url, body = ask.address, ask.body
        seen: set[str] = set()
        for _ in range(_MAX_REDIRECTS + 1):
            seen.add(url)
            is_home = origin(url) in self._homes
            response = self._request(url, body, {**headers, **(self._headers if is_home else {})})
            if response.status_code not in _REDIRECTS or "Location" not in response.headers:
                return response
            response.close()
            url, came_from = urljoin(url, response.headers["Location"]), origin(url)
            goes_to = origin(url)
            if goes_to[0] not in ("http", "https"):
                raise PullError(f"it redirects to a {goes_to[0]}:// address; allowed: http and https")
            if came_from[0] == "https" and goes_to[0] == "http":
                raise PullError("it redirects from https to http, which anyone on the way can read and change")
            if url in seen:
                raise PullError("it redirects in a circle; correct the address")
            if response.status_code not in _KEEP_METHOD:
                body = None
            elif body is not None and goes_to not in self._homes:
                raise PullError("it redirects what is posted to another host; correct the address")
        raise PullError(f"it redirects more than {_MAX_REDIRECTS} times; correct the address")

    def _request(self, url: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]) -> requests.Response:
        self._pace()
        return self._requests.request(
            "GET" if body is None else "POST",
            url,
            json=body,
            headers=headers,
            timeout=(self.limits.connect_seconds, min(self.limits.read_seconds, max(0.1, self._wire.seconds_left))),
            allow_redirects=False,
            stream=True,
        )

    def _check_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (_OK, _PARTIAL, _NOT_MODIFIED, _UNSATISFIABLE):
            return
        named = f"it answers {status} {_phrase(status)}".rstrip()
        if status == _ACCEPTED:
            wait = retry_after(response.headers.get("Retry-After"))
            raise TransientError(
                f"{named}: not ready yet", wait=self.limits.poll_seconds if wait is None else wait, counts=False
            )
        if status in _TRANSIENT:
            raise TransientError(named, wait=retry_after(response.headers.get("Retry-After")))
        hint = _HINTS.get(status, "correct the source")
        raise PullError(f"{named}; {hint}")

    def _pace(self) -> None:
        """Waits until the next request may be sent."""
        if not self.limits.requests_per_minute:
            return
        wait = self._next_request - monotonic()
        if wait > self._wire.seconds_left:
            raise InterruptedPullError("limits.requests_per_minute leaves no time for the next request")
        if wait > 0:
            sleep(wait)
        self._next_request = monotonic() + 60 / self.limits.requests_per_minute

    def _wait(self, error: TransientError, tries: int) -> float:
        jitter = random.uniform(0.5, 1)  # noqa: S311 - spreads tries, protects nothing
        if error.wait is None:
            return float(min(MAX_WAIT_SECONDS, jitter * 2 ** (tries - 1)))
        return min(MAX_WAIT_SECONDS, error.wait + jitter)

    def _require_time(self, doing: str) -> None:
        if self._wire.seconds_left <= 0:
            raise InterruptedPullError(
                f"not done after limits.deadline_minutes ({self.limits.deadline_minutes:g}): {doing}"
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Translates errors in the block to transient or permanent ones, without the addresses in their messages."""
        try:
            yield
        except (requests.exceptions.SSLError, urllib3.exceptions.SSLError):
            self._fail("its certificate or encryption cannot be trusted")
        except (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError):
            self._retry("connecting takes longer than limits.connect_seconds")
        except (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError):
            self._retry("it sends nothing for limits.read_seconds")
        except requests.exceptions.ConnectionError as error:
            reason = error.args[0] if error.args else error
            cause = getattr(reason, "reason", reason)
            words = "its name does not resolve" if isinstance(cause, urllib3.exceptions.NameResolutionError) else (
                "it cannot be reached" if isinstance(cause, urllib3.exceptions.NewConnectionError)
                else "it closes the connection without an answer"
            )  # fmt: skip
            self._retry(words)
        except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.HTTPError):
            self._retry("the connection was cut in the middle of the answer")
        except (requests.exceptions.RequestException, UnicodeError, ValueError):
            self._fail("its address, a header or its answer is not HTTP; correct the source")

    def _retry(self, words: str) -> NoReturn:
        self._require_time(words)
        raise TransientError(words) from None

    def _fail(self, words: str) -> NoReturn:
        self._require_time(words)
        raise PullError(words) from None


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after(text: str | None) -> float | None:
    """Returns the seconds of a Retry-After header; None if there is none."""
    if text is None:
        return None
    if text.strip().isascii() and text.strip().isdigit():
        return min(MAX_WAIT_SECONDS, float(text.strip()[:10]))
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(MAX_WAIT_SECONDS, max(0.0, (until - datetime.now(tz=UTC)).total_seconds()))
