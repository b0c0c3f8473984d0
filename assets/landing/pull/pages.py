"""Pages of an API, one file per response.

Belongs here: iterating over the pages, storing them so that a killed pull can resume, and detecting cycles. Does not:
the request that follows a page (`paging`).

During a pull, its responses lie in a folder of their own beside a journal, with a line for each durable response.
Resuming reads the responses again: the following requests are never written down, since they may hold secrets.
"""

import hashlib
import json
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from requests.utils import parse_header_links

from assets.landing.pull.credentials import Secrets
from assets.landing.pull.download import download
from assets.landing.pull.errors import InterruptedPullError, Pulled, PullError
from assets.landing.pull.paging import Ask, Page, first, following, one_page_warning, records_of, total_of
from assets.landing.pull.transport import Session
from assets.storage import atomic_write
from schemas.config.limits import Limits
from schemas.config.paging import Paging

JOURNAL = "journal.ndjson"
# Successive pages without a new record before a cycle is reported.
MAX_BARREN_PAGES = 20
# Cursors expire, and pages of two days are not a snapshot.
_JOURNAL_SECONDS = 12 * 3600
_GZIP = b"\x1f\x8b"

Progress = Callable[[int, int, int | None], None]


@dataclass(frozen=True)
class _Entry:
    """A line of the journal: a response, and the link in its headers with every secret hidden."""

    file: str
    sha256: str
    bytes: int
    link: list[Any] | None


class Pages:
    """One paged pull, in a folder that remains if it is interrupted."""

    def __init__(
        self, session: Session, paging: Paging, secrets: Secrets, folder: Path, *, prefix: str, origin: str
    ) -> None:
        """Prepares the pull.

        Args:
            session: The session.
            paging: The kind of paging.
            secrets: The secrets to keep out of the journal.
            folder: The folder of responses and journal; one pull at a time may use it.
            prefix: The prefix of the names of pages.
            origin: The address of the pages, without secrets.
        """
        self._session, self._paging, self._secrets, self._folder = session, paging, secrets, folder
        self._prefix, self._origin = prefix, origin
        self._begin()

    def pull(self, ask: Ask, progress: Progress = lambda _bytes, _records, _total: None) -> list[tuple[Path, Pulled]]:
        """Yields every page that adds records, in order, with its file.

        Args:
            ask: The request for the first page, but for its number.
            progress: Hears how many bytes and records have come, of how many records.

        Raises:
            InterruptedPullError: The pull was interrupted; the next one resumes at the missing page.
            PullError: It cannot be pulled.
        """
        begin = first(self._paging, ask)
        next_ask = self._resumed(begin)
        was_resumed = self._number > 0
        try:
            return self._pull(next_ask, progress)
        except InterruptedPullError:
            raise
        except PullError:
            self._begin(clean=True)
            if not was_resumed:
                raise
        # The request after an old page may be invalid, as cursors expire: restart from the first page.
        return self._pull(begin, progress)

    def _begin(self, *, clean: bool = False) -> None:
        self._number, self._records, self._barren, self._bytes = 0, 0, 0, 0
        self._total: int | None = None
        self._kept: list[tuple[Path, Pulled]] = []
        self._seen: set[bytes] = set()
        self._asked: set[str] = set()
        if clean:
            for path in self._folder.iterdir():
                path.unlink()

    def _pull(self, ask: Ask | None, progress: Progress) -> list[tuple[Path, Pulled]]:
        try:
            while ask is not None:
                self._require_new(ask)
                ask = self._page(ask)
                progress(self._bytes, self._records, self._total)
        except _NoPageError:
            # The pages are kept, and the landing is refused.
            return self._kept
        if self._total is not None and self._records < self._total:
            raise PullError(
                f"{self._records:,} records came of the {self._total:,} that paging.total announces; "
                "pull again, or correct paging"
            )
        return self._kept

    def _page(self, ask: Ask) -> Ask | None:
        """Pulls one page and appends it to the journal; returns the next request."""
        part = self._folder / "answer.part"
        got = download(self._session, ask, part)
        if got is None:
            raise PullError("it answers 304 Not Modified to a request without a condition")
        path = part.replace(self._folder / f"answer-{self._number + 1:06d}.json")
        link = _next_link(got.headers.get("Link", ""))
        next_ask = self._advance(ask, path, got.sha256, link)
        atomic_write.sync_folder(self._folder)
        self._write(_Entry(path.name, got.sha256, got.bytes, self._hidden(link)))
        return next_ask

    def _advance(self, ask: Ask, path: Path, sha256: str, link: str | None) -> Ask | None:
        """Registers a response; returns the next request."""
        page = Pulled(f"{self._prefix}page-{len(self._kept) + 1:06d}.json", self._origin, sha256, path.stat().st_size)
        try:
            document = _document(path, self._session.limits)
            records = records_of(self._paging, document)
        except ValueError as error:
            self._kept.append((path, replace(page, mistake=f"{page.name} is no page of records: {error}")))
            raise _NoPageError from error
        self._number += 1
        self._bytes += page.bytes
        answer = Page(document, link, self._number, self._records)
        next_ask = following(self._paging, ask, answer)
        if next_ask is None and self._number == 1:
            page = replace(page, warning=one_page_warning(self._paging, answer))
        is_new = self._is_new(document, records)
        if records and not is_new and self._paging.kind in ("page", "offset"):
            # Some APIs repeat the last page for ever.
            self._require_numbers()
            next_ask = None
        brings_records = is_new and records != []
        if brings_records or (next_ask is None and not self._kept):
            self._kept.append((path, page))
        return next_ask

    def _is_new(self, document: Any, records: list[Any] | None) -> bool:
        """Records a page's hashes; returns whether any of its records are new."""
        self._records += len(records or ())
        total = total_of(self._paging, document)
        self._total = self._total if total is None else total
        found = {_fingerprint(record) for record in ([document] if records is None else records)}
        is_new = not found <= self._seen
        self._seen |= found
        self._barren = 0 if is_new else self._barren + 1
        if self._barren > MAX_BARREN_PAGES:
            raise PullError(f"paging goes in a circle: {self._barren} pages in a row bring no new record")
        return is_new

    def _require_numbers(self) -> None:
        if self._number == 2:  # noqa: PLR2004 - the second page
            raise PullError(
                f"page 2 brings the records of page 1 again: {self._paging.param or self._paging.kind} may not be the "
                "parameter that numbers pages; correct paging.param, or declare paging.size if there is one page only"
            )

    def _require_new(self, ask: Ask) -> None:
        if self._number >= self._paging.max_pages:
            raise InterruptedPullError(
                f"more pages than paging.max_pages ({self._paging.max_pages:,}); raise it if this is meant"
            )
        said = hashlib.sha256(json.dumps([ask.address, ask.body], sort_keys=True).encode()).hexdigest()
        if said in self._asked:
            raise PullError(f"paging goes in a circle: page {self._number} leads to a page that was pulled before")
        self._asked.add(said)

    def _write(self, entry: _Entry) -> None:
        journal = self._folder / JOURNAL
        with atomic_write.naming(journal), journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(entry)) + "\n")
        atomic_write.sync_file(journal)

    def _resumed(self, begin: Ask) -> Ask | None:
        """Returns the request to resume with after an earlier pull, or else the first one."""
        journal = self._folder / JOURNAL
        if journal.exists() and time.time() - journal.stat().st_mtime < _JOURNAL_SECONDS:
            try:
                return self._read_again(journal, begin)
            except (PullError, _NoPageError, OSError):
                pass  # it has changed since
        self._begin(clean=True)
        return begin

    def _read_again(self, journal: Path, begin: Ask) -> Ask | None:
        ask: Ask | None = begin
        for entry in _entries(journal):
            path = self._folder / entry.file
            if ask is None or hashlib.sha256(path.read_bytes()).hexdigest() != entry.sha256:
                raise PullError("the journal does not belong to these answers")
            self._require_new(ask)
            ask = self._advance(ask, path, entry.sha256, self._shown(entry.link))
        return ask

    def _hidden(self, link: str | None) -> list[Any] | None:
        if link is None:
            return None
        parts = urlsplit(link)
        query = [[self._secrets.hide(text) for text in pair] for pair in parse_qsl(parts.query, keep_blank_values=True)]
        return [self._secrets.hide(urlunsplit(parts._replace(query=""))), query]

    def _shown(self, link: list[Any] | None) -> str | None:
        if link is None:
            return None
        base, query = self._secrets.fill_address(link[0]), [tuple(pair) for pair in self._secrets.fill(link[1])]
        return str(urlunsplit(urlsplit(base)._replace(query=urlencode(query))))


class _NoPageError(Exception):
    """A response that is not a page."""


def _entries(journal: Path) -> Iterator[_Entry]:
    for line in journal.read_text(encoding="utf-8").splitlines():
        try:
            yield _Entry(**json.loads(line))
        except (ValueError, TypeError):
            return  # a truncated last line


def _document(path: Path, limits: Limits) -> Any:
    """Parses the JSON of a page.

    Raises:
        ValueError: It is not JSON.
        PullError: It is larger than a page should be.
    """
    with path.open("rb") as file:
        content = file.read(limits.max_page_bytes + 1)
    if content.startswith(_GZIP):
        try:
            content = zlib.decompressobj(wbits=31).decompress(content, limits.max_page_bytes + 1)
        except zlib.error as error:
            raise ValueError(str(error)) from error
    if len(content) > limits.max_page_bytes:
        raise PullError(f"a page has more bytes than {limits.passed('max_page_bytes')}")
    try:
        document = json.loads(content)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, (dict, list)):
        raise ValueError("neither an object nor a list")  # noqa: TRY004 - as what cannot be parsed
    return document


def _fingerprint(record: Any) -> bytes:
    return hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=8).digest()


def _next_link(header: str) -> str | None:
    for link in parse_header_links(header):
        if "next" in link.get("rel", "").lower().split():
            return link.get("url")
    return None
