"""Export shapes: a file that says what a vendor's columns are and how they become the canonical ones.

Belongs here: the model of a shape file, its checks, and the SELECT it stands for. Does not: opening exports.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

import yaml
from pandera.polars import DataFrameModel
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.column import PLATFORMS
from schemas.describe import columns
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.quoting import identifier, literal

Records = Literal["profiles", "posts"]
RECORDS: tuple[Records, ...] = get_args(Records)
MODELS: Mapping[Records, type[DataFrameModel]] = {"profiles": Profiles, "posts": Posts}
SHIPPED = Path(__file__).parent / "shapes"
MACROS = (SHIPPED / "macros.sql").read_text(encoding="utf-8")

# Filled while landing; no export can set them.
PROVENANCE = {"source", "snapshot_date", "snapshot_age_days", "landed_file", "landed_row"}

# How a canonical column reads a column of the same name, where the shape says nothing else.
_DEFAULT_MACRO = {
    "BOOLEAN": "flag_of({})",
    "BIGINT": "count_of({})",
    "INTEGER": "count_of({})",
    "DOUBLE": "number_of({})",
    "TIMESTAMP": "time_of({})",
    "VARCHAR": "text_of({})",
}
# What the 64 bits of UNREADABLE_NUMBER, or of any other number out of range, are in a column of 32: not allowed either.
_UNREADABLE_INTEGER = -(2**31)
_DEFAULTS = {"handle": "handle_of({})", "platform": "lower(text_of({}))"}


class ShapeError(ValueError):
    """A shape file that cannot be used; the message names the file, the key and the remedy."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Strict):
    """How one kind of record is read off an export."""

    columns: list[str] = Field(description="columns that the export must have")
    optional: list[str] = Field(default=[], description="columns that it may have")
    nested: str | None = Field(default=None, description="column that holds a list of these records (posts only)")
    select: dict[str, str] = Field(default={}, description="canonical column: SQL expression over the columns")

    @property
    def read_columns(self) -> list[str]:
        """Every column read, required ones first."""
        return [*self.columns, *self.optional]


class Shape(_Strict):
    """One export shape, as its YAML file declares it."""

    name: str = Field(description="the file's name without its ending")
    description: str = Field(description="one or two sentences on where such an export comes from")
    format: Literal["csv", "ndjson", "json", "parquet"] | None = Field(
        default=None, description="csv, ndjson, json or parquet; left out: by the file's ending"
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(default=",", description="one character")
    encoding: str = Field(default="utf-8", description="a text encoding that Python knows")
    decimal: Literal[".", ","] = Field(default=".", description='"." or ","')
    thousands: Literal["", ",", ".", " ", "'"] = Field(default="", description='"" (none), ",", ".", " " or "\'"')
    platform: str | None = Field(default=None, description=f"one of {', '.join(PLATFORMS)}")
    profiles: Selection | None = None
    posts: Selection | None = None

    def selection(self, records: Records) -> Selection | None:
        """How this kind of record is read, or None where the shape has none."""
        return self.profiles if records == "profiles" else self.posts

    def macros(self) -> str:
        """The conversion macros, bound to the marks of this shape, as SQL to run once per connection."""
        marks = f"{literal(self.decimal)}, {literal(self.thousands)}"
        bound = "".join(
            f"CREATE MACRO {name}_of(x) AS parse_{name}(x, {marks});\n" for name in ("number", "count", "likes")
        )
        return f"{MACROS}\n{bound}CREATE MACRO ratio_of(x, unit) AS parse_ratio(x, unit, {marks});\n"

    def query(self, records: Records, relation: str, platform: str | None, *, numbered: bool) -> str:
        """The SELECT from an export's columns of text to the canonical columns.

        Args:
            records: Which kind of record.
            relation: What stands behind FROM: `read_columns(records)`, all VARCHAR.
            platform: What the source declares: a platform, a column of the export, or None.
            numbered: Whether the relation carries `landed_row`.

        Returns:
            SQL that gives the canonical columns in contract order without those of provenance, then `is_blank`
            (nothing of the record could be read), `landed_row` where it is known, and for nested records `raw`.
        """
        selection = self._selection(records)
        blank = f"coalesce({', '.join(map(identifier, selection.read_columns))}) IS NULL AS is_blank"
        items = f"{self._projection(records, platform)},\n    {blank}"
        if selection.nested is None:
            return f"SELECT\n    {items}{', landed_row' if numbered else ''}\nFROM {relation} AS records"
        number = "landed_row" if numbered else "row_number() OVER () AS landed_row"
        keys = ", ".join(f'"{key}": "VARCHAR"' for key in selection.read_columns)
        cell = f"records.{identifier(selection.nested)}"
        # What is no list is one record that cannot be read.
        listed = f"TRY(from_json({cell}, {literal(f'[{{{keys}}}]')}))"
        return (
            f"SELECT\n    {items}, landed_row, raw\nFROM (\n"
            "    SELECT landed_row, profile, CAST(to_json(item) AS VARCHAR) AS raw, unnest(item)\n    FROM (\n"
            f"        SELECT {number}, records AS profile,\n"
            f"            unnest(coalesce({listed}, CASE WHEN NOT is_blank({cell}) THEN [NULL] END)) AS item\n"
            f"        FROM {relation} AS records\n    )\n)"
        )

    def read_columns(self, records: Records) -> Selection:
        """The columns of the file that a kind of record needs; nested records need their profile's too."""
        selection = self._selection(records)
        if selection.nested is None or self.profiles is None:
            return selection
        return Selection(columns=self.profiles.columns, optional=[*self.profiles.optional, selection.nested])

    def _selection(self, records: Records) -> Selection:
        selection = self.selection(records)
        if selection is None:
            raise ShapeError(f"shape {self.name} has no {records}")
        return selection

    def _projection(self, records: Records, platform: str | None) -> str:
        selection = self._selection(records)
        expressions = dict(selection.select)
        declared = platform or self.platform
        if declared in PLATFORMS:
            expressions["platform"] = literal(declared or "")
        elif declared is not None:
            expressions["platform"] = f"lower(text_of({identifier(declared)}))"
        items = []
        for column in columns(MODELS[records]):
            if column.name in PROVENANCE:
                continue
            expression = expressions.get(column.name)
            if expression is None and column.name in selection.read_columns:
                template = _DEFAULTS.get(column.name, _DEFAULT_MACRO[column.duckdb_type])
                expression = template.format(identifier(column.name))
            cell = f"CAST({expression or 'NULL'} AS {column.duckdb_type})"
            if column.duckdb_type == "INTEGER" and expression:
                cell = (
                    f"coalesce(try_cast({expression} AS INTEGER), "
                    f"CASE WHEN ({expression}) IS NOT NULL THEN {_UNREADABLE_INTEGER} END)"
                )
            items.append(f"{cell} AS {column.name}")
        return ",\n    ".join(items)


def canonical_columns(records: Records) -> list[str]:
    """The columns a shape may fill."""
    return [column.name for column in columns(MODELS[records]) if column.name not in PROVENANCE]


def find(name: str, folder: Path) -> Path | None:
    """The file of a shape: in the user's own folder first, then among the shipped ones."""
    return next((path for path in (folder / f"{name}.yaml", SHIPPED / f"{name}.yaml") if path.is_file()), None)


def available(folder: Path) -> list[str]:
    """Names of all shapes that a source may use."""
    return sorted({path.stem for place in (folder, SHIPPED) for path in place.glob("*.yaml")})


def load(name: str, folder: Path) -> Shape:
    """Reads and checks a shape.

    Args:
        name: Its name.
        folder: The user's own shapes (the folder `shapes` beside sources.yaml); need not exist.

    Returns:
        The shape.

    Raises:
        ShapeError: There is no such shape, or its file has a mistake.
    """
    path = find(name, folder)
    if path is None:
        raise ShapeError(f"no shape {name!r}; allowed: {', '.join(available(folder))}, or a file {folder / name}.yaml")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(document, dict) and "name" in document:
            raise ShapeError(f"{path}: name: unknown key; allowed: {_keys(Shape)}")
        shape = Shape(name=name, **document)
    except (OSError, UnicodeDecodeError) as error:
        raise ShapeError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ShapeError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    except (ValidationError, TypeError) as error:
        raise ShapeError(f"{path}: {_first_mistake(error)}") from error
    _check(shape, path)
    return shape


def _check(shape: Shape, path: Path) -> None:
    if shape.profiles is None and shape.posts is None:
        raise ShapeError(f"{path}: needs profiles, posts, or both")
    refused = {
        "platform": shape.platform not in (None, *PLATFORMS),
        "delimiter": shape.delimiter in '"\r\n',
        "encoding": not _is_encoding(shape.encoding),
        "thousands": shape.thousands == shape.decimal,
    }
    for key in (key for key, is_refused in refused.items() if is_refused):
        raise ShapeError(f"{path}: {key}: {getattr(shape, key)!r} is not allowed; allowed: {_allowed(key)}")
    if shape.profiles is not None and shape.profiles.nested:
        raise ShapeError(f"{path}: profiles.nested: only posts can be nested")
    for records in RECORDS:
        selection = shape.selection(records)
        if selection is not None:
            _check_selection(selection, records, path)


def _check_selection(selection: Selection, records: Records, path: Path) -> None:
    named = [name.lower() for name in selection.read_columns]
    for place, name in enumerate(selection.read_columns):
        if name.lower() in named[:place]:
            raise ShapeError(f"{path}: {records}: column {name!r} is named twice, in whatever case; leave one out")
    known = canonical_columns(records)
    for name in selection.select:
        if name not in known:
            raise ShapeError(f"{path}: {records}.select.{name}: no canonical column; allowed: {', '.join(known)}")


def _is_encoding(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return True


def _first_mistake(error: ValidationError | TypeError) -> str:
    if isinstance(error, TypeError):
        return "must be a mapping with description, format, and profiles or posts"
    # An unknown key first: a misspelt one is missing under its right name, too.
    first = min(error.errors(), key=lambda mistake: mistake["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key; allowed: {_keys(Shape if len(first['loc']) == 1 else Selection)}"
    allowed = _allowed(str(first["loc"][0]))
    return f"{key}: {first['msg']}{f'; allowed: {allowed}' if allowed else ''}"


def _keys(model: type[BaseModel]) -> str:
    return ", ".join(key for key in model.model_fields if key != "name")


def _allowed(key: str) -> str:
    return Shape.model_fields[key].description or ""
