"""Paths and switches, read from the environment in one place.

Belongs here: where things lie and how much of the machine they may use. Does not: what is pulled (sources.yaml).
"""

import os
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

_ALLOWED = {
    "SMALLVOICES_FIRST_DATE": (r"\d{4}-\d{2}-\d{2}", "a date, YYYY-MM-DD"),
    "SMALLVOICES_THREADS": (r"\d{1,3}", "a whole number from 0 (all cores) to 999"),
    "SMALLVOICES_MEMORY_LIMIT": (r"\d+(\.\d+)? ?[KMGT]i?B", "a number and a unit, such as 1GB or 512MB"),
    "SMALLVOICES_PUBLISH_WAIT_SECONDS": (r"\d{1,5}", "a whole number from 0 to 99999"),
    "SMALLVOICES_NIGHTLY_CRON": (r"off|[\d*/,\-]+( +[\d*/,\-A-Z]+){4}", 'five fields, such as "0 2 * * *", or off'),
}


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """Where the pipeline works and with what.

    Attributes:
        home: Folder of landing, lake, published files and Dagster's storage.
        sources_file: The sources.yaml.
        first_date: Earliest snapshot date there can be.
        threads: DuckDB's threads; 0 leaves the choice to DuckDB.
        memory_limit: DuckDB's memory, as DuckDB writes it.
        publish_wait_seconds: How long a publisher waits for another to finish.
        nightly_cron: When the nightly schedule runs, UTC; "off" ships it stopped.
    """

    home: Path
    sources_file: Path
    first_date: date = date(2016, 1, 1)
    threads: int = 0
    memory_limit: str = "1GB"
    publish_wait_seconds: int = 300
    nightly_cron: str = "0 2 * * *"

    @classmethod
    def from_environment(cls) -> "Settings":
        """Reads SMALLVOICES_HOME, _SOURCES and the names of `_ALLOWED`.

        Raises:
            SettingsError: One of them holds something that it cannot hold.
        """
        given = {key: value for key in _ALLOWED if (value := os.environ.get(key, "").strip())}
        for key, value in given.items():
            if not re.fullmatch(_ALLOWED[key][0], value, re.IGNORECASE):
                raise SettingsError(f"{key}: {value!r} is not allowed; allowed: {_ALLOWED[key][1]}")
        try:
            first_date = date.fromisoformat(given.get("SMALLVOICES_FIRST_DATE", "2016-01-01"))
        except ValueError as error:
            raise SettingsError(f"SMALLVOICES_FIRST_DATE: {error}; allowed: a date, YYYY-MM-DD") from error
        return cls(
            home=Path(os.environ.get("SMALLVOICES_HOME") or REPOSITORY / "data").resolve(),
            sources_file=Path(os.environ.get("SMALLVOICES_SOURCES") or REPOSITORY / "sources.yaml").resolve(),
            first_date=first_date,
            threads=int(given.get("SMALLVOICES_THREADS", "0")),
            memory_limit=given.get("SMALLVOICES_MEMORY_LIMIT", "1GB"),
            publish_wait_seconds=int(given.get("SMALLVOICES_PUBLISH_WAIT_SECONDS", "300")),
            nightly_cron=given.get("SMALLVOICES_NIGHTLY_CRON", "0 2 * * *"),
        )

    def at(self, home: Path | None, sources_file: Path | None) -> "Settings":
        """The same settings with another home or sources.yaml, where one is given."""
        return replace(
            self,
            home=(home or self.home).resolve(),
            sources_file=(sources_file or self.sources_file).resolve(),
        )

    def export(self) -> None:
        """Puts these settings into the environment, for the processes that this one starts."""
        os.environ["SMALLVOICES_HOME"] = str(self.home)
        os.environ["SMALLVOICES_SOURCES"] = str(self.sources_file)
        os.environ["DAGSTER_HOME"] = str(self.dagster_home)

    @property
    def landing(self) -> Path:
        """What sources sent, byte for byte."""
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        """One Parquet file per table and date."""
        return self.home / "lake"

    @property
    def published(self) -> Path:
        """What readers open."""
        return self.home / "published"

    @property
    def report(self) -> Path:
        """What is published, as a page."""
        return self.published / "report.html"

    @property
    def scratch(self) -> Path:
        """Where DuckDB spills what does not fit in memory."""
        return self.home / "scratch"

    @property
    def suppressed(self) -> Path:
        """Salted hashes of the people who were forgotten."""
        return self.home / "suppressed"

    @property
    def forgetting(self) -> Path:
        """Whom `smallvoices forget` has begun to erase; empty once it is done."""
        return self.home / "forgetting"

    @property
    def dagster_home(self) -> Path:
        """Dagster's storage."""
        return self.home / "dagster"
