"""Metadata of a table's page in the Dagster UI.

Belongs here: row counts, column schema and previews as Dagster metadata.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import polars.selectors as cs
from pandera.polars import DataFrameModel

from schemas.contact_data import redacted
from schemas.describe import columns

PREVIEW_ROWS = 8
PREVIEW_COLUMNS = 12
_TELLING = (
    "rank", "score", "reason", "field", "raw", "handle", "platform", "followers", "tier", "engagement_ratio",
    "engagement_ci_lower", "engagement_estimate", "engagement_ci_upper", "lift", "authenticity", "flags",
)  # fmt: skip
_DIGITS = 4


def of_table(
    model: type[DataFrameModel], written: Mapping[date, int], newest: Path | None
) -> dict[str, dg.MetadataValue[Any]]:
    """Returns the metadata of a table that was computed for some dates.

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
    """Formats a frame as a table that the UI renders: four digits of a fraction, nothing for nulls."""
    floats = cs.float()
    cells = frame.with_columns(floats.round_sig_figs(_DIGITS)).select(
        # Characters that would end a cell, a row or the table, or open a tag.
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
    """Formats the sentences of a check, as a Markdown list if there are several."""
    told = [*sentences[:most], *([f"and {len(sentences) - most:,} more"] if len(sentences) > most else [])]
    return told[0] if len(told) == 1 else "\n".join(f"- {sentence}" for sentence in told)


def _names(model: type[DataFrameModel]) -> list[str]:
    return [column.name for column in columns(model)]


def _shown(model: type[DataFrameModel]) -> list[str]:
    """Returns the columns of a preview: the most important, then the others in their order."""
    names = _names(model)
    first = [name for name in _TELLING if name in names]
    return (first + [name for name in names if name not in first])[:PREVIEW_COLUMNS]


def table_schema(model: type[DataFrameModel]) -> dg.TableSchema:
    """Returns the contract as Dagster's table schema."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.duckdb_type,
                description=column.comment,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, other=list(column.constraints)),
            )
            for column in columns(model)
        ]
    )
