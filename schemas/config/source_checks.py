"""Checks of a source in sources.yaml beyond the type of a key.

Belongs here: checks across keys, before anything is pulled. Does not: the keys themselves (`source`).
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from schemas.config.addresses import ALLOWED, Place, place_of
from schemas.config.secrets import is_literal_secret
from schemas.config.source import PARTS, Source, dated

# Keys that apply to some kinds of address only.
_ONLY_FOR: dict[str, tuple[Place, str]] = {
    "headers": ("http", "http:// and https://"),
    "params": ("http", "http:// and https://"),
    "body": ("http", "http:// and https://"),
    "paging": ("http", "http:// and https://"),
    "storage": ("store", "s3://, gs:// and az://"),
}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NAMED = "a secret is not written here; allowed: ${NAME}, a variable of the environment"


def undated(source: Source) -> str | None:
    """Returns a warning for a source with `history: dated` whose address is the same for every date."""
    parts = [getattr(source, key) for key in PARTS]
    if source.history != "dated" or dated(parts, date.min) != parts:
        return None
    keys = [key for key in ("url", "posts_url") if (url := getattr(source, key)) and dated(url, date.min) == url]
    if not keys:
        return None
    return (
        f"{' and '.join(keys)}: no {{date}} in it, so each date gets the very same export; write {{date}} where the "
        "address says the date, or declare history: current where it only has the newest figures"
    )


def errors(source: Source) -> Iterator[str]:
    """Yields errors in the addresses and requests of a source: the key and the message."""
    urls = {key: url for key, url in (("url", source.url), ("posts_url", source.posts_url)) if url is not None}
    for key, url in urls.items():
        if (wrong := _address_error(url)) is not None:
            yield f"{key}: {wrong}"
    places = {place_of(url) for url in urls.values()}
    for key, (place, allowed) in _ONLY_FOR.items():
        if getattr(source, key) and place not in places:
            yield f"{key}: only for {allowed} addresses; leave it out"
    parts = {key: getattr(source, key) or {} for key in PARTS}
    yield from _part_errors(parts)
    if source.paging and (found := source.paging.first_error()):
        yield f"paging.{found[0]}: {found[1]}"
    asked = [list(urls.values()), parts]
    if source.history == "dated" and "http" in places and dated(asked, date.min) == asked:
        yield (
            "history: 'dated' is not allowed without {date} in url, params or body, since such an address offers only "
            "today's figures; allowed: current"
        )


def _part_errors(parts: dict[str, dict[str, Any]]) -> Iterator[str]:
    for key, part in parts.items():
        for name, value in part.items():
            if is_literal_secret(name, value):
                yield f"{key}.{name}: {_NAMED}"
    for name, value in parts["headers"].items():
        if not _HEADER.fullmatch(name) or not value.isprintable():
            yield f"headers: {name!r} is not allowed; allowed: a header name, and a text of one line"


def _address_error(url: str) -> str | None:
    place = place_of(url)
    if place is None:
        return f"{url.partition('://')[0]}:// is not allowed; allowed: {ALLOWED}"
    if place == "file":
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        return f"there is no host or bucket in it; allowed: {ALLOWED}"
    if parts.username is not None or parts.password is not None:
        return "a user or password in it is not allowed; allowed: headers with ${NAME}"
    written = (name for name, value in parse_qsl(parts.query) if is_literal_secret(name, value))
    return next((f"{name}: {_NAMED}" for name in written), None)
