"""Reading and checking sources.yaml, before anything is pulled.

Belongs here: reading the file, and one clear error per mistake with its line. Does not: the keys (`source`), or checks
across the keys of a source (`source_checks`).
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from schemas import strict_yaml
from schemas.column import PLATFORMS
from schemas.config import source_checks
from schemas.config.limits import Limits
from schemas.config.paging import Paging
from schemas.config.source import Document, Metrics, Source, SourcesFile, shown
from schemas.did_you_mean import meant
from schemas.shape import AUTO, INFERRED, RECORDS, Shape, ShapeError
from schemas.shape_file import load as load_shape

# Minimum similarity at which a word is a misspelt platform, and not the name of a column.
_ALIKE = 0.8


# Error types of pydantic.
_UNKNOWN = ("extra_forbidden", "invalid_key")


class SourcesError(ValueError):
    """An error in sources.yaml, in one line: the file and its line, the source, the key and the allowed values."""


class _MistakeError(ValueError):
    """An error at a place of the file: the keys and positions that lead to it."""

    def __init__(self, place: Sequence[str | int], message: str) -> None:
        super().__init__(message)
        self.place = place


def load(path: Path) -> SourcesFile:
    """Reads and checks a sources.yaml and all of its shapes.

    Raises:
        SourcesError: The first error found.
    """
    document = _document(path)
    try:
        return _checked(path, document)
    except _MistakeError as error:
        raise SourcesError(f"{strict_yaml.located(path, document, error.place)}: {error}") from error


def _document(path: Path) -> object:
    try:
        return strict_yaml.load(path.read_text(encoding="utf-8"))
    except strict_yaml.YamlError as error:
        raise SourcesError(f"{path}: {error}") from error
    except FileNotFoundError as error:
        raise SourcesError(f"{path}: no such file; say where it is with --sources FILE") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SourcesError(f"{path}: cannot be read: {error}") from error


def _checked(path: Path, document: object) -> SourcesFile:
    # A key without a value counts as missing.
    given = {key: value for key, value in document.items() if value is not None} if isinstance(document, dict) else {}
    try:
        checked = Document.model_validate(given)
    except ValidationError as error:
        raise _first_error(error, given) from error
    shapes: dict[str, Shape] = {}
    for position, source in enumerate(checked.sources):
        wrong = next(_errors(source, checked.sources[:position], path.parent / "shapes", shapes), None)
        if wrong is not None:
            place: list[str | int] = ["sources", position, *wrong.partition(":")[0].split(".")]
            raise _MistakeError(place, f"source {source.name!r}: {wrong}")
    return SourcesFile(path=path, shapes=shapes, **dict(checked))


def _first_error(error: ValidationError, document: dict[str, Any]) -> _MistakeError:
    """Returns the error to report; unknown keys first, since a misspelt key is also missing."""
    first = min(error.errors(), key=lambda each: (each["type"] not in _UNKNOWN, len(each["loc"])))
    # The mapping with the error and the path to its key; anything deeper belongs to the value.
    owner: type[BaseModel] = Document
    key, place = str(first["loc"][0]), list(first["loc"][:1])
    for part in first["loc"][1:]:
        if isinstance(part, int) and len(place) == 1:
            place.append(part)
        elif isinstance(part, str) and key in _NESTED:
            owner, key, place = _NESTED[key], part, [*place, part]
        else:
            break
    label, keys = str(place[0]), place[1:]
    if place[0] == "sources" and keys:
        position = int(keys.pop(0))
        entry = document["sources"][position]
        name = entry.get("name") if isinstance(entry, dict) else None
        label = f"source {name!r}" if isinstance(name, str) else f"source {position + 1}"
    allowed = "" if first["type"] == "extra_forbidden" else owner.model_fields[key].description
    if first["type"] == "extra_forbidden":
        message = f"unknown key; {meant(key, owner.model_fields)}allowed: {', '.join(owner.model_fields)}"
    elif first["type"] == "value_error":
        message = str(first["ctx"]["error"])
    elif key == "sources":
        message = (
            f"must be a mapping with the keys {', '.join(Source.model_fields)}" if place[1:] else f"must be {allowed}"
        )
    elif first["type"] == "missing":
        message = f"missing; allowed: {allowed}"
    else:
        message = f"{shown(first['input'])} is not allowed; allowed: {allowed}"
    dotted = ".".join(each for each in keys if isinstance(each, str))
    return _MistakeError(place, ": ".join(filter(None, (label, dotted, message))))


def _errors(source: Source, earlier: Sequence[Source], folder: Path, shapes: dict[str, Shape]) -> Iterator[str]:
    """Yields errors beyond the type of a key, as key and message, and adds the shape of the source to `shapes`."""
    if any(other.name == source.name for other in earlier):
        yield "name: used twice; allowed: a name of its own"
    yield from source_checks.errors(source)
    try:
        if source.shape not in shapes:
            shapes[source.shape] = INFERRED if source.shape == AUTO else load_shape(source.shape, folder)
    except ShapeError as error:
        yield f"shape: {error}"
    yield from _shape_errors(source, shapes[source.shape])


def _shape_errors(source: Source, shape: Shape) -> Iterator[str]:
    """Yields errors in the combination of a source and its shape: the key and the message."""
    platform, platforms = source.platform, ", ".join(PLATFORMS)
    selections = [selection for selection in (shape.profiles, shape.posts) if selection]
    if source.shape == AUTO:
        # The columns of the export are unknown: only a near match of a platform is an error.
        near = get_close_matches((platform or "").lower(), PLATFORMS, n=1, cutoff=_ALIKE)
        if near and platform not in PLATFORMS:
            yield (
                f"platform: {platform!r} is not allowed; did you mean {near[0]}? "
                f"allowed: {platforms}, or a column of the export"
            )
        return
    if platform and not any(platform in known for known in (PLATFORMS, *(each.read_columns for each in selections))):
        question = meant(platform, PLATFORMS)
        yield (
            f"platform: {platform!r} is not allowed; {question}allowed: {platforms}, or a column of shape {shape.name}"
        )
    if source.posts_url and (shape.posts is None or shape.file_of("posts") == "profiles"):
        yield f"posts_url: shape {shape.name} has no posts of their own; leave it out"
    if shape.profiles is None:
        yield f"shape: {shape.name} has no profiles; allowed: a shape with profiles"
    if not platform and any("platform" not in shape.filled(records) for records in RECORDS if shape.selection(records)):
        yield (
            f"platform: missing, and shape {shape.name} does not say it; "
            f"allowed: {platforms}, or a column of the export"
        )


_NESTED: dict[str, type[BaseModel]] = {"sources": Source, "metrics": Metrics, "paging": Paging, "limits": Limits}
