"""What people see of a table on its page in the Dagster UI.

Belongs here: row counts, column schema, previews and plots as Dagster metadata.
"""

import base64
import io
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pandera.polars import DataFrameModel

from schemas.describe import columns, table_schema

PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 12


def of_table(
    model: type[DataFrameModel], written: Mapping[date, int], newest: Path | None
) -> dict[str, dg.MetadataValue[Any]]:
    """Metadata of a table that was computed for some dates.

    Args:
        model: Its contract.
        written: Date to rows; the row count shown is that of the newest.
        newest: The file of the newest date, to preview; None where nothing was written.
    """
    found: dict[str, dg.MetadataValue[Any]] = {
        "dagster/row_count": dg.MetadataValue.int(written[max(written)] if written else 0),
        "dagster/column_schema": dg.TableSchemaMetadataValue(table_schema(model)),
        "dates": dg.MetadataValue.text(", ".join(f"{day}: {rows:,}" for day, rows in written.items()) or "none"),
    }
    if newest:
        rows = pl.scan_parquet(newest)
        if "rank" in _names(model):
            rows = rows.sort("rank", nulls_last=True)
        found["preview"] = preview(rows.head(PREVIEW_ROWS).select(_shown(model)).collect())
    return found


def preview(frame: pl.DataFrame) -> dg.MetadataValue:
    """A frame as a table that the UI renders."""
    with pl.Config(
        tbl_formatting="MARKDOWN", tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True,
        tbl_cols=-1, tbl_rows=-1, tbl_width_chars=-1, fmt_str_lengths=40, float_precision=4,
    ):  # fmt: skip
        return dg.MetadataValue.md(str(frame).replace("<", "&lt;"))


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
        [order.index(tier) for tier in published["tier"]], published["published_value"] * 100,
        marker="_", s=500, color="black", label="published, same metric",
    )  # fmt: skip
    axes.set_xticks(range(len(order)), order)
    axes.set_ylabel("(likes + comments) / followers, %")
    axes.set_ylim(bottom=0)
    axes.set_title(title)
    axes.legend(fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")


def _names(model: type[DataFrameModel]) -> list[str]:
    return [column.name for column in columns(model)]


def _shown(model: type[DataFrameModel]) -> list[str]:
    """The columns of a preview: rank and score first, where there are any."""
    names = _names(model)
    first = [name for name in ("rank", "score") if name in names]
    return (first + [name for name in names if name not in first])[:PREVIEW_COLUMNS]
