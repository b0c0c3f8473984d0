"""The published tables as sources of a dbt project.

Belongs here: the document of dbt's own form. Does not: meaning, which is the models'.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from pandera.polars import Check, DataFrameModel

from schemas.describe import summary
from schemas.published import TABLES, published_columns

# A warning and an error after the date that a nightly run should have published.
_FRESHNESS = {"warn_after": {"count": 36, "period": "hour"}, "error_after": {"count": 60, "period": "hour"}}


def document() -> dict[str, Any]:
    """Returns the content of dbt's sources.yml: tables, columns, types, and tests of nulls and allowed values.

    Database and schema are variables: those of the attached file by default, and of PostgreSQL where they are set.
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
