"""Paths and switches, read from the environment in one place.

Belongs here: where things lie and how much of the machine they may use. Does not: what is pulled (sources.yaml).
"""

import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


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
        nightly_cron: When the nightly schedule runs, UTC; "off" ships it stopped.
    """

    home: Path
    sources_file: Path
    first_date: date = date(2016, 1, 1)
    threads: int = 0
    memory_limit: str = "1GB"
    nightly_cron: str = "0 2 * * *"

    @classmethod
    def from_environment(cls) -> "Settings":
        """Reads SMALLVOICES_HOME, _SOURCES, _FIRST_DATE, _THREADS, _MEMORY_LIMIT and _NIGHTLY_CRON.

        Raises:
            SettingsError: One of them holds something that it cannot hold.
        """
        env = os.environ
        try:
            return cls(
                home=Path(env.get("SMALLVOICES_HOME") or REPOSITORY / "data").resolve(),
                sources_file=Path(env.get("SMALLVOICES_SOURCES") or REPOSITORY / "sources.yaml").resolve(),
                first_date=date.fromisoformat(env.get("SMALLVOICES_FIRST_DATE") or "2016-01-01"),
                threads=int(env.get("SMALLVOICES_THREADS") or 0),
                memory_limit=env.get("SMALLVOICES_MEMORY_LIMIT") or "1GB",
                nightly_cron=env.get("SMALLVOICES_NIGHTLY_CRON") or "0 2 * * *",
            )
        except ValueError as error:
            message = (
                f"a SMALLVOICES_ setting cannot be read: {error}; FIRST_DATE is YYYY-MM-DD, THREADS a whole number"
            )
            raise SettingsError(message) from error

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
    def scratch(self) -> Path:
        """Where DuckDB spills what does not fit in memory."""
        return self.home / "scratch"

    @property
    def dagster_home(self) -> Path:
        """Dagster's storage."""
        return self.home / "dagster"
