"""What people see of a table on its page in the Dagster UI.

Belongs here: row counts, column schema, previews and plots as Dagster metadata.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import polars.selectors as cs
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from pandera.polars import DataFrameModel

from assets.computing import reference
from schemas.contact_data import redacted
from schemas.describe import columns, table_schema

PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 12
_TELLING = (
    "rank", "score", "reason", "field", "raw", "handle", "platform", "followers", "tier", "engagement_ratio",
    "engagement_low", "engagement_estimate", "engagement_high", "lift", "authenticity", "flags",
)  # fmt: skip
_DIGITS = 4


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
    """A frame as a table that the UI renders: four digits of a fraction, nothing where there is nothing."""
    floats = cs.float()
    cells = frame.with_columns(floats.round_sig_figs(_DIGITS)).select(
        # What would end a cell, a row or the table, or begin a tag.
        redacted(pl.all().cast(pl.String)).fill_null("").str.replace_all(r"\s+", " ")
        .str.replace_all("|", "\\|", literal=True)
        .str.replace_all("<", "&lt;", literal=True)
    )  # fmt: skip
    with pl.Config(
        tbl_formatting="MARKDOWN", tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True,
        tbl_cols=-1, tbl_rows=-1, tbl_width_chars=-1, fmt_str_lengths=60,
    ):  # fmt: skip
        return dg.MetadataValue.md(str(cells))


def listed(sentences: Sequence[str], most: int) -> str:
    """Sentences of a check, as a list where there are several; the UI renders Markdown."""
    told = [*sentences[:most], *([f"and {len(sentences) - most:,} more"] if len(sentences) > most else [])]
    return told[0] if len(told) == 1 else "\n".join(f"- {sentence}" for sentence in told)


def engagement_by_tier(benchmarks: pl.DataFrame, title: str) -> dg.MetadataValue:
    """Observed engagement per tier, with its quartiles, beside published figures of the same platform and metric."""
    order = reference("tiers")["tier"].to_list()
    rows = benchmarks.filter((pl.col("metric") == "engagement_ratio") & pl.col("tier").is_in(order))
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    platforms = rows["platform"].unique().sort().to_list()
    for number, platform in enumerate(platforms):
        one = rows.filter(pl.col("platform") == platform)
        colour, aside = f"C{number}", (number - (len(platforms) - 1) / 2) * 0.8 / len(platforms)
        observed = one.unique("tier", keep="first", maintain_order=True)
        median = observed["median"] * 100
        axes.errorbar(
            [order.index(tier) + aside for tier in observed["tier"]], median,
            yerr=[(median - observed["p25"] * 100).to_list(), (observed["p75"] * 100 - median).to_list()],
            fmt="o", capsize=3, color=colour, label=f"{platform}: median and quartiles",
        )  # fmt: skip
        published = one.filter(pl.col("published_value").is_not_null())
        if published.height:
            axes.scatter(
                [order.index(tier) + aside for tier in published["tier"]], published["published_value"] * 100,
                marker="_", s=350, linewidths=2.5, color=colour, alpha=0.45, label=f"{platform}: published elsewhere",
            )  # fmt: skip
    axes.set_xticks(range(len(order)), order)
    axes.set_ylabel("(likes + comments) / followers, %")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left")
    axes.legend(fontsize=8, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return dg.MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})")


def _names(model: type[DataFrameModel]) -> list[str]:
    return [column.name for column in columns(model)]


def _shown(model: type[DataFrameModel]) -> list[str]:
    """The columns of a preview: what tells most, then the others in their order."""
    names = _names(model)
    first = [name for name in _TELLING if name in names]
    return (first + [name for name in names if name not in first])[:PREVIEW_COLUMNS]
