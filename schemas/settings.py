"""Settings from the environment: paths, resources and switches.

Belongs here: locations, and limits on the resources of the machine. Does not: sources (sources.yaml).
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

# Contains a password: never shown or stored.
POSTGRES = "SMALLVOICES_DAGSTER_POSTGRES"
REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = "sources.yaml"

_PREFIX = "SMALLVOICES_"
_CRON_FIELDS = 5
_POSTGRES_SCHEME = r"postgres(ql)?(\+psycopg2)?://"
# Minimum similarity at which an unknown variable is a misspelt setting, and not a secret of the user.
_ALIKE = 0.8


class SettingsError(ValueError):
    """An invalid setting; the message names it and the allowed values."""


def _cron(text: str) -> str:
    if text.lower() == "off":
        return "off"
    if len(text.split()) != _CRON_FIELDS or not croniter.is_valid(text):
        raise ValueError
    return text


# In the syntax of DuckDB.
_Size = Annotated[str, Field(pattern=r"(?i)^\d+(\.\d+)? ?[KMGT]i?B$", description="a number and a unit, such as 1GB")]
_OFF = BeforeValidator(lambda value: None if str(value).lower() == "off" else value)


def project() -> Path:
    """Returns the default folder of `sources.yaml` and `data`.

    The current folder if it has a `sources.yaml` or smallvoices is installed from a wheel; else the checkout.
    """
    is_checkout = (REPOSITORY / "pyproject.toml").exists()
    return REPOSITORY if is_checkout and not Path(SOURCES).exists() else Path.cwd()


@dataclass(frozen=True)
class Settings:
    """Locations, resources and switches of the pipeline.

    Attributes:
        home: Folder of landing, lake, published files and Dagster's storage.
        sources_file: The sources.yaml.
        threads: Threads of DuckDB; 0 uses the default of DuckDB.
        memory_limit: Memory limit of DuckDB, in its syntax.
        temp_limit: Size limit of temporary files, of one DuckDB connection or of the archives that one import unpacks.
        keep_landing_days: Retention of landed files; None keeps them forever.
        keep_lake_days: Retention of tables of a date that no published table looks back on; None keeps them forever.
        keep_runs_days: Retention of the events of finished Dagster runs; None keeps them forever.
        log: Format of the log.
        nightly_cron: Cron expression of the nightly schedule, UTC; "off" leaves it stopped.
        dagster_in_postgres: Whether Dagster stores runs and events in PostgreSQL instead of files in the home.
        scratch_folder: Folder of temporary files; None is a folder of the home.
        publish_wait_seconds: Timeout for another publisher to finish.
        first_date: Earliest allowed snapshot date.
    """

    home: Annotated[Path, Field(description="a folder")]
    sources_file: Annotated[Path, Field(description="a file")]
    threads: Annotated[int, Field(ge=0, le=999, description="a whole number from 0 (all cores) to 999")] = 0
    memory_limit: _Size = "1GB"
    temp_limit: _Size = "20GB"
    # The minimums cover the lookback of published tables and the longest carry_days.
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
        """Returns a `smallvoices` command line to paste, with options where settings differ from the environment."""
        usual = Settings.from_environment()
        options = [("--home", self.home, usual.home), ("--sources", self.sources_file, usual.sources_file)]
        return " ".join(
            ["smallvoices", words, *(f"{name} {shlex.quote(str(own))}" for name, own, other in options if own != other)]
        )

    @classmethod
    def from_environment(cls) -> "Settings":
        """Reads the variables of the environment.

        Raises:
            SettingsError: A variable has an invalid value, or looks like a misspelt setting.
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
        """Returns the variables of the environment, each with the field that it sets."""
        return {_PREFIX + name.removesuffix("_file").upper(): name for name in _described(cls)}

    def at(self, home: Path | None, sources_file: Path | None) -> "Settings":
        """Returns the settings with another home or sources.yaml, where given."""
        return replace(
            self,
            home=(home or self.home).resolve(),
            sources_file=(sources_file or self.sources_file).resolve(),
        )

    def export(self) -> None:
        """Exports these settings to the environment, for child processes."""
        os.environ["SMALLVOICES_HOME"] = str(self.home)
        os.environ["SMALLVOICES_SOURCES"] = str(self.sources_file)
        os.environ["DAGSTER_HOME"] = str(self.dagster_home)
        if self.dagster_in_postgres:
            # The default driver of SQLAlchemy 2.1 is psycopg 3, whose NOTIFY does not accept the parameters of Dagster.
            os.environ[POSTGRES] = re.sub(f"^{_POSTGRES_SCHEME}", "postgresql+psycopg2://", os.environ[POSTGRES])

    @property
    def landing(self) -> Path:
        """Folder of landed files, byte for byte as received."""
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        """Folder of the lake: one Parquet file per table and date."""
        return self.home / "lake"

    @property
    def published(self) -> Path:
        """Folder of published files."""
        return self.home / "published"

    @property
    def report(self) -> Path:
        """The published report, as an HTML page."""
        return self.published / "report.html"

    @property
    def scratch(self) -> Path:
        """Folder of temporary files of DuckDB and of unpacked archives."""
        return self.scratch_folder or self.home / "scratch"

    @property
    def temp_bytes(self) -> int:
        """The temp limit in bytes."""
        return _bytes(self.temp_limit)

    @property
    def memory_bytes(self) -> int:
        """The memory limit in bytes."""
        return _bytes(self.memory_limit)

    @property
    def suppressed(self) -> Path:
        """Folder of the salted hashes of erased persons."""
        return self.home / "suppressed"

    @property
    def forgetting(self) -> Path:
        """Folder of erasures in progress; empty once they are complete."""
        return self.home / "forgetting"

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's storage."""
        return self.home / "dagster"


def _bytes(size: str) -> int:
    return int(TypeAdapter(ByteSize).validate_python(size))


def _described(settings: type[Settings]) -> dict[str, str]:
    """Returns the fields that can be set, each with its allowed values."""
    fields = vars(settings)["__pydantic_fields__"]
    return {name: field.description for name, field in fields.items() if field.description}
