"""Which columns each column of a table is made of, read off its SQL file.

Belongs here: following names through the CTEs of one SELECT. sqlglot's own lineage needs the schema of every input.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import dagster as dg
import sqlglot
from sqlglot import exp

from assets.asset_keys import asset_key
from assets.sql import read_sql

Sources = frozenset[tuple[str, str]]
Columns = Mapping[str, Sources]


def lineage(sql_name: str, upstream: Collection[str]) -> dict[str, dg.MetadataValue[Any]]:
    """Which columns of which assets each column of a SQL file is made of.

    Args:
        sql_name: The file in `assets/sql`.
        upstream: The input tables that are assets.
    """
    deps = {
        column: [
            dg.TableColumnDep(asset_key=asset_key(table), column_name=name)
            for table, name in sorted(sources)
            if table in upstream
        ]
        for column, sources in column_sources(sql_name).items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineageMetadataValue(dg.TableColumnLineage(deps))}


@cache
def column_sources(sql_name: str) -> dict[str, Sources]:
    """Output column to the (table, column) pairs it is computed from, read off the SQL itself."""
    tree = sqlglot.parse_one(read_sql(sql_name), dialect="duckdb")
    known: dict[str, Columns] = {}
    with_ = tree.find(exp.With)
    for cte in with_.expressions if with_ else []:
        known[cte.alias] = _sources_of(cte.this, known)
    return _sources_of(tree, known)


def _sources_of(query: exp.Expr, known: Mapping[str, Columns]) -> dict[str, Sources]:
    if isinstance(query, exp.Subquery):
        return _sources_of(query.this, known)
    if isinstance(query, exp.SetOperation):
        left, right = _sources_of(query.left, known), _sources_of(query.right, known)
        return {name: left[name] | right.get(name, frozenset()) for name in left}
    tables = _tables(query, known)
    found: dict[str, Sources] = {}
    for item in query.expressions:
        if item.is_star:
            of = item.table if isinstance(item, exp.Column) else ""
            for name, table in tables.items():
                if of in ("", name):
                    everything = {"*": frozenset({(table, "*")})} if isinstance(table, str) else table
                    found |= {column: sources for column, sources in everything.items() if column not in found}
        else:
            found[item.alias_or_name] = frozenset().union(
                *(_resolve(column, tables) for column in item.find_all(exp.Column))
            )
    return found


def _tables(query: exp.Expr, known: Mapping[str, Columns]) -> dict[str, Columns | str]:
    """What a SELECT reads from: its own name for it, to known columns or to the name of an input."""
    from_ = query.args.get("from_") or query.args.get("from")
    tables: dict[str, Columns | str] = {}
    for relation in [from_.this if from_ else None, *(join.this for join in query.args.get("joins") or [])]:
        if isinstance(relation, exp.Subquery):
            tables[relation.alias] = _sources_of(relation.this, known)
        elif isinstance(relation, exp.Table):
            tables[relation.alias_or_name] = known.get(relation.name, relation.name)
    return tables


def _resolve(column: exp.Column, tables: Mapping[str, Columns | str]) -> Sources:
    candidates = [tables[column.table]] if column.table in tables else list(tables.values())
    for table in candidates:
        if isinstance(table, str):
            if column.table or len(candidates) == 1:
                return frozenset({(table, column.name)})
        elif column.name in table:
            return table[column.name]
        elif "*" in table:
            return frozenset((source, column.name) for source, _ in table["*"])
    return frozenset()
