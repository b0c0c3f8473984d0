"""Dates of a run: parsing typed dates, and listing the dates of exports on disk."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from assets.landing.pull.errors import PullError
from assets.landing.pull.files import matching
from schemas.config.addresses import place_of
from schemas.config.source import Source, SourcesFile
from schemas.settings import Settings

_DATE = r"\d{4}-\d{2}-\d{2}"
# Without "?", which would start the query of a file:// address.
_ANY_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


class DateError(ValueError):
    """A date that no run can have; the message names the valid ones."""


def yesterday() -> date:
    """Returns the newest possible snapshot date: the last day that is over everywhere in UTC."""
    return datetime.now(tz=UTC).date() - timedelta(days=1)


def parse(text: str, settings: Settings) -> date:
    """Parses a date: YYYY-MM-DD, from the first date to yesterday, since today is not over.

    Raises:
        DateError: It is something else.
    """
    try:
        day = date.fromisoformat(text) if re.fullmatch(_DATE, text) else None
    except ValueError:
        day = None
    if day is None or not settings.first_date <= day <= yesterday():
        raise DateError(
            f"date {text!r} is not allowed; allowed: YYYY-MM-DD, as in {yesterday()} (yesterday, UTC: the newest day "
            f"that is over), from {settings.first_date} on"
        )
    return day


def on_disk(sources: SourcesFile, settings: Settings) -> list[date]:
    """Lists the dates that any source has a file for, oldest first.

    Raises:
        DateError: None of them has {date} in its path and a file that matches.
    """
    found = {day for source in sources.sources for day in _on_disk(source, sources.path.parent)}
    allowed = sorted(day for day in found if settings.first_date <= day <= yesterday())
    if not allowed:
        raise DateError(f"{sources.path}: no source has a file with a {{date}} in its path; give dates as YYYY-MM-DD")
    return allowed


def has_dated_files(source: Source) -> bool:
    """Returns whether the names of a source's files contain their dates."""
    return "{date}" in source.url and place_of(source.url) == "file"


def is_read_by(source: Source, file: Path, folder: Path) -> bool:
    """Returns whether a source reads a file, for any date."""
    addresses = [url for url in (source.url, source.posts_url) if url and place_of(url) == "file"]
    found = (path for url in addresses for path in _matching(url.replace("{date}", _ANY_DATE), folder))
    return any(path.samefile(file) for path in found)


def _on_disk(source: Source, folder: Path) -> set[date]:
    """Lists the dates that a source has a file for: candidates from file names, each checked."""
    if not has_dated_files(source):
        return set()
    named = {day for file in _matching(source.url.replace("{date}", _ANY_DATE), folder) for day in _dates_in(file)}
    return {day for day in named if _matching(source.addresses(day)["profiles"], folder)}


def _matching(address: str, folder: Path) -> list[Path]:
    try:
        return matching(address, folder)
    except PullError:
        return []


def _dates_in(path: Path) -> Iterator[date]:
    for text in re.findall(rf"(?=({_DATE}))", str(path)):
        with suppress(ValueError):
            yield date.fromisoformat(text)
