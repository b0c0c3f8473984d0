"""Objects in buckets: `s3://`, `gs://` and `az://` addresses, with globs, through obstore.

Belongs here: listing and streaming objects. Does not: HTTP addresses, presigned ones too (`transport`).
"""

import glob
import os
import re
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotModifiedError
from obstore.store import from_url

from assets.landing.pull.byte_budget import Allowance
from assets.landing.pull.errors import InterruptedPullError, Pulled, PullError
from assets.landing.pull.hashed_file import HashedFile
from assets.landing.pull.wire import resolved
from schemas.config.limits import MAX_TRIES, Limits

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_CHUNK = 4 * 2**20
# Options for an endpoint other than the vendor's, one per kind of store.
_ENDPOINTS = ("endpoint", "base_url")
_SET = re.compile(r"\[!?[^\]/]+\]")
_GLOB = re.compile(rf"(\*\*/|\*\*|\*|\?|{_SET.pattern})")

Progress = Callable[[int, int | None], None]


class Bucket:
    """A bucket, as needed by a pull."""

    def __init__(
        self,
        address: str,
        options: Mapping[str, Any],
        limits: Limits,
        allowance: Allowance,
        *,
        allow_private: bool,
    ) -> None:
        """Creates the client, without connecting.

        Args:
            address: An address in the bucket.
            options: Credentials, region and endpoint as obstore names them; what is missing comes from the
                environment, as the vendor's own tools read it.
            limits: The limits of the source.
            allowance: The remaining byte budget.
            allow_private: Whether the endpoint may be a private address.

        Raises:
            PullError: An option is unknown, or the endpoint is private.
        """
        parts = urlsplit(address)
        self.address = f"{parts.scheme}://{parts.netloc}"
        self._allowance = allowance
        self._limits, self._end = limits, time.monotonic() + limits.deadline_minutes * 60
        endpoint = next((str(options[name]) for name in _ENDPOINTS if name in options), "")
        endpoint = endpoint or (os.environ.get("AWS_ENDPOINT_URL", "") if parts.scheme == "s3" else "")
        if endpoint:
            _require_public(endpoint, allow_private=allow_private)
        try:
            self._store: ObjectStore = from_url(
                self.address,
                **options,
                client_options={
                    "allow_http": urlsplit(endpoint).scheme == "http",
                    "connect_timeout": timedelta(seconds=limits.connect_seconds),
                    "read_timeout": timedelta(seconds=limits.read_seconds),
                    "timeout": timedelta(minutes=limits.deadline_minutes),
                },
                retry_config={
                    "max_retries": MAX_TRIES - 1,
                    "retry_timeout": timedelta(minutes=limits.deadline_minutes),
                },
            )
        except (BaseError, ValueError, TypeError) as error:
            raise PullError(f"storage: {_words(error)}") from None

    def matching(self, address: str) -> list[tuple[str, int]]:
        """Lists paths and sizes of the objects that match an address, by path.

        Raises:
            PullError: There is none, or they cannot be listed.
        """
        pattern = urlsplit(address.replace("?", "%3F").replace("#", "%23")).path.lstrip("/")
        pattern = pattern.replace("%3F", "?").replace("%23", "#")
        is_glob = glob.has_magic(pattern)
        # Stores list by prefixes of whole folders.
        folder = re.split(r"[*?\[]", pattern, maxsplit=1)[0].rpartition("/")[0] if is_glob else ""
        try:
            if not is_glob:
                return [(pattern, obstore.head(self._store, pattern)["size"])]
            match = re.compile(_expression(pattern)).fullmatch
            found = sorted(
                (meta["path"], meta["size"])
                for batch in obstore.list(self._store, prefix=folder or None)
                for meta in batch
                if match(meta["path"])
            )
        except FileNotFoundError:
            found = []
        except (BaseError, OSError) as error:
            raise PullError(
                f"{self.address} cannot be read: {_words(error)}; check the source's secrets and storage"
            ) from None
        if not found:
            raise PullError(f"no object {address}; put the export there, or correct the url in sources.yaml")
        return found

    def copy(
        self, path: str, target: Path, *, known: str = "", progress: Progress = lambda _done, _total: None
    ) -> Pulled | None:
        """Streams one object to a durable file, hashing it on the way.

        Args:
            path: The object.
            target: The file to write.
            known: The tag of a version that need not come again.
            progress: Hears how many bytes are there, of how many.

        Returns:
            The object; None if it is still the known version.

        Raises:
            InterruptedPullError: There was no time left.
            PullError: It could not be read whole.
        """
        file = HashedFile(target)
        try:
            got = obstore.get(self._store, path, options={"if_none_match": known} if known else {})
            size, etag = got.meta["size"], got.meta["e_tag"] or ""
            with file:
                for chunk in got.stream(min_chunk_size=_CHUNK):
                    self._allowance.take(len(chunk))
                    file.write(chunk)
                    progress(file.bytes, size)
                    if time.monotonic() > self._end:
                        raise InterruptedPullError(
                            f"not done after limits.deadline_minutes ({self._limits.deadline_minutes:g})"
                        )
        except NotModifiedError:
            target.unlink()
            return None
        except (BaseError, FileNotFoundError, PermissionError) as error:
            raise PullError(f"{self.address}/{path} cannot be read: {_words(error)}") from None
        if file.bytes != size:
            raise PullError(f"{self.address}/{path}: {file.bytes:,} bytes came of {size:,}; pull again")
        return Pulled(target.name, f"{self.address}/{path}", file.sha256, file.bytes, etag)


def _require_public(endpoint: str, *, allow_private: bool) -> None:
    parts = urlsplit(endpoint)
    try:
        resolved(parts.hostname or "", parts.port or 443, allow_private=allow_private)
    except (OSError, ValueError) as error:
        raise PullError(f"the endpoint {parts.hostname} cannot be found; correct storage") from error


def _expression(pattern: str) -> str:
    """Translates a glob over whole paths to a regular expression: `**` spans folders, `*` and `?` do not."""
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        wild.get(piece)
        or (f"[{'^' if piece[1] == '!' else ''}{piece[1:].lstrip('!')}" if _SET.fullmatch(piece) else re.escape(piece))
        for piece in _GLOB.split(pattern)
    )


def _words(error: Exception) -> str:
    """Formats an error on one line, without debug output and without queries of addresses, which may hold keys."""
    told = re.sub(r"\?\S+", "", str(error).split("\n\nDebug source")[0])
    return " ".join(told.split())[:300]
