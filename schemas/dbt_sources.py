"""The published tables as sources of a dbt project.

Belongs here: the format of dbt. Does not: the meaning of columns (the models).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pandera.polars import Check, DataFrameModel

from schemas.describe import summary
from schemas.published import TABLES, published_columns

# Warns after one missed nightly run, and fails after two.
_FRESHNESS = {"warn_after": {"count": 36, "period": "hour"}, "error_after": {"count": 60, "period": "hour"}}


def document() -> dict[str, Any]:
    """Returns the content of dbt's sources.yml: tables, columns, types, and tests of nulls and allowed values.

    Database and schema are dbt variables, by default those of the attached DuckDB file; set them for PostgreSQL.
    """
    return {
        "version": 2,
        "sources": [
            {
                "name": "smallvoices",
                "description": "Ranked micro-influencers, published by smallvoices.",
                "database": "{{ var('smallvoices_database', 'micro_influencers') }}",
                "schema": "{{ var('smallvoices_schema', 'main') }}",
                "tables": [_table(name, model) for name, model in TABLES.items()],
            }
        ],
    }


def _table(name: str, model: type[DataFrameModel]) -> dict[str, Any]:
    checks = {column: field.checks for column, field in model.to_schema().columns.items()}
    described = []
    for column in published_columns(model):
        tests = ([] if column.nullable else ["not_null"]) + list(_allowed_values(checks[column.name]))
        described.append(
            {"name": column.name, "description": column.comment, "data_type": column.duckdb_type.lower()}
            | ({"data_tests": tests} if tests else {})
        )
    freshness = {"config": {"loaded_at_field": "built_at", "freshness": _FRESHNESS}} if name == "_meta" else {}
    return {"name": name, "description": summary(model), **freshness, "columns": described}


def _allowed_values(checks: Sequence[Check]) -> Iterator[dict[str, Any]]:
    for check in checks:
        if check.name == "isin":
            yield {
                "accepted_values": {
                    "arguments": {"values": [str(each) for each in (check.statistics or {})["allowed_values"]]}
                }
            }
