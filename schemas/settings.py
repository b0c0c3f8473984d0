"""Paths and switches, read from the environment in one place.

Belongs here: where things lie and how much of the machine they may use. Does not: what is pulled (sources.yaml).
"""

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

# Holds a password: neither shown nor kept.
POSTGRES = "SMALLVOICES_DAGSTER_POSTGRES"
REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = "sources.yaml"

_DAYS_TO_KEEP = (r"off|\d{1,5}", "a whole number of days, or off")
# What is published looks back so far, and so far may a source be carried.
_FEWEST_DAYS = {"SMALLVOICES_KEEP_LANDING_DAYS": 40, "SMALLVOICES_KEEP_LAKE_DAYS": 90, "SMALLVOICES_KEEP_RUNS_DAYS": 1}
_POSTGRES_SCHEME = r"postgres(ql)?(\+psycopg2)?://"
# Minute, hour, day, month and weekday: each *, or one or a list of values and ranges, with or without steps.
_CRON_VALUES = (
    "[0-5]?[0-9]", "[01]?[0-9]|2[0-3]", "0?[1-9]|[12][0-9]|3[01]|L",
    "0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC", "[0-7]|SUN|MON|TUE|WED|THU|FRI|SAT",
)  # fmt: skip
_CRON = [
    rf"{one}(?:,{one})*" for value in _CRON_VALUES for one in [rf"(?:\*|(?:{value})(?:-(?:{value}))?)(?:/[1-9]\d?)?"]
]
_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}
_SIZE = r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B"
_SIZE_ALLOWED = "a number and a unit, such as 1GB or 512MB"

_ALLOWED = {
    "SMALLVOICES_FIRST_DATE": (r"\d{4}-\d{2}-\d{2}", "a date, YYYY-MM-DD"),
    "SMALLVOICES_THREADS": (r"\d{1,3}", "a whole number from 0 (all cores) to 999"),
    "SMALLVOICES_MEMORY_LIMIT": (_SIZE, _SIZE_ALLOWED),
    "SMALLVOICES_TEMP_LIMIT": (_SIZE, _SIZE_ALLOWED),
    "SMALLVOICES_PUBLISH_WAIT_SECONDS": (r"\d{1,5}", "a whole number from 0 to 99999"),
    "SMALLVOICES_KEEP_LANDING_DAYS": _DAYS_TO_KEEP,
    "SMALLVOICES_KEEP_LAKE_DAYS": _DAYS_TO_KEEP,
    "SMALLVOICES_KEEP_RUNS_DAYS": _DAYS_TO_KEEP,
    "SMALLVOICES_LOG": (r"text|json", "text or json"),
    "SMALLVOICES_NIGHTLY_CRON": (f"off|{' +'.join(_CRON)}", 'five fields, such as "0 2 * * *", or off'),
}


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and what is allowed."""


def project() -> Path:
    """Returns the folder that `sources.yaml` and `data` lie in by default.

    The current one where it has a `sources.yaml`, or where smallvoices is installed from a wheel; else the checkout.
    """
    is_checkout = (REPOSITORY / "pyproject.toml").exists()
    return REPOSITORY if is_checkout and not Path(SOURCES).exists() else Path.cwd()


@dataclass(frozen=True)
class Settings:
    """Where the pipeline works and with what.

    Attributes:
        home: Folder of landing, lake, published files and Dagster's storage.
        sources_file: The sources.yaml.
        first_date: Earliest snapshot date there can be.
        threads: DuckDB's threads; 0 leaves the choice to DuckDB.
        memory_limit: DuckDB's memory, as DuckDB writes it.
        temp_limit: What may lie in the scratch folder at once, of one DuckDB connection or of what one import unpacks.
        publish_wait_seconds: How long a publisher waits for another to finish.
        keep_landing_days: How long what sources sent is kept; None is for good.
        keep_lake_days: How long tables of a date are kept that nothing published looks back on; None is for good.
        keep_runs_days: How long Dagster keeps what ended runs have logged; None is for good.
        log: Whether the log is written for people or for programs.
        nightly_cron: When the nightly schedule runs, UTC; "off" ships it stopped.
        dagster_in_postgres: Whether Dagster keeps runs and events in PostgreSQL; else in files of the home.
        scratch_folder: Where DuckDB spills what does not fit in memory; a folder of the home unless given.
    """

    home: Path
    sources_file: Path
    first_date: date = date(2016, 1, 1)
    threads: int = 0
    memory_limit: str = "1GB"
    temp_limit: str = "20GB"
    publish_wait_seconds: int = 300
    keep_landing_days: int | None = None
    keep_lake_days: int | None = 400
    keep_runs_days: int | None = 90
    log: Literal["text", "json"] = "text"
    nightly_cron: str = "0 2 * * *"
    dagster_in_postgres: bool = False
    scratch_folder: Path | None = None

    def command(self, words: str) -> str:
        """`smallvoices` with these words, to be pasted: it works here, and not where the environment says."""
        usual = Settings.from_environment()
        options = [("--home", self.home, usual.home), ("--sources", self.sources_file, usual.sources_file)]
        return " ".join(
            ["smallvoices", words, *(f"{name} {shlex.quote(str(own))}" for name, own, other in options if own != other)]
        )

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
        if (address := os.environ.get(POSTGRES, "")) and not re.match(_POSTGRES_SCHEME, address):
            raise SettingsError(f"{POSTGRES}: not allowed; allowed: postgresql://USER:PASSWORD@HOST:5432/DATABASE")
        try:
            first_date = date.fromisoformat(given.get("SMALLVOICES_FIRST_DATE", "2016-01-01"))
        except ValueError as error:
            raise SettingsError(f"SMALLVOICES_FIRST_DATE: {error}; allowed: a date, YYYY-MM-DD") from error
        return cls(
            home=Path(os.environ.get("SMALLVOICES_HOME") or project() / "data").resolve(),
            sources_file=Path(os.environ.get("SMALLVOICES_SOURCES") or project() / SOURCES).resolve(),
            first_date=first_date,
            threads=int(given.get("SMALLVOICES_THREADS", "0")),
            memory_limit=given.get("SMALLVOICES_MEMORY_LIMIT", cls.memory_limit),
            temp_limit=given.get("SMALLVOICES_TEMP_LIMIT", cls.temp_limit),
            publish_wait_seconds=int(given.get("SMALLVOICES_PUBLISH_WAIT_SECONDS", "300")),
            keep_landing_days=_days_to_keep(given, "SMALLVOICES_KEEP_LANDING_DAYS", cls.keep_landing_days),
            keep_lake_days=_days_to_keep(given, "SMALLVOICES_KEEP_LAKE_DAYS", cls.keep_lake_days),
            keep_runs_days=_days_to_keep(given, "SMALLVOICES_KEEP_RUNS_DAYS", cls.keep_runs_days),
            log="json" if given.get("SMALLVOICES_LOG", "").lower() == "json" else "text",
            nightly_cron=given.get("SMALLVOICES_NIGHTLY_CRON", "0 2 * * *"),
            dagster_in_postgres=bool(address),
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
        if self.dagster_in_postgres:
            # SQLAlchemy 2.1 takes psycopg 3 unless told, whose NOTIFY does not take parameters as Dagster gives them.
            os.environ[POSTGRES] = re.sub(f"^{_POSTGRES_SCHEME}", "postgresql+psycopg2://", os.environ[POSTGRES])

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
        """Where DuckDB spills what does not fit in memory, and archives are unpacked."""
        return self.scratch_folder or self.home / "scratch"

    @property
    def temp_bytes(self) -> int:
        """The temp limit as a number."""
        number, unit, binary = re.fullmatch(_SIZE, self.temp_limit, re.IGNORECASE).groups()  # type: ignore[union-attr] # checked where it is read
        return int(float(number) * (1024 if binary else 1000) ** _UNITS[unit.upper()])

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


def _days_to_keep(given: Mapping[str, str], key: str, default: int | None) -> int | None:
    text = given.get(key)
    if text is None:
        return default
    if text.lower() == "off":
        return None
    if int(text) < _FEWEST_DAYS[key]:
        raise SettingsError(f"{key}: {text} is not allowed; allowed: {_FEWEST_DAYS[key]} or more days, or off")
    return int(text)
