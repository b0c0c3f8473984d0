"""The published contract as documents: an Open Data Contract Standard file, the data dictionary and dbt sources.

`python -m schemas.contract` generates them from the models and writes them to docs/. The file of a released version
never changes: a change of the name, type, unit or meaning of a column needs a new version.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pandera.polars import DataFrameModel

from schemas import dbt_sources
from schemas.describe import summary
from schemas.published import CONTRACT_IS_OPEN, CONTRACT_VERSION, TABLES, published_columns

DOCS = Path(__file__).resolve().parent.parent / "docs"
DICTIONARY = DOCS / "data_dictionary.md"
DBT_SOURCES = DOCS / "dbt/sources.yml"
FILE = "published/micro_influencers.duckdb"
_LOGICAL_TYPES = {
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "number",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "TIMESTAMP": "timestamp",
    "VARCHAR": "string",
}


def contract_file(version: int) -> Path:
    """Returns the path of the contract of a version."""
    return DOCS / f"contract_v{version}.odcs.yaml"


def contract() -> dict[str, Any]:
    """Returns the contract of the published tables, as a document of the Open Data Contract Standard 3.1."""
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "smallvoices-published",
        "name": "smallvoices published tables",
        "version": f"{CONTRACT_VERSION}.0.0",
        "status": "active",
        "description": {
            "purpose": "Ranked micro-influencers, with the figures that their ranks are computed from.",
            "usage": "Open published/micro_influencers.duckdb read-only, from any DuckDB client since 1.0. Ratios "
            "are fractions, times are UTC.",
            "limitations": "Flags and authenticity are prompts for a review, not verdicts. Sex, age band and country "
            "are only as stated by exports.",
        },
        "servers": [
            {
                "server": "published",
                "type": "duckdb",
                "database": "published/micro_influencers.duckdb",
                "schema": "main",
            }
        ],
        "schema": [_table(name, model) for name, model in TABLES.items()],
    }


def dictionary() -> str:
    """Returns the data dictionary, in Markdown."""
    origin = "Generated from the models in `schemas/` by `make contract`."
    lines = ["# Data dictionary", "", f"The tables of `{FILE}`, contract version {CONTRACT_VERSION}. {origin}"]
    for name, model in TABLES.items():
        lines += [
            "",
            f"## {name}",
            "",
            summary(model),
            "",
            "| column | type | unit | description |",
            "|---|---|---|---|",
        ]
        for column in published_columns(model):
            kind = column.duckdb_type + ("" if column.nullable else ", never null")
            allowed = f" Allowed: {'; '.join(column.constraints)}." if column.constraints else ""
            lines.append(f"| `{column.name}` | {kind} | {column.unit} | {column.description}{allowed} |")
    return "\n".join(lines) + "\n"


def as_yaml(document: Mapping[str, Any]) -> str:
    """Returns a document as YAML text."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _table(name: str, model: type[DataFrameModel]) -> dict[str, Any]:
    checks = {column: field.checks for column, field in model.to_schema().columns.items()}
    properties = []
    for column in published_columns(model):
        described: dict[str, Any] = {
            "name": column.name,
            "logicalType": _LOGICAL_TYPES[column.duckdb_type],
            "physicalType": column.duckdb_type,
            "required": not column.nullable,
            "description": column.description,
        }
        if column.unit:
            described["customProperties"] = [{"property": "unit", "value": column.unit}]
        for check in checks[column.name]:
            described |= _constraint(check.name, check.statistics)
        properties.append(described)
    return {
        "name": name,
        "physicalName": name,
        "physicalType": "table",
        "logicalType": "object",
        "description": summary(model),
        "properties": properties,
    }


def _constraint(check: str, statistics: Mapping[str, Any]) -> dict[str, Any]:
    match check:
        case "isin":
            valid = [str(value) for value in statistics["allowed_values"]]
            rule = {"type": "library", "metric": "invalidValues", "arguments": {"validValues": valid}, "mustBe": 0}
            return {"quality": [rule]}
        case "in_range":
            limits = {"minimum": statistics["min_value"], "maximum": statistics["max_value"]}
        case "greater_than_or_equal_to":
            limits = {"minimum": statistics["min_value"]}
        case "str_length":
            limits = {"maxLength": statistics["max_value"]}
        case _:
            raise ValueError(f"no constraint defined for the check {check}")
    # Limits of times and dates are text: the standard defines no type for them.
    return {"logicalTypeOptions": {key: v if isinstance(v, (int, float)) else str(v) for key, v in limits.items()}}


def main() -> None:
    """Writes the contract, the data dictionary and the dbt sources; never overwrites a released version."""
    path, text = contract_file(CONTRACT_VERSION), as_yaml(contract())
    if not CONTRACT_IS_OPEN and path.exists() and path.read_text(encoding="utf-8") != text:
        sys.exit(
            f"{path} differs from the models: raise CONTRACT_VERSION in schemas/published.py and add it to CHANGELOG.md"
        )
    path.write_text(text, encoding="utf-8")
    DICTIONARY.write_text(dictionary(), encoding="utf-8")
    DBT_SOURCES.write_text(as_yaml(dbt_sources.document()), encoding="utf-8")


if __name__ == "__main__":
    main()
