"""Lineage of each column of a table, read from its SQL file.

Belongs here: sqlglot's lineage in the form that Dagster shows. Does not: which tables a file reads (`tables`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from sqlglot import exp
from sqlglot.lineage import lineage as trace

from assets.asset_keys import asset_key
from assets.sql import read_sql


def lineage(sql_name: str, inputs: Mapping[str, Iterable[str]]) -> dict[str, dg.MetadataValue[Any]]:
    """Returns the lineage of the columns of a SQL file as metadata of an asset.

    Args:
        sql_name: The file in `assets/sql`.
        inputs: Columns of each asset that it reads.
    """
    deps = {
        column: [
            dg.TableColumnDep(asset_key=asset_key(table), column_name=name)
            for table, name in sorted(sources)
            if table in inputs
        ]
        for column, sources in column_sources(sql_name, inputs).items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineageMetadataValue(dg.TableColumnLineage(deps))}


def column_sources(sql_name: str, inputs: Mapping[str, Iterable[str]]) -> dict[str, set[tuple[str, str]]]:
    """Returns the (table, column) pairs that each output column is computed from."""
    schema = {table: dict.fromkeys(columns, "unknown") for table, columns in inputs.items()}
    # Trimmed queries are for diagrams, and take ten times as long.
    nodes = trace(None, read_sql(sql_name), schema, dialect="duckdb", trim_selects=False)
    return {
        column: {
            (each.expression.name, exp.to_column(each.name).name)
            for each in node.walk()
            if isinstance(each.expression, exp.Table)
        }
        for column, node in nodes.items()
    }
