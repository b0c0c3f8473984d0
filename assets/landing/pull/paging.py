"""From one page of an API's answer to the request for the next.

Belongs here: the kinds of paging, as pure functions of an answer. Does not: sending requests or keeping pages.
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
    """A request, without the headers that go with all of a source's requests.

    Attributes:
        url: Its address.
        params: What is added to the address's query, where it is not there already.
        body: What is posted as JSON; None asks with GET.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def address(self) -> str:
        """The address with its parameters; one that the query already has stays as it is there."""
        parts = urlsplit(self.url)
        present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        added = urlencode([(name, value) for name, value in self.params.items() if name not in present])
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added))), fragment=""))

    def with_param(self, name: str, value: Any) -> "Ask":
        """The same request with a parameter set, in the body where there is one."""
        if self.body is not None:
            return replace(self, body={**self.body, name: value})
        parts = urlsplit(self.url)
        rest = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name])
        return replace(self, url=urlunsplit(parts._replace(query=rest)), params={**self.params, name: str(value)})


@dataclass(frozen=True)
class Page:
    """What paging needs of an answer.

    Attributes:
        document: Its JSON.
        link: The target of its Link header with rel="next", where there is one.
        number: Which page it is, from 1.
        before: Records on the pages before it.
    """

    document: Any
    link: str | None
    number: int
    before: int


def first(paging: Paging, ask: Ask) -> Ask:
    """The request for the first page."""
    if paging.kind in ("page", "offset") and paging.start is not None:
        return ask.with_param(_param(paging), paging.start)
    return ask


def records_of(paging: Paging, document: Any) -> list[Any] | None:
    """The records on a page, or None where neither the answer nor `records` says which they are.

    Raises:
        ValueError: They are not where `records` says.
    """
    if paging.records is None:
        return document if isinstance(document, list) else None
    found = at(document, paging.records, _MISSING)
    if found is not None and not isinstance(found, list):
        raise ValueError(f"there is no list at {paging.records} (paging.records)")
    return found or []


def following(paging: Paging, ask: Ask, page: Page) -> Ask | None:
    """The request for the page after this one, or None where this is the last.

    Raises:
        PullError: The answer cannot be followed as `paging` says.
    """
    if paging.has_more is not None and at(page.document, paging.has_more) in (False, "false"):
        return None
    if paging.kind == "cursor":
        return _at_cursor(paging, ask, page)
    return _at_number(paging, ask, page) if paging.kind in ("page", "offset") else _at_link(paging, ask, page)


def one_page_warning(paging: Paging, page: Page) -> str:
    """What speaks for a mistake in `paging` where the first page is the only one; empty where nothing does."""
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
    # A cursor that stands alone in a body stays the number that it is.
    is_alone = ask.body is not None and paging.value == "{cursor}"
    return ask.with_param(_param(paging), cursor if is_alone else paging.value.replace("{cursor}", str(cursor)))


def _at_link(paging: Paging, ask: Ask, page: Page) -> Ask | None:
    link = page.link if paging.kind == "link_header" else at(page.document, paging.next or "")
    if not link:
        return None
    if not isinstance(link, str):
        raise PullError(f"paging.next: {paging.next} is no address in the answer; correct the path")
    target = urljoin(ask.url, link)
    # What goes with every request goes to this host alone.
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
    """How many records there are on all pages, where the answer says so."""
    found = at(document, paging.total) if paging.total else None
    if isinstance(found, str) and found.isascii() and found.isdigit():
        found = int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def at(document: Any, path: str, missing: Any = None) -> Any:
    """What is at a path of keys, or of places in a list, joined by dots; `missing` where there is nothing."""
    for key in path.split("."):
        if isinstance(document, dict) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isascii() and key.isdigit() and int(key) < len(document):
            document = document[int(key)]
        else:
            return missing
    return document


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address: who is trusted with what goes with a request.

    Raises:
        PullError: It is no address.
    """
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
    except ValueError as error:
        raise PullError("the other side sent an address that is none") from error


def _param(paging: Paging) -> str:
    return paging.param or paging.kind
