"""Description of a contract: names, DuckDB types and comments.

Belongs here: converting a pandera model to the schema of another system. Does not: meaning (the models).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
from pandera.polars import DataFrameModel

from schemas.column import limit

_DUCKDB_TYPES: dict[type[pl.DataType], str] = {
    pl.Boolean: "BOOLEAN",
    pl.Date: "DATE",
    pl.Datetime: "TIMESTAMP",
    pl.Float64: "DOUBLE",
    pl.Int32: "INTEGER",
    pl.Int64: "BIGINT",
    pl.String: "VARCHAR",
}


@dataclass(frozen=True)
class Column:
    """One column of a contract."""

    name: str
    polars_type: pl.DataType
    duckdb_type: str
    nullable: bool
    description: str
    unit: str
    constraints: tuple[str, ...]

    @property
    def comment(self) -> str:
        """Description and unit, for COMMENTs and catalogues."""
        return f"{self.description} Unit: {self.unit}." if self.unit else self.description


def columns(model: type[DataFrameModel]) -> list[Column]:
    """Returns the columns of a contract, in order."""
    schema = model.to_schema()
    described = []
    for name, field in schema.columns.items():
        polars_type: Any = field.dtype.type
        metadata = field.metadata or {}
        described.append(
            Column(
                name=name,
                polars_type=polars_type,
                duckdb_type=_DUCKDB_TYPES[polars_type.base_type()],
                nullable=field.nullable,
                description=field.description or "",
                unit=metadata.get("unit", ""),
                constraints=tuple(_words(check.name, check.statistics) for check in field.checks),
            )
        )
    return described


def _words(name: str, statistics: Mapping[str, Any]) -> str:
    """Describes a check."""
    match name:
        case "isin":
            return f"one of {', '.join(map(str, statistics['allowed_values']))}"
        case "in_range":
            return f"from {limit(statistics['min_value'])} to {limit(statistics['max_value'])}"
        case "greater_than_or_equal_to":
            return f"at least {limit(statistics['min_value'])}"
        case "str_length":
            return f"at most {limit(statistics['max_value'])} characters"
    raise ValueError(f"no description defined for the check {name}")


def summary(model: type[DataFrameModel]) -> str:
    """Returns the description of a table: the first line of the docstring of its model."""
    return (model.__doc__ or "").strip().splitlines()[0]


@cache
def polars_schema(model: type[DataFrameModel]) -> pl.Schema:
    """Returns the contract as a Polars schema."""
    return pl.Schema({column.name: column.polars_type for column in columns(model)})
