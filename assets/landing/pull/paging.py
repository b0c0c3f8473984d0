"""Paging: from one page of an API to the request for the next.

Belongs here: the kinds of paging, as pure functions of a response. Does not: sending requests or storing pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from assets.landing.pull.errors import PullError
from schemas.config.paging import Paging

_MISSING = object()
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Ask:
    """A request, without the headers that all requests of a source share.

    Attributes:
        url: Its address.
        params: Parameters added to the address's query, unless they are present already.
        body: The JSON body of a POST; None for a GET.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def address(self) -> str:
        """Returns the address with its parameters; those already in the query are kept."""
        parts = urlsplit(self.url)
        present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        added = urlencode([(name, value) for name, value in self.params.items() if name not in present])
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added))), fragment=""))

    def with_param(self, name: str, value: Any) -> "Ask":
        """Returns the request with a parameter set, in the body if it has one."""
        if self.body is not None:
            return replace(self, body={**self.body, name: value})
        parts = urlsplit(self.url)
        rest = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name])
        return replace(self, url=urlunsplit(parts._replace(query=rest)), params={**self.params, name: str(value)})


@dataclass(frozen=True)
class Page:
    """The parts of a response that paging needs.

    Attributes:
        document: Its JSON.
        link: The target of its Link header with rel="next", where there is one.
        number: Number of the page, from 1.
        before: Records on the pages before it.
    """

    document: Any
    link: str | None
    number: int
    before: int


def first(paging: Paging, ask: Ask) -> Ask:
    """Returns the request for the first page."""
    if paging.kind in ("page", "offset") and paging.start is not None:
        return ask.with_param(_param(paging), paging.start)
    return ask


def records_of(paging: Paging, document: Any) -> list[Any] | None:
    """Returns the records on a page, or None if neither the response nor `records` identifies them.

    Raises:
        ValueError: They are not at the path of `records`.
    """
    if paging.records is None:
        return document if isinstance(document, list) else None
    found = at(document, paging.records, _MISSING)
    if found is not None and not isinstance(found, list):
        raise ValueError(f"there is no list at {paging.records} (paging.records)")
    return found or []


def following(paging: Paging, ask: Ask, page: Page) -> Ask | None:
    """Returns the request for the next page, or None if this is the last.

    Raises:
        PullError: The response cannot be followed by the rules of `paging`.
    """
    if paging.has_more is not None and at(page.document, paging.has_more) in (False, "false"):
        return None
    if paging.kind == "cursor":
        return _at_cursor(paging, ask, page)
    return _at_number(paging, ask, page) if paging.kind in ("page", "offset") else _at_link(paging, ask, page)


def one_page_warning(paging: Paging, page: Page) -> str:
    """Describes signs of a mistake in `paging` if the first page is the only one; empty if there are none."""
    if paging.has_more is not None or paging.total is not None or paging.kind in ("page", "offset"):
        return ""
    where = 'a Link header with rel="next"' if paging.kind == "link_header" else f"anything at {paging.next}"
    is_there = paging.kind != "link_header" and at(page.document, paging.next or "", _MISSING) is not _MISSING
    return (
        "" if is_there else f"page 1 came without {where} and is taken for the only one; if it is not, correct paging"
    )


def _at_cursor(paging: Paging, ask: Ask, page: Page) -> Ask | None:
    cursor = at(page.document, paging.next or "")
    if cursor is None or cursor == "" or cursor is False:
        return None
    if isinstance(cursor, (dict, list)):
        raise PullError(f"paging.next: {paging.next} is no text in the answer; correct the path")
    # A cursor that is the whole value in a body keeps its type.
    is_alone = ask.body is not None and paging.value == "{cursor}"
    return ask.with_param(_param(paging), cursor if is_alone else paging.value.replace("{cursor}", str(cursor)))


def _at_link(paging: Paging, ask: Ask, page: Page) -> Ask | None:
    link = page.link if paging.kind == "link_header" else at(page.document, paging.next or "")
    if not link:
        return None
    if not isinstance(link, str):
        raise PullError(f"paging.next: {paging.next} is no address in the answer; correct the path")
    target = urljoin(ask.url, link)
    # Parameters of the source are sent to its own host only.
    return replace(ask, url=target, params=ask.params if origin(target) == origin(ask.url) else {})


def _at_number(paging: Paging, ask: Ask, page: Page) -> Ask | None:
    records = records_of(paging, page.document)
    if records is None:
        raise PullError("paging.records: missing; the answer is an object: say where in it the list of records is")
    total = total_of(paging, page.document)
    seen = page.before + len(records)
    if not records or (paging.size and len(records) < paging.size) or (total is not None and seen >= total):
        return None
    start = (1 if paging.kind == "page" else 0) if paging.start is None else paging.start
    return ask.with_param(_param(paging), start + (page.number if paging.kind == "page" else seen))


def total_of(paging: Paging, document: Any) -> int | None:
    """Returns the number of records on all pages, if the response states it."""
    found = at(document, paging.total) if paging.total else None
    if isinstance(found, str) and found.isascii() and found.isdigit():
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def at(document: Any, path: str, missing: Any = None) -> Any:
    """Returns the value at a path of keys or list indexes, joined by dots; `missing` if there is none."""
    for key in path.split("."):
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isascii() and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return missing
    return document


def origin(url: str) -> tuple[str, str, int | None]:
    """Returns scheme, host and port of an address, which decide where credentials may be sent.

    Raises:
        PullError: It is not an address.
    """
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
    except ValueError as error:
        raise PullError("the other side sent an address that is none") from error


def _param(paging: Paging) -> str:
    return paging.param or paging.kind
