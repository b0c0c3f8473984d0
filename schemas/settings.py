"""Paths and switches, read from the environment in one place.

Belongs here: where things lie and how much of the machine they may use. Does not: what is pulled (sources.yaml).
"""

import os
import re
import shlex
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from croniter import croniter
from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

# Holds a password: neither shown nor kept.
POSTGRES = "SMALLVOICES_DAGSTER_POSTGRES"
REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = "sources.yaml"

_PREFIX = "SMALLVOICES_"
_CRON_FIELDS = 5
_POSTGRES_SCHEME = r"postgres(ql)?(\+psycopg2)?://"
# From this likeness on, a variable that is not known is a misspelt setting, and not a secret of the user's own.
_ALIKE = 0.8


class SettingsError(ValueError):
    """A setting that cannot be used; the message names it and what is allowed."""


def _cron(text: str) -> str:
    if text.lower() == "off":
        return "off"
    if len(text.split()) != _CRON_FIELDS or not croniter.is_valid(text):
        raise ValueError
    return text


# As DuckDB writes it.
_Size = Annotated[str, Field(pattern=r"(?i)^\d+(\.\d+)? ?[KMGT]i?B$", description="a number and a unit, such as 1GB")]
_OFF = BeforeValidator(lambda value: None if str(value).lower() == "off" else value)


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
        threads: DuckDB's threads; 0 leaves the choice to DuckDB.
        memory_limit: DuckDB's memory, as DuckDB writes it.
        temp_limit: What may lie in the scratch folder at once, of one DuckDB connection or of what one import unpacks.
        keep_landing_days: How long what sources sent is kept; None is for good.
        keep_lake_days: How long tables of a date are kept that nothing published looks back on; None is for good.
        keep_runs_days: How long Dagster keeps what ended runs have logged; None is for good.
        log: Whether the log is written for people or for programs.
        nightly_cron: When the nightly schedule runs, UTC; "off" ships it stopped.
        dagster_in_postgres: Whether Dagster keeps runs and events in PostgreSQL; else in files of the home.
        scratch_folder: Where DuckDB spills what does not fit in memory; a folder of the home unless given.
        publish_wait_seconds: How long a publisher waits for another to finish.
        first_date: Earliest snapshot date there can be.
    """

    home: Annotated[Path, Field(description="a folder")]
    sources_file: Annotated[Path, Field(description="a file")]
    threads: Annotated[int, Field(ge=0, le=999, description="a whole number from 0 (all cores) to 999")] = 0
    memory_limit: _Size = "1GB"
    temp_limit: _Size = "20GB"
    # What is published looks back so far, and so far may a source be carried.
    keep_landing_days: Annotated[
        Annotated[int, Field(ge=40, le=99_999)] | None, _OFF, Field(description="40 or more days, or off")
    ] = None
    keep_lake_days: Annotated[
        Annotated[int, Field(ge=90, le=99_999)] | None, _OFF, Field(description="90 or more days, or off")
    ] = 400
    keep_runs_days: Annotated[
        Annotated[int, Field(ge=1, le=99_999)] | None, _OFF, Field(description="1 or more days, or off")
    ] = 90
    log: Annotated[Literal["text", "json"], BeforeValidator(str.lower), Field(description="text or json")] = "text"
    nightly_cron: Annotated[
        str, AfterValidator(_cron), Field(description='five fields, such as "0 2 * * *", or off')
    ] = "0 2 * * *"
    dagster_in_postgres: bool = False
    scratch_folder: Path | None = None
    publish_wait_seconds: int = 300
    first_date: date = date(2016, 1, 1)

    def command(self, words: str) -> str:
        """`smallvoices` with these words, to be pasted: it works here, and not where the environment says."""
        usual = Settings.from_environment()
        options = [("--home", self.home, usual.home), ("--sources", self.sources_file, usual.sources_file)]
        return " ".join(
            ["smallvoices", words, *(f"{name} {shlex.quote(str(own))}" for name, own, other in options if own != other)]
        )

    @classmethod
    def from_environment(cls) -> "Settings":
        """Reads the variables of the environment.

        Raises:
            SettingsError: One of them holds something that it cannot hold, or another one looks like one of them.
        """
        variables = cls.variables()
        bare = [name.removeprefix(_PREFIX) for name in (*variables, POSTGRES)]
        for name in {each.removeprefix(_PREFIX) for each in os.environ if each.startswith(_PREFIX)}.difference(bare):
            if near := get_close_matches(name, bare, n=1, cutoff=_ALIKE):
                raise SettingsError(f"{_PREFIX}{name}: unknown setting; did you mean {_PREFIX}{near[0]}?")
        if (address := os.environ.get(POSTGRES, "")) and not re.match(_POSTGRES_SCHEME, address):
            raise SettingsError(f"{POSTGRES}: not allowed; allowed: postgresql://USER:PASSWORD@HOST:5432/DATABASE")
        given: dict[str, Any] = {"home": project() / "data", "sources_file": project() / SOURCES}
        given |= {field: value for name, field in variables.items() if (value := os.environ.get(name, "").strip())}
        try:
            return cls(**given, dagster_in_postgres=bool(address)).at(None, None)
        except ValidationError as error:
            first = error.errors()[0]
            name = next(name for name, field in variables.items() if field == first["loc"][0])
            raise SettingsError(
                f"{name}: {first['input']!r} is not allowed; allowed: {_described(cls)[variables[name]]}"
            ) from error

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Returns the variables of the environment and the fields that they set."""
        return {_PREFIX + name.removesuffix("_file").upper(): name for name in _described(cls)}

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
        return _bytes(self.temp_limit)

    @property
    def memory_bytes(self) -> int:
        """The memory limit as a number."""
        return _bytes(self.memory_limit)

    @property
    def suppressed(self) -> Path:
        """Salted hashes of the people who were erased."""
        return self.home / "suppressed"

    @property
    def forgetting(self) -> Path:
        """Whom `smallvoices erase` has begun to erase; empty once it is done."""
        return self.home / "forgetting"

    @property
    def dagster_home(self) -> Path:
        """Dagster's storage."""
        return self.home / "dagster"


def _bytes(size: str) -> int:
    return int(TypeAdapter(ByteSize).validate_python(size))


def _described(settings: type[Settings]) -> dict[str, str]:
    """Returns what is allowed in the fields that can be set."""
    fields = vars(settings)["__pydantic_fields__"]
    return {name: field.description for name, field in fields.items() if field.description}
