"""Shape files: finding, reading and checking them, with one clear error per mistake.

Belongs here: errors of a shape that are found before any export is opened. Does not: the model (`shape`).
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from pydantic import BaseModel, ValidationError

from schemas import strict_yaml
from schemas.column import PLATFORMS
from schemas.did_you_mean import meant
from schemas.first_line import first_line
from schemas.json_path import JsonPathError, keys, structure
from schemas.quoting import identifier
from schemas.shape import RECORDS, SHIPPED, Records, Selection, Shape, ShapeError, canonical_columns

# Required for any record of a kind to be accepted; platform may come from the source.
_NEEDED: dict[Records, tuple[tuple[str, ...], ...]] = {
    "profiles": (("followers",), ("profile_id", "handle")),
    "posts": (("post_id",), ("posted_at",), ("profile_id", "handle")),
}


def find(name: str, folder: Path) -> Path | None:
    """Returns the file of a shape, from the folder of the user or else from the shipped shapes."""
    return next((path for path in (folder / f"{name}.yaml", SHIPPED / f"{name}.yaml") if path.is_file()), None)


def available(folder: Path) -> list[str]:
    """Returns the names of all shapes that a source may use."""
    return sorted({path.stem for place in (folder, SHIPPED) for path in place.glob("*.yaml")})


class _MistakeError(ShapeError):
    """An error in a shape file: the key, its parts joined by points, and the message."""


def load(name: str, folder: Path) -> Shape:
    """Reads and checks a shape.

    Args:
        name: Its name.
        folder: The shapes of the user (the folder `shapes` next to sources.yaml); need not exist.

    Returns:
        The shape.

    Raises:
        ShapeError: The shape does not exist, or its file has an error.
    """
    path = find(name, folder)
    if path is None:
        known = available(folder)
        allowed = f"{', '.join(known)}, or a file {folder / name}.yaml"
        raise ShapeError(f"no shape {name!r}; {meant(name, known)}allowed: {allowed}")
    try:
        shape = _read(path, folder)
        _check(shape)
    except _MistakeError as error:
        place = str(error).partition(": ")[0].split(".")
        raise ShapeError(f"{strict_yaml.located(path, _document(path), place)}: {error}") from error
    return shape


@cache
def shipped() -> tuple[Shape, ...]:
    """Returns the shipped shapes by name, without checks: tests cover them."""
    return tuple(_read(path, SHIPPED) for path in sorted(SHIPPED.glob("*.yaml")))


def _read(path: Path, folder: Path) -> Shape:
    document = _document(path)
    if "name" in document:
        raise _MistakeError(f"name: unknown key; allowed: {_keys(Shape)}")
    if "like" in document:
        document = _merged(_likened(document.pop("like"), path, folder), document)
    try:
        return Shape(name=path.stem, **document)
    except ValidationError as error:
        raise _MistakeError(_first_error(error)) from error


def _document(path: Path) -> dict[str, Any]:
    try:
        document = strict_yaml.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ShapeError(f"{path}: cannot be read: {error}") from error
    except strict_yaml.YamlError as error:
        raise ShapeError(f"{path}: {error}") from error
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise ShapeError(f"{path}: must be a mapping with description, format, and profiles or posts")
    return document


def _likened(name: object, path: Path, folder: Path) -> dict[str, Any]:
    """Returns the shape that another one extends; it may not extend a third."""
    # A shape of the user may have the name of a shipped shape and extend it.
    found = find(str(name), folder)
    found = SHIPPED / found.name if found and found == path else found
    if found is None or not found.is_file() or found == path:
        raise _MistakeError(f"like: no shape {name!r}; allowed: {', '.join(available(folder))}")
    document = _document(found)
    if "like" in document:
        raise _MistakeError(f"like: {name} is like another shape itself; name that one: {document['like']}")
    return document


def _merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Merges the second mapping into the first, recursively; a null removes a key."""
    merged = dict(first)
    for key, value in second.items():
        known = merged.get(key)
        merged[key] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return {key: value for key, value in merged.items() if value is not None}


def _check(shape: Shape) -> None:
    if shape.profiles is None and shape.posts is None:
        raise _MistakeError("needs profiles, posts, or both")
    refused = {
        "platform": shape.platform not in (None, *PLATFORMS),
        "delimiter": shape.delimiter in '"\r\n',
        "encoding": not _is_encoding(shape.encoding),
        "thousands": shape.thousands == shape.decimal,
    }
    for key in (key for key, is_refused in refused.items() if is_refused):
        raise _MistakeError(f"{key}: {getattr(shape, key)!r} is not allowed; allowed: {_allowed(key)}")
    if shape.profiles is not None and (shape.profiles.nested or shape.profiles.in_profiles_file):
        raise _MistakeError("profiles: only posts can be nested, or lie in the profiles' file")
    for records in RECORDS:
        selection = shape.selection(records)
        if selection is not None:
            _check_columns(shape, records)
            _check_paths(shape, selection, records)
    with duckdb.connect(":memory:", config={"enable_external_access": False, "threads": 1}) as connection:
        connection.execute(shape.macros())
        for records in RECORDS:
            if shape.selection(records) is not None:
                _check_sql(connection, shape, records)


def _check_columns(shape: Shape, records: Records) -> None:
    selection = shape.read_columns(records)
    own = shape.selection(records) or selection
    for columns in (selection.read_columns, own.read_columns):
        named = [name.lower() for name in columns]
        for place, name in enumerate(columns):
            if name.lower() in named[:place]:
                raise _MistakeError(f"{records}: column {name!r} is named twice, in whatever case; leave one out")
    known = canonical_columns(records)
    for name in own.select:
        if name not in known:
            message = f"no canonical column; {meant(name, known)}allowed: {', '.join(known)}"
            raise _MistakeError(f"{records}.select.{name}: {message}")
    filled = shape.filled(records)
    for needed in _NEEDED[records]:
        if not filled.intersection(needed):
            raise _MistakeError(
                f"{records}.select: nothing fills {' or '.join(needed)}, without which no record is accepted; "
                "say which column it is, or name a column so"
            )


def _check_paths(shape: Shape, selection: Selection, records: Records) -> None:
    is_json = shape.format in ("json", "ndjson")
    if selection.records and not is_json:
        raise _MistakeError(f"{records}.records: only where format is json or ndjson")
    if selection.nested and selection.records:
        raise _MistakeError(f"{records}: nested and records: one lies in each profile, one in the file; leave one out")
    try:
        if selection.records:
            keys(selection.records)
        if is_json:
            structure(shape.read_columns(records).read_columns)
        if is_json or selection.nested:
            structure(selection.read_columns)
    except JsonPathError as error:
        raise _MistakeError(f"{records}: {error}") from error


def _check_sql(connection: duckdb.DuckDBPyConnection, shape: Shape, records: Records) -> None:
    """Runs the expressions of a shape over three records: all null, all invalid text, and all "1"."""
    own = shape.selection(records)
    if own is None:
        return
    tried = {f"select.{name}": expression for name, expression in shape.expressions(records, None).items()}
    tried |= {f"refuse.{reason}": f"CAST({condition} AS BOOLEAN)" for reason, condition in own.refuse.items()}
    tried |= {"where": f"CAST({own.where} AS BOOLEAN)"} if own.where else {}
    cells = ", ".join(f"cell AS {name}" for name in _names(shape, own))
    if own.nested:
        profile = ", ".join(f"{name}: cell" for name in _names(shape, shape.read_columns(records)))
        cells += f", {{{profile}}} AS profile"

    def run(expressions: Iterable[str], *values: str) -> None:
        rows = ", ".join(f"(CAST({value} AS VARCHAR))" for value in values)
        connection.execute(
            f"SELECT {', '.join(expressions)} FROM (SELECT {cells} FROM (VALUES {rows}) AS cells (cell))"
        ).fetchall()

    try:
        run(tried.values(), "NULL", "'?'", "'1'")
    except duckdb.Error:
        for name, expression in tried.items():
            for value in ("NULL", "'?'", "'1'"):
                try:
                    run([expression], value)
                except duckdb.Error as error:
                    reason = _worded(first_line(error), own.read_columns, connection)
                    remedy = "" if value == "NULL" else "; a cell like that would cost the whole file, so use a macro"
                    raise _MistakeError(f"{records}.{name}: {reason}{remedy}") from error
        raise


def _worded(reason: str, columns: Sequence[str], connection: duckdb.DuckDBPyConnection) -> str:
    """Returns the message for an error of DuckDB; for an unknown name, in terms of shapes."""
    if unknown := re.match(r'Binder Error: Referenced column "(.*)" not found', reason):
        question = meant(unknown[1], columns)
        return f"no column {unknown[1]!r}; {question}allowed: {', '.join(columns)}, as in columns and optional"
    if unknown := re.match(r"Catalog Error: Scalar Function with name (\S+) does not exist", reason):
        macros = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() "
            "WHERE NOT internal AND function_name LIKE '%\\_of' ESCAPE '\\' ORDER BY 1"
        ).fetchall()
        question = meant(unknown[1], [name for (name,) in macros])
        return f"no macro or function {unknown[1]!r}; {question}docs/shapes.md has the macros"
    return reason


def _names(shape: Shape, selection: Selection) -> list[str]:
    return [identifier(shape.column_name(column)) for column in selection.read_columns]


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True


def _first_error(error: ValidationError) -> str:
    # An unknown key first: a misspelt key is also missing under its right name.
    first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        model = Shape if len(first["loc"]) == 1 else Selection
        return f"{key}: unknown key; {meant(str(first['loc'][-1]), model.model_fields)}allowed: {_keys(model)}"
    allowed = _allowed(str(first["loc"][0]))
    return f"{key}: {first['msg']}{f'; allowed: {allowed}' if allowed else ''}"


def _keys(model: type[BaseModel]) -> str:
    return ", ".join("like" if key == "name" else key for key in model.model_fields)


def _allowed(key: str) -> str:
    return Shape.model_fields[key].description or ""
