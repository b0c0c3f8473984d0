"""What people see of a table on its page in the Dagster UI.

Belongs here: row counts, column schema, lineage, previews and plots as Dagster metadata.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import sqlglot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pandera.polars import DataFrameModel
from sqlglot import exp

from assets.sql import read_sql
from schemas.describe import columns, table_schema

PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 12


def of_table(model: type[DataFrameModel], written: Mapping[date, int], newest: Path | None) -> dict[str, dg.MetadataValue[Any]]:
    """Metadata of a table that was computed for some dates.

    Args:
        model: Its contract.
        written: Date to rows.
        newest: The file of the newest date, to preview; None where nothing was written.
    """
    found: dict[str, dg.MetadataValue[Any]] = {
        "dagster/row_count": dg.MetadataValue.int(sum(written.values())),
        "dagster/column_schema": dg.TableSchemaMetadataValue(table_schema(model)),
        "dates": dg.MetadataValue.text(", ".join(f"{day}: {rows:,}" for day, rows in written.items()) or "none"),
    }
    if newest:
        found["preview"] = preview(pl.scan_parquet(newest).head(PREVIEW_ROWS).select(_shown(model)).collect())
    return found


def preview(frame: pl.DataFrame) -> dg.MetadataValue:
    """A frame as a table that the UI renders."""
    with pl.Config(
        tbl_formatting="MARKDOWN", tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True,
        tbl_cols=-1, tbl_rows=-1, tbl_width_chars=-1, fmt_str_lengths=40, float_precision=4,
    ):  # fmt: skip
        return dg.MetadataValue.md(str(frame).replace("<", "&lt;"))


def lineage(sql_name: str, upstream: Mapping[str, str], passed_on: Sequence[str] = ()) -> dict[str, dg.MetadataValue[Any]]:
    """Which columns of which assets each column of a SQL file is made of.

    Args:
        sql_name: The file in `assets/sql`.
        upstream: Name of an input table in the SQL to the asset that it is.
        passed_on: Columns that a `*` in the SQL stands for.
    """
    sources_of = dict(column_sources(sql_name))
    everything = sources_of.pop("*", frozenset())
    for name in passed_on:
        sources_of.setdefault(name, frozenset((table, name) for table, _ in everything))
    deps = {
        column: [dg.TableColumnDep(asset_key=upstream[table], column_name=name) for table, name in sorted(sources) if table in upstream]
        for column, sources in sources_of.items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineageMetadataValue(dg.TableColumnLineage(deps))}


@cache
def column_sources(sql_name: str) -> dict[str, frozenset[tuple[str, str]]]:
    """Output column to the (table, column) pairs it is computed from, read off the SQL itself."""
    tree = sqlglot.parse_one(read_sql(sql_name), dialect="duckdb")
    known: dict[str, dict[str, frozenset[tuple[str, str]]]] = {}
    with_ = tree.find(exp.With)
    for cte in with_.expressions if with_ else []:
        known[cte.alias] = _sources_of(cte.this, known)
    return _sources_of(tree, known)


def _sources_of(
    query: exp.Expression, known: Mapping[str, Mapping[str, frozenset[tuple[str, str]]]]
) -> dict[str, frozenset[tuple[str, str]]]:
    if isinstance(query, exp.Subquery):
        return _sources_of(query.this, known)
    if isinstance(query, exp.SetOperation):
        left, right = _sources_of(query.left, known), _sources_of(query.right, known)
        return {name: left[name] | right.get(name, frozenset()) for name in left}
    tables: dict[str, Mapping[str, frozenset[tuple[str, str]]] | str] = {}
    from_ = query.args.get("from_") or query.args.get("from")
    for relation in [from_.this if from_ else None, *(join.this for join in query.args.get("joins") or [])]:
        if isinstance(relation, exp.Subquery):
            tables[relation.alias] = _sources_of(relation.this, known)
        elif isinstance(relation, exp.Table):
            tables[relation.alias_or_name] = known.get(relation.name, relation.name)
    found: dict[str, frozenset[tuple[str, str]]] = {}
    for item in query.expressions:
        star_of = item.table if isinstance(item, exp.Column) and item.is_star else None
        if item.is_star:
            for name, table in tables.items():
                if isinstance(table, Mapping) and star_of in (None, "", name):
                    found |= {column: sources for column, sources in table.items() if column not in found}
                elif isinstance(table, str) and star_of in (None, "", name):
                    found["*"] = found.get("*", frozenset()) | {(table, "*")}
            continue
        pairs = [_resolve(column, tables) for column in item.find_all(exp.Column)]
        found[item.alias_or_name] = frozenset().union(*pairs) if pairs else frozenset()
    return found


def _resolve(
    column: exp.Column, tables: Mapping[str, Mapping[str, frozenset[tuple[str, str]]] | str]
) -> frozenset[tuple[str, str]]:
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


def engagement_by_tier(benchmarks: pl.DataFrame, title: str) -> dg.MetadataValue:
    """Observed engagement per tier, with its quartiles, beside published figures of the same metric."""
    order = ["nano", "micro", "mid", "macro", "mega"]
    rows = benchmarks.filter(pl.col("metric") == "engagement_ratio")
    figure = Figure(figsize=(7, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    platforms = rows["platform"].unique().sort().to_list()
    for number, platform in enumerate(platforms):
        one = rows.filter(pl.col("platform") == platform).unique("tier", keep="first")
        one = one.filter(pl.col("tier").is_in(order)).sort(pl.col("tier").cast(pl.Enum(order)))
        places = [order.index(tier) + (number - (len(platforms) - 1) / 2) * 0.16 for tier in one["tier"]]
        median = one["median"] * 100
        spread = [(median - one["p25"] * 100).to_list(), (one["p75"] * 100 - median).to_list()]
        axes.errorbar(places, median, yerr=spread, fmt="o", capsize=3, label=f"{platform}: median and quartiles")
    published = rows.filter(pl.col("published_value").is_not_null() & pl.col("tier").is_in(order))
    axes.scatter(
        [order.index(tier) for tier in published["tier"]], published["published_value"] * 100, marker="_", s=500, color="black",
        label="published, same metric",
    )  # fmt: skip
    axes.set_xticks(range(len(order)), order)
    axes.set_ylabel("(likes + comments) / followers, %")
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend(fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")


def _shown(model: type[DataFrameModel]) -> list[str]:
    return [column.name for column in columns(model)][:PREVIEW_COLUMNS]
