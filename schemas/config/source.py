"""Keys of sources.yaml: sources, metrics and publication.

Belongs here: the keys, their types and allowed values. Does not: reading the file (`sources_file`), or checks beyond
the type of a key (`source_checks`).
"""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas.column import PLATFORMS
from schemas.config.limits import Limits
from schemas.config.paging import Paging
from schemas.config.secrets import NAMED, names_in
from schemas.did_you_mean import meant
from schemas.segments import DIMENSIONS
from schemas.shape import Shape

# Parts of requests, which may contain {date} and ${NAME}.
PARTS = ("headers", "params", "body", "storage")

_SEGMENTS = f"a list of lists of two or more of {', '.join(DIMENSIONS)}"
# A secret in the path or query of a webhook: long, with letters and digits.
_SECRET_PART = re.compile(r"(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[\w-]{20,}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """One source of exports."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=60)] = Field(
        description="up to 60 of a-z, 0-9 and _"
    )
    shape: str = Field(description="the name of a shape, or auto")
    url: str = Field(
        min_length=1,
        description="a path, glob or an address (file, http, https, s3, gs, az); {date} stands for the snapshot date",
    )
    posts_url: str | None = Field(
        default=None, min_length=1, description="as url, where posts come apart from profiles"
    )
    platform: str | None = Field(default=None, description=f"{', '.join(PLATFORMS)}, or a column of the export")
    history: Literal["dated", "current"] = Field(default="dated", description="dated or current")
    required: bool = Field(default=False, description="true or false")
    carry_days: int = Field(default=7, ge=0, le=30, description="a whole number from 0 to 30")
    max_quarantine_share: float = Field(default=0.05, ge=0, le=1, description="a number from 0 to 1")
    min_rows_share: float = Field(default=0.6, ge=0, le=1, description="a number from 0 to 1")
    headers: dict[str, str] = Field(default={}, description="a mapping of names to texts; secrets as ${NAME}")
    params: dict[str, str | bool | int | float] = Field(
        default={}, description="a mapping of names to texts, numbers, true or false"
    )
    body: dict[str, Any] | None = Field(default=None, description="a mapping, posted as JSON")
    paging: Paging | None = Field(default=None, description=f"a mapping of {', '.join(Paging.model_fields)}")
    storage: dict[str, str | bool] = Field(default={}, description="a mapping of credentials, region and endpoint")
    limits: Limits = Field(default=Limits(), description=f"a mapping of {', '.join(Limits.model_fields)}")
    allow_private: bool = Field(default=False, description="true or false")
    ca_file: str | None = Field(
        default=None, min_length=1, description="a file of certificates (PEM) to trust, relative to this file"
    )
    end_marker: str | None = Field(default=None, min_length=1, description="a text that every whole file ends with")

    def addresses(self, snapshot_date: date) -> dict[str, str]:
        """Returns the addresses of a date by kind of records, with secrets as `${NAME}`."""
        wanted = {"profiles": self.url} | ({"posts": self.posts_url} if self.posts_url else {})
        return {records: dated(url, snapshot_date) for records, url in wanted.items()}

    def parts(self, snapshot_date: date) -> dict[str, Any]:
        """Returns headers, params, body and storage of the requests of a date, with secrets as `${NAME}`."""
        return {key: dated(getattr(self, key), snapshot_date) for key in PARTS}

    @property
    def secrets(self) -> list[str]:
        """The environment variables referenced by the source."""
        return sorted(names_in([self.url, self.posts_url, *(getattr(self, key) for key in PARTS)]))


class Metrics(_Strict):
    """Parameters of the sample that ratios are computed over; see docs/metrics.md."""

    window_days: int = Field(default=90, ge=7, le=730, description="a whole number from 7 to 730")
    settle_days: int = Field(default=2, ge=0, le=30, description="a whole number from 0 to 30")
    sample_posts: int = Field(default=12, ge=6, le=50, description="a whole number from 6 to 50")
    interval_z: float = Field(default=1.28, ge=0.5, le=3, description="a number from 0.5 to 3 (1.28: 80 % intervals)")


def _in_order(entry: object) -> list[str]:
    """Returns the columns of a segment, in the order of DIMENSIONS."""
    given = entry if isinstance(entry, list) else []
    names = [name for name in DIMENSIONS if name in given]
    if len(names) < 2 or len(names) != len(given):  # noqa: PLR2004 - single columns are always ranked
        unknown = [str(name) for name in given if name not in DIMENSIONS]
        question = meant(unknown[0], DIMENSIONS) if unknown else ""
        raise ValueError(f"{shown(entry)} is not allowed; {question}allowed: {_SEGMENTS}")
    return names


def _without_password(address: object) -> object:
    error = "must begin with postgresql://"
    if isinstance(address, str) and address.startswith(("postgresql://", "postgres://")):
        # Both places of a password in a libpq address.
        written = re.search(r"://[^:/@]*:(?!\$\{)[^/@]+@|[?&]password=(?!\$\{)", address)
        error = "has a password written out; name a variable of the environment instead" if written else ""
    if error:
        raise ValueError(f"{error}; allowed: postgresql://USER:${{NAME}}@HOST:PORT/DATABASE")
    return address


def _without_secret(address: object) -> object:
    error = "must be an address, or a variable that holds one"
    if isinstance(address, str) and re.match(rf"https?://|{NAMED.pattern}$", address):
        written = NAMED.sub("", address)
        error = "has a secret written out; name a variable" if "@" in written or _SECRET_PART.search(written) else ""
    if error:
        # The rejected value may be a secret, and is not shown.
        raise ValueError(f"{error}; allowed: https://HOST/PATH/${{NAME}}, or ${{NAME}} alone")
    return address


class Document(_Strict):
    """The keys of the file."""

    metrics: Metrics = Field(default=Metrics(), description=f"a mapping of {', '.join(Metrics.model_fields)}")
    notify: Annotated[str, BeforeValidator(_without_secret)] | None = Field(
        default=None, description="an http:// or https:// address"
    )
    publish_contacts: bool = Field(default=False, description="true or false")
    publish_to: Annotated[str, BeforeValidator(_without_password)] | None = Field(
        default=None, description="a postgresql:// address"
    )
    segments: list[Annotated[list[str], BeforeValidator(_in_order)]] = Field(default=[], description=_SEGMENTS)
    sources: list[Source] = Field(min_length=1, description="a list of at least one source")


class SourcesFile(Document):
    """The whole file, with its shapes."""

    path: Path
    shapes: dict[str, Shape]

    def shape(self, source: Source) -> Shape:
        """Returns the shape of a source."""
        return self.shapes[source.shape]

    @property
    def secrets(self) -> dict[str, list[str]]:
        """The referenced environment variables, by source or key."""
        keys = {key: sorted(names_in(getattr(self, key))) for key in ("publish_to", "notify")}
        return {source.name: source.secrets for source in self.sources} | keys


def dated(value: Any, day: date) -> Any:
    """Returns a value with every `{date}` replaced, at any depth."""
    if isinstance(value, str):
        return re.sub(r"(?<!\$)\{date\}", day.isoformat(), value)
    if isinstance(value, dict):
        return {key: dated(item, day) for key, item in value.items()}
    return [dated(item, day) for item in value] if isinstance(value, list) else value


def shown(value: object) -> str:
    """Formats a value for a message; values that may contain a secret are shown by type only."""
    return repr(value) if isinstance(value, (str, int, float, list, type(None))) else f"a {type(value).__name__}"
