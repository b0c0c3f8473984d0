"""sources.yaml: what to pull each night, checked before anything is pulled.

Belongs here: the model of the file and one clear error per mistake. Does not: what single mappings of it may hold
(`limits`, `pull/paging`), or pulling.
"""

import re
from collections.abc import Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.limits import Limits
from pipelines.pull import credentials, declared
from pipelines.pull.paging import Paging
from schemas import strict_yaml
from schemas.column import PLATFORMS
from schemas.did_you_mean import meant
from schemas.segments import DIMENSIONS
from schemas.shape import AUTO, INFERRED, RECORDS, Shape, ShapeError
from schemas.shape_file import load as load_shape

_KEYS = {"sources", "metrics", "segments", "publish_to", "publish_contacts", "notify"}
# What the path or query of a webhook holds that is a secret: long, with letters and digits. What is named is none.
_SECRET_PART = re.compile(r"(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[\w-]{20,}")
_NAMED = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
# From which likeness on a word is a platform with a slip of the finger, and not the name of a column.
_ALIKE = 0.8


class SourcesError(ValueError):
    """A mistake in sources.yaml, in one line: the file and its line, the source, the key and what is allowed."""


class _MistakeError(ValueError):
    """A mistake at a place of the file: the keys and positions that lead to it."""

    def __init__(self, place: Sequence[str | int], told: str) -> None:
        super().__init__(told)
        self.place = place


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
        """What to pull for a date: kind of records to address, secrets left as `${NAME}`."""
        wanted = {"profiles": self.url} | ({"posts": self.posts_url} if self.posts_url else {})
        return {records: declared.dated(url, snapshot_date) for records, url in wanted.items()}

    def parts(self, snapshot_date: date) -> dict[str, Any]:
        """What goes with each request for a date: headers, params, body and storage, secrets left as `${NAME}`."""
        return {key: declared.dated(getattr(self, key), snapshot_date) for key in declared.PARTS}

    @property
    def secrets(self) -> list[str]:
        """The environment variables that the source names."""
        return sorted(credentials.names_in([self.url, self.posts_url, *(getattr(self, key) for key in declared.PARTS)]))


class Metrics(_Strict):
    """The sample that ratios are computed over; see docs/metrics.md."""

    window_days: int = Field(default=90, ge=7, le=730, description="a whole number from 7 to 730")
    settle_days: int = Field(default=2, ge=0, le=30, description="a whole number from 0 to 30")
    sample_posts: int = Field(default=12, ge=6, le=50, description="a whole number from 6 to 50")
    interval_z: float = Field(default=1.28, ge=0.5, le=3, description="a number from 0.5 to 3 (1.28: 80 % intervals)")


class SourcesFile(_Strict):
    """The whole file, with the shapes that it names."""

    path: Path
    sources: list[Source] = Field(min_length=1, description="a list of at least one source")
    metrics: Metrics = Field(default=Metrics(), description=f"a mapping of {', '.join(Metrics.model_fields)}")
    segments: list[list[str]] = Field(
        default=[], description=f"a list of lists of two or more of {', '.join(DIMENSIONS)}"
    )
    publish_to: str | None = Field(default=None, description="a postgresql:// address")
    notify: str | None = Field(default=None, description="an http:// or https:// address")
    publish_contacts: bool = Field(default=False, description="true or false")
    shapes: dict[str, Shape]

    def shape(self, source: Source) -> Shape:
        """The shape of a source."""
        return self.shapes[source.shape]

    @property
    def secrets(self) -> dict[str, list[str]]:
        """The environment variables that are named, by source or key that names them."""
        keys = {key: sorted(credentials.names_in(getattr(self, key))) for key in ("publish_to", "notify")}
        return {source.name: source.secrets for source in self.sources} | keys


def load(path: Path) -> SourcesFile:
    """Reads and checks a sources.yaml and every shape that it names.

    Raises:
        SourcesError: The first mistake found.
    """
    text = _text(path)
    try:
        return _checked(path, strict_yaml.load(text))
    except strict_yaml.YamlError as error:
        raise SourcesError(f"{path}: {error}") from error
    except _MistakeError as error:
        raise SourcesError(f"{strict_yaml.located(path, text, error.place)}: {error}") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SourcesError(f"{path}: no such file; say where it is with --sources FILE") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourcesError(f"{path}: cannot be read: {error}") from error


def _checked(path: Path, document: object) -> SourcesFile:
    # First, since `source:` is an unknown key before it is a missing one.
    unknown = set(document) - _KEYS if isinstance(document, dict) else set()
    if unknown:
        key = min(map(str, unknown))
        raise _MistakeError([key], f"{key}: {_unknown(key, sorted(_KEYS))}")
    if not isinstance(document, dict) or not isinstance(document.get("sources"), list) or not document["sources"]:
        raise _MistakeError(["sources"], "sources: must be a list of at least one source")
    sources: list[Source] = []
    shapes: dict[str, Shape] = {}
    for position, entry in enumerate(document["sources"]):
        place: list[str | int] = ["sources", position]
        source = _source(entry, place)
        label = f"source {source.name!r}"
        if any(other.name == source.name for other in sources):
            raise _MistakeError([*place, "name"], f"{label}: name: used twice; allowed: a name of its own")
        if (mistake := declared.mistake(source)) is not None:
            raise _MistakeError([*place, *mistake.partition(":")[0].split(".")], f"{label}: {mistake}")
        shapes[source.shape] = _shape_of(source, label, place, path, shapes)
        sources.append(source)
    try:
        metrics = Metrics(**(document.get("metrics") or {}))
    except TypeError as error:
        raise _MistakeError(["metrics"], "metrics: must be a mapping") from error
    except ValidationError as error:
        raise _mistake(error, Metrics, "metrics", ["metrics"]) from error
    return SourcesFile(
        path=path,
        sources=sources,
        metrics=metrics,
        segments=_segments(document.get("segments")),
        publish_to=_publish_to(document),
        notify=_notify(document),
        publish_contacts=_publish_contacts(document),
        shapes=shapes,
    )


def _segments(entries: object) -> list[list[str]]:
    """The combinations to rank within, each in the order of DIMENSIONS."""
    allowed = SourcesFile.model_fields["segments"].description
    if not isinstance(entries, (list, type(None))):
        raise _MistakeError(["segments"], f"segments: must be {allowed}")
    found: list[list[str]] = []
    for position, entry in enumerate(entries or []):
        names = [name for name in DIMENSIONS if name in entry] if isinstance(entry, list) else []
        if len(names) < 2 or len(names) != len(entry):  # noqa: PLR2004 - one column alone is ranked within anyway
            unknown = [str(name) for name in entry if name not in DIMENSIONS] if isinstance(entry, list) else []
            question = meant(unknown[0], DIMENSIONS) if unknown else ""
            told = f"segments: {_shown(entry)} is not allowed; {question}allowed: {allowed}"
            raise _MistakeError(["segments", position], told)
        if names not in found:
            found.append(names)
    return found


def _publish_contacts(document: dict[str, Any]) -> bool:
    said = document.get("publish_contacts", False)
    if not isinstance(said, bool):
        told = f"publish_contacts: {_shown(said)} is not allowed; allowed: true or false"
        raise _MistakeError(["publish_contacts"], told)
    return said


def _publish_to(document: dict[str, Any]) -> str | None:
    address = document.get("publish_to")
    if address is None:
        return None
    said = "must begin with postgresql://"
    if isinstance(address, str) and address.startswith(("postgresql://", "postgres://")):
        # Both ways in which libpq takes a password.
        written = re.search(r"://[^:/@]*:(?!\$\{)[^/@]+@|[?&]password=(?!\$\{)", address)
        said = "has a password written out; name a variable of the environment instead" if written else ""
    if said:
        allowed = "postgresql://USER:${NAME}@HOST:PORT/DATABASE"
        raise _MistakeError(["publish_to"], f"publish_to: {said}; allowed: {allowed}")
    return str(address)


def _notify(document: dict[str, Any]) -> str | None:
    address = document.get("notify")
    if address is None:
        return None
    said = "must be an address, or a variable that holds one"
    if isinstance(address, str) and re.match(rf"https?://|{_NAMED.pattern}$", address):
        written = _NAMED.sub("", address)
        said = "has a secret written out; name a variable" if "@" in written or _SECRET_PART.search(written) else ""
    if said:
        # What is not allowed may be a secret, and is not shown.
        allowed = "https://HOST/PATH/${NAME}, or ${NAME} alone"
        raise _MistakeError(["notify"], f"notify: {said}; allowed: {allowed}")
    return str(address)


def _source(entry: object, place: Sequence[str | int]) -> Source:
    name = entry.get("name") if isinstance(entry, dict) else None
    label = f"source {name!r}" if isinstance(name, str) else f"source {int(place[-1]) + 1}"
    if not isinstance(entry, dict) or not all(isinstance(key, str) for key in entry):
        raise _MistakeError(place, f"{label}: must be a mapping with the keys {', '.join(Source.model_fields)}")
    try:
        return Source(**entry)
    except ValidationError as error:
        raise _mistake(error, Source, label, place) from error


def _shape_of(source: Source, label: str, place: Sequence[str | int], path: Path, known: dict[str, Shape]) -> Shape:
    at = [*place, "shape"]
    try:
        is_inferred = source.shape == AUTO
        shape = INFERRED if is_inferred else known.get(source.shape) or load_shape(source.shape, path.parent / "shapes")
    except ShapeError as error:
        raise _MistakeError(at, f"{label}: shape: {error}") from error
    if is_inferred:
        # The columns of the export are not known yet: only what is all but a platform is taken for a mistake.
        near = get_close_matches((source.platform or "").lower(), PLATFORMS, n=1, cutoff=_ALIKE)
        if near and source.platform not in PLATFORMS:
            raise _MistakeError(
                [*place, "platform"],
                f"{label}: platform: {source.platform!r} is not allowed; did you mean {near[0]}? "
                f"allowed: {', '.join(PLATFORMS)}, or a column of the export",
            )
        return shape
    if (
        source.platform
        and source.platform not in PLATFORMS
        and not any(
            selection and source.platform in selection.read_columns for selection in (shape.profiles, shape.posts)
        )
    ):
        allowed = f"{', '.join(PLATFORMS)}, or a column of shape {shape.name}"
        told = f"{source.platform!r} is not allowed; {meant(source.platform, PLATFORMS)}allowed: {allowed}"
        raise _MistakeError([*place, "platform"], f"{label}: platform: {told}")
    if source.posts_url and (shape.posts is None or shape.file_of("posts") == "profiles"):
        told = f"{label}: posts_url: shape {shape.name} has no posts of their own; leave it out"
        raise _MistakeError([*place, "posts_url"], told)
    if shape.profiles is None:
        raise _MistakeError(at, f"{label}: shape: {shape.name} has no profiles; allowed: a shape with profiles")
    if not source.platform and any(
        "platform" not in shape.filled(records) for records in RECORDS if shape.selection(records)
    ):
        raise _MistakeError(
            place,
            f"{label}: platform: missing, and shape {shape.name} does not say it; "
            f"allowed: {', '.join(PLATFORMS)}, or a column of the export",
        )
    return shape


def _mistake(error: ValidationError, model: type[BaseModel], label: str, place: Sequence[str | int]) -> _MistakeError:
    """What is wrong with the mapping at a place of the file."""
    first = error.errors()[0]
    # The mapping that the mistake is in, and the key of it: what is deeper is the value's own.
    owner, keys = model, [str(first["loc"][0])]
    for part in first["loc"][1:]:
        nested = _NESTED.get(keys[-1])
        if nested is None or len(keys) > 1:
            break
        owner, keys = nested, [*keys, str(part)]
    if first["type"] == "extra_forbidden":
        told = _unknown(keys[-1], list(owner.model_fields))
    elif first["type"] == "missing":
        told = f"missing; allowed: {owner.model_fields[keys[-1]].description}"
    else:
        told = f"{_shown(first['input'])} is not allowed; allowed: {owner.model_fields[keys[-1]].description}"
    return _MistakeError([*place, *keys], f"{label}: {'.'.join(keys)}: {told}")


def _unknown(key: str, allowed: Sequence[str]) -> str:
    return f"unknown key; {meant(key, allowed)}allowed: {', '.join(allowed)}"


def _shown(value: object) -> str:
    """A value as a message may show it: what is long, or may hold a secret, only by its kind."""
    return repr(value) if isinstance(value, (str, int, float, list, type(None))) else f"a {type(value).__name__}"


_NESTED: dict[str, type[BaseModel]] = {"paging": Paging, "limits": Limits}
