"""Export shapes: the columns of a vendor, and their mapping to canonical columns.

Belongs here: the model of a shape file and the SELECT that it defines. Does not: reading and checking shape files
(`shape_file`), or opening exports.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, get_args

from pandera.polars import DataFrameModel
from pydantic import BaseModel, ConfigDict, Field

from schemas.column import PLATFORMS
from schemas.describe import columns
from schemas.json_path import keys, member, structure
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.quoting import identifier, literal

Records = Literal["profiles", "posts"]
RECORDS: tuple[Records, ...] = get_args(Records)
MODELS: Mapping[Records, type[DataFrameModel]] = {"profiles": Profiles, "posts": Posts}
SHIPPED = Path(__file__).parent / "shapes"
MACROS = (SHIPPED / "macros.sql").read_text(encoding="utf-8")

# Set by the import; no export can set them.
PROVENANCE = {"source", "snapshot_date", "data_age_days", "landed_file", "landed_row"}

# Default conversion of a column of the export to the canonical column of the same name, by type.
_DEFAULT_MACRO = {
    "BOOLEAN": "flag_of({})",
    "BIGINT": "count_of({})",
    "INTEGER": "count_of({})",
    "DOUBLE": "number_of({})",
    "TIMESTAMP": "time_of({})",
    "VARCHAR": "text_of({})",
}
# Stands in a 32-bit column for UNREADABLE_NUMBER and any other number out of range; not allowed either.
_UNREADABLE_INTEGER = -(2**31)
_DEFAULTS = {"handle": "handle_of({})", "platform": "platform_of({})"}


class ShapeError(ValueError):
    """An invalid shape file; the message names the file, the key and the remedy."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Strict):
    """Mapping of one kind of record of an export."""

    columns: list[str] = Field(description="columns that the export must have; in JSON paths, such as statistics.views")
    optional: list[str] = Field(default=[], description="columns that it may have")
    records: str | None = Field(
        default=None, description="JSON only: the path to the records in each document, such as data.items"
    )
    nested: str | None = Field(
        default=None, description="column, or path, that holds a list of these records in each profile (posts only)"
    )
    in_profiles_file: bool = Field(
        default=False, description="true where the posts are read off the file that carries the profiles (posts only)"
    )
    where: str | None = Field(
        default=None, description="SQL condition; a record for which it is false is of another kind, and left alone"
    )
    refuse: dict[str, str] = Field(
        default={}, description="reason: SQL condition; a record for which it is true is quarantined with that reason"
    )
    select: dict[str, str] = Field(default={}, description="canonical column: SQL expression over the columns")

    @property
    def read_columns(self) -> list[str]:
        """All columns that are read, required ones first."""
        return [*self.columns, *self.optional]


class Shape(_Strict):
    """One export shape, as its YAML file declares it."""

    name: str = Field(description="the file's name without its ending")
    description: str = Field(description="one or two sentences on where such an export comes from")
    format: Literal["csv", "ndjson", "json", "parquet", "xlsx"] | None = Field(
        default=None, description="csv, ndjson, json, parquet or xlsx; left out: by the file's ending"
    )
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = Field(default=",", description="one character")
    encoding: str = Field(default="utf-8", description="a text encoding that Python knows")
    header_line: int = Field(default=1, ge=1, description="line, or row of a sheet, that the header begins on, from 1")
    sheet: str | None = Field(default=None, description="xlsx only: the sheet; left out: the first")
    decimal: Literal[".", ","] = Field(default=".", description='"." or ","')
    thousands: Literal["", ",", ".", " ", "'"] = Field(default="", description='"" (none), ",", ".", " " or "\'"')
    date_order: Literal["YMD", "DMY", "MDY"] = Field(default="YMD", description="YMD, DMY or MDY")
    platform: str | None = Field(default=None, description=f"one of {', '.join(PLATFORMS)}")
    profiles: Selection | None = None
    posts: Selection | None = None

    def selection(self, records: Records) -> Selection | None:
        """Returns the selection of this kind of record, or None where the shape has none."""
        return self.profiles if records == "profiles" else self.posts

    def file_of(self, records: Records) -> Records:
        """Returns the file of a source, profiles or posts, that contains this kind of record."""
        selection = self._selection(records)
        return "profiles" if selection.nested or selection.in_profiles_file else records

    def column_name(self, column: str) -> str:
        """Returns the name of a column in expressions: as declared, a JSON path without the quotes around its keys."""
        return ".".join(keys(column)) if self.format in ("json", "ndjson") else column

    def filled(self, records: Records) -> set[str]:
        """Returns the canonical columns that the shape fills."""
        selection = self._selection(records)
        named = {column for column in canonical_columns(records) if column in selection.read_columns}
        return {*selection.select, *named, *(["platform"] if self.platform else [])}

    def macros(self) -> str:
        """Returns SQL that creates the conversion macros with the marks of this shape, to run once per connection."""
        marks = f"{literal(self.decimal)}, {literal(self.thousands)}"
        own = "decimal_mark, thousands_mark"
        bound = "".join(
            f"CREATE MACRO {name}_of(x) AS parse_{name}(x, {marks}), (x, unit) AS parse_{name}_in(x, unit, {marks}),\n"
            f"    (x, {own}) AS parse_{name}(x, {own}), (x, unit, {own}) AS parse_{name}_in(x, unit, {own});\n"
            for name in ("number", "count")
        )
        return (
            f"{MACROS}\n{bound}"
            f"CREATE MACRO likes_of(x) AS parse_likes(x, {marks}), (x, {own}) AS parse_likes(x, {own});\n"
            f"CREATE MACRO ratio_of(x, unit) AS parse_ratio(x, unit, {marks}),\n"
            f"    (x, unit, {own}) AS parse_ratio(x, unit, {own});\n"
            f"CREATE MACRO time_of(x) AS parse_time(x, {literal(self.date_order)}), (x, date_order) AS "
            "parse_time(x, date_order);\n"
        )

    def query(self, records: Records, relation: str, platform: str | None, *, numbered: bool) -> str:
        """Returns the SELECT from the text columns of an export to the canonical columns.

        Args:
            records: Kind of record.
            relation: Relation to follow FROM, with `read_columns(records)`, all VARCHAR.
            platform: The `platform` of the source: a platform, a column of the export, or None.
            numbered: Whether the relation has `landed_row`.

        Returns:
            SQL for the canonical columns in contract order without those of provenance, then `is_blank` (the record has
            no value), `refused` (the reason of the shape) where the shape has `refuse`, `landed_row` where it is known,
            and for nested records `raw`.
        """
        selection = self._selection(records)
        names = [self.column_name(column) for column in selection.read_columns]
        blank = f"coalesce({', '.join(map(identifier, names))}) IS NULL AS is_blank"
        refused = "".join(f" WHEN {condition} THEN {literal(reason)}" for reason, condition in selection.refuse.items())
        items = ",\n    ".join(
            [
                *(f"{cell} AS {name}" for name, cell in self.expressions(records, platform).items()),
                blank,
                *([f"CASE{refused} END AS refused"] if refused else []),
            ]
        )
        # A record for which the condition is null, such as one that could not be parsed, is kept.
        where = f"\nWHERE coalesce({selection.where}, true)" if selection.where else ""
        number = "landed_row" if numbered else "row_number() OVER () AS landed_row"
        if selection.nested is None:
            if where and not numbered:
                relation = f"(SELECT *, {number} FROM {relation})"
            return (
                f"SELECT\n    {items}{', landed_row' if numbered or where else ''}\nFROM {relation} AS records{where}"
            )
        members = ", ".join(
            f"{member('item', column)} AS {identifier(name)}"
            for column, name in zip(selection.read_columns, names, strict=True)
        )
        cell = f"records.{identifier(self.column_name(selection.nested))}"
        # A value that is not a list yields one unreadable record.
        listed = f"TRY(from_json({cell}, {literal(f'[{structure(selection.read_columns)}]')}))"
        return (
            f"SELECT\n    {items}, landed_row, raw\nFROM (\n"
            f"    SELECT landed_row, profile, CAST(to_json(item) AS VARCHAR) AS raw, {members}\n    FROM (\n"
            f"        SELECT {number}, records AS profile,\n"
            f"            unnest(coalesce({listed}, CASE WHEN NOT is_blank({cell}) THEN [NULL] END)) AS item\n"
            f"        FROM {relation} AS records\n    )\n){where}"
        )

    def read_columns(self, records: Records) -> Selection:
        """Returns the columns of the file that a kind of record needs; for nested records, those of the profile too."""
        selection = self._selection(records)
        if selection.nested is None or self.profiles is None:
            return selection
        nested = [selection.nested] if selection.nested not in self.profiles.read_columns else []
        return Selection(
            columns=self.profiles.columns, optional=[*self.profiles.optional, *nested], records=self.profiles.records
        )

    def expressions(self, records: Records, platform: str | None) -> dict[str, str]:
        """Returns the SQL expression of each canonical column, cast to its type; see `query`."""
        selection = self._selection(records)
        selected = dict(selection.select)
        declared = platform or self.platform
        if declared in PLATFORMS:
            own = selected.get("platform") or (
                f"platform_of({identifier('platform')})" if "platform" in selection.read_columns else "NULL"
            )
            # The platform of the record has precedence over the declared one.
            selected["platform"] = f"coalesce({own}, {literal(declared or '')})"
        elif declared is not None:
            selected["platform"] = f"platform_of({identifier(declared)})"
        if "handle_original" not in selected and (handle := selected.get("handle")):
            # The input of the handle before normalisation.
            selected["handle_original"] = re.sub(r"\bhandle_of\(", "text_of(", handle)
        elif "handle_original" not in selected and "handle" in selection.read_columns:
            selected["handle_original"] = f"text_of({identifier('handle')})"
        found = {}
        for column in columns(MODELS[records]):
            if column.name in PROVENANCE:
                continue
            expression = selected.get(column.name)
            if expression is None and column.name in selection.read_columns:
                template = _DEFAULTS.get(column.name, _DEFAULT_MACRO[column.duckdb_type])
                expression = template.format(identifier(column.name))
            if expression is None:
                found[column.name] = f"CAST(NULL AS {column.duckdb_type})"
            elif column.duckdb_type == "INTEGER":
                found[column.name] = (
                    f"coalesce(try_cast({expression} AS INTEGER), "
                    f"CASE WHEN ({expression}) IS NOT NULL THEN {_UNREADABLE_INTEGER} END)"
                )
            else:
                found[column.name] = f"CAST({expression} AS {column.duckdb_type})"
        return found

    def _selection(self, records: Records) -> Selection:
        selection = self.selection(records)
        if selection is None:
            raise ShapeError(f"shape {self.name} has no {records}")
        return selection


# Stands for a shape that is inferred from the landed file.
AUTO = "auto"
INFERRED = Shape(name=AUTO, description="Columns and formats are inferred from the landed files.")


def canonical_columns(records: Records) -> list[str]:
    """Returns the columns that a shape may fill."""
    return [column.name for column in columns(MODELS[records]) if column.name not in PROVENANCE]
