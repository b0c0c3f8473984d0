"""Pulling of one source for one date into a folder, for any kind of address.

Belongs here: the common parts of all kinds of addresses: names of files, reuse, progress. Does not: a single kind (the
modules beside this one), or the landing folder (`assets/landing/store`).
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlencode

from assets.landing.pull import files, truncation
from assets.landing.pull.byte_budget import Allowance
from assets.landing.pull.credentials import Secrets
from assets.landing.pull.download import download
from assets.landing.pull.errors import Pulled, PullError
from assets.landing.pull.pages import Pages
from assets.landing.pull.paging import Ask
from assets.landing.pull.transport import Session
from assets.reading import decompression_guard
from assets.storage import progress
from schemas.config.addresses import Place, file_name, place_of
from schemas.config.paging import Paging
from schemas.config.source import Source
from schemas.shape import Records

# Finds the file landed from an address before, and its manifest entry.
CacheLookup = Callable[[str], tuple[Path, Pulled] | None]
UNFINISHED = ".unfinished-"
File = TypeVar("File")


def pull(
    source: Source, snapshot_date: date, *, aside: Path, folder: Path, earlier: CacheLookup
) -> list[tuple[Records, Pulled]]:
    """Pulls all files of a source for a date.

    Args:
        source: The source.
        snapshot_date: The date.
        aside: An empty folder for the files; the remains of an interrupted pull lie beside it.
        folder: The folder of sources.yaml, which paths are relative to.
        earlier: Finds files landed before.

    Raises:
        PullError: Something of it could not be pulled; no secret is in the message.
    """
    secrets = Secrets(source.url, source.posts_url, source.parts(snapshot_date))
    with ExitStack() as stack:
        try:
            pulling = _Pulling(source, snapshot_date, secrets, aside, folder, earlier, stack)
            for records, address in source.addresses(snapshot_date).items():
                pulling.add(cast("Records", records), address)
        except PullError as error:
            raise type(error)(secrets.hide(str(error))) from None
    return pulling.pulled


class _Pulling:
    def __init__(
        self,
        source: Source,
        snapshot_date: date,
        secrets: Secrets,
        aside: Path,
        folder: Path,
        earlier: CacheLookup,
        stack: ExitStack,
    ) -> None:
        self._source, self._secrets = source, secrets
        self._aside, self._folder, self._earlier, self._stack = aside, folder, earlier, stack
        self._parts = source.parts(snapshot_date)
        addresses = source.addresses(snapshot_date).values()
        self._homes = [secrets.fill_address(address) for address in addresses if place_of(address) == "http"]
        self._session: Session | None = None
        self._allowance = Allowance(source.limits)
        self.pulled: list[tuple[Records, Pulled]] = []

    def add(self, records: Records, address: str) -> None:
        """Pulls one address."""
        kinds: dict[Place | None, Callable[[Records, str], None]] = {
            "file": self._add_files, "http": self._add_http, "store": self._add_objects
        }  # fmt: skip
        kinds[place_of(address)](records, address)

    def _add_files(self, records: Records, address: str) -> None:
        for path in self._few(files.matching(address, self._folder)):
            self._keep(records, files.copy(path, self._free(path.name), self._allowance))

    def _few(self, found: list[File]) -> list[File]:
        if len(found) > self._source.limits.max_files:
            raise PullError(f"it stands for {len(found):,} files, over {self._source.limits.passed('max_files')}")
        return found

    def _add_objects(self, records: Records, address: str) -> None:
        # Imported only if there is a bucket to read.
        from assets.landing.pull.object_store import Bucket  # noqa: PLC0415

        options, limits = self._secrets.fill(self._parts["storage"]), self._source.limits
        bucket = Bucket(
            self._secrets.fill(address), options, limits, self._allowance, allow_private=self._source.allow_private
        )
        for path, _ in self._few(bucket.matching(self._secrets.fill(address))):
            target = self._free(path.rsplit("/", 1)[-1])

            def fetch(known: str, path: str = path, target: Path = target) -> Pulled | None:
                return bucket.copy(path, target, known=known, progress=self._bytes(records))

            self._keep(records, self._new_or_same(f"{bucket.address}/{path}", fetch))

    def _add_http(self, records: Records, address: str) -> None:
        params = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for name, value in self._parts["params"].items()
        }
        shown = address + (("&" if "?" in address else "?") + urlencode(params, safe="${}") if params else "")
        ask = Ask(
            self._secrets.fill_address(address), self._secrets.fill(params), self._secrets.fill(self._parts["body"])
        )
        session = self._opened_session()
        try:
            if self._source.paging:
                self._add_pages(records, session, self._source.paging, ask, shown)
            else:
                self._keep(
                    records, self._new_or_same(shown, lambda known: self._fetch(records, session, ask, shown, known))
                )
        except PullError as error:
            raise type(error)(f"{shown}: {error}") from None

    def _opened_session(self) -> Session:
        """Opens the one session of the source, since its limits apply to all its requests."""
        if self._session is None:
            self._session = self._stack.enter_context(
                Session(
                    self._homes,
                    self._secrets.fill(self._parts["headers"]),
                    self._source.limits,
                    self._allowance,
                    allow_private=self._source.allow_private,
                    ca_file=self._folder / self._source.ca_file if self._source.ca_file else None,
                )
            )
        return self._session

    def _fetch(self, records: Records, session: Session, ask: Ask, shown: str, known: str) -> Pulled | None:
        part = self._aside / ".part"
        got = download(session, ask, part, known=known, progress=self._bytes(records))
        if got is None:
            part.unlink()
            return None
        path = part.replace(self._free(file_name(shown, got.headers, records)))
        mistake = truncation.cut(path, is_framed=got.is_framed, end_marker=self._source.end_marker)
        return Pulled(path.name, shown, got.sha256, got.bytes, got.etag, mistake or "")

    def _add_pages(self, records: Records, session: Session, paging: Paging, ask: Ask, shown: str) -> None:
        said = json.dumps([shown, self._parts["body"], paging.model_dump(exclude={"max_pages"})], sort_keys=True)
        place = self._aside.parent / f"{UNFINISHED}{records}-{hashlib.sha256(said.encode()).hexdigest()[:16]}"
        prefix = "" if records == "profiles" else f"{records}-"
        step = f"{self._source.name} {records}"

        def tell(done: int, count: int, total: int | None) -> None:
            of_all = f" of {total:,}" if total is not None else ""
            progress.report(step, done, unit="bytes", note=f"{count:,}{of_all} records")

        with _at_work(place, self._aside) as work:
            pages = Pages(session, paging, self._secrets, work, prefix=prefix, origin=shown)
            for path, page in pages.pull(ask, tell):
                path.replace(self._free(page.name))
                self._keep(records, page)
            shutil.rmtree(work)

    def _new_or_same(self, origin: str, fetch: Callable[[str], Pulled | None]) -> Pulled:
        """Fetches the file of an address, or copies the landed one if it is unchanged."""
        before = self._earlier(origin)
        if before is None or not before[1].etag:
            return _required(fetch(""))
        path, known = before
        got = fetch(known.etag)
        if got is not None:
            return got
        try:
            copied = files.copy(path, self._free(known.name), self._allowance)
        except PullError:
            return _required(fetch(""))
        if copied.sha256 == known.sha256:
            return replace(copied, origin=origin, etag=known.etag)
        (self._aside / copied.name).unlink()
        return _required(fetch(""))

    def _keep(self, records: Records, pulled: Pulled) -> None:
        path = self._aside / pulled.name
        mistake = pulled.mistake or decompression_guard.bomb(path, self._source.limits) or ""
        self.pulled.append((records, replace(pulled, mistake=mistake)))

    def _free(self, name: str) -> Path:
        """Returns a free path in the folder for a file of this name."""
        free, number = name, len(self.pulled) + 1
        while (self._aside / free).exists():
            free, number = f"{number}-{name}", number + 1
        return self._aside / free

    def _bytes(self, records: Records) -> Callable[[int, int | None], None]:
        step = f"{self._source.name} {records}"
        return lambda done, total: progress.report(step, done, total=total, unit="bytes")


def _required(pulled: Pulled | None) -> Pulled:
    if pulled is None:
        raise PullError("it says that nothing has changed, though it was not asked whether it has")
    return pulled


@contextmanager
def _at_work(place: Path, aside: Path) -> Iterator[Path]:
    """Yields a folder for one pull at a time: that of an earlier interrupted pull, unless another pull is using it."""
    place.mkdir(exist_ok=True)
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.fstat(descriptor).st_ino == place.stat().st_ino
        except OSError:
            is_ours = False
        if not is_ours:
            place = aside.with_name(f"{aside.name}.pages.tmp")
            place.mkdir()
        yield place
    finally:
        os.close(descriptor)
        if not is_ours:
            shutil.rmtree(place, ignore_errors=True)
