"""Columns of identity and provenance of a landed row, shared by `profiles` and `posts`."""

from datetime import datetime
from typing import Annotated

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, text

# The type of every timestamp: microseconds, UTC, without a time zone, so that no client converts it.
Timestamp = Annotated[pl.Datetime, "us", None]

# The oldest platform dates from 2004; dates in the far future are typing errors.
EARLIEST = datetime(2004, 1, 1)  # noqa: DTZ001 - times are stored in UTC, without a zone
LATEST = datetime(2100, 1, 1)  # noqa: DTZ001 - as above


def keeps_its_digits(name: str) -> pl.Expr:
    """Returns an expression that is false for ids that a spreadsheet has rounded, such as 1.78414E+16."""
    return ~pl.col(name).str.contains(r"^[0-9][.,][0-9]+[eE]\+?[0-9]+$").fill_null(value=False)


class Landed(pa.DataFrameModel):
    """Identity and provenance of a landed row."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text(
        "Id of the account on the platform, as text; `@` and the handle where the export has no id.",
        max_length=200,
    )
    handle: pl.String = text("Handle of the account, in lower case and without the `@`.", max_length=200)
    captured_at: Timestamp = column(
        "Time at which the vendor captured the figures, UTC; null where the export does not state it.",
        ge=EARLIEST,
        le=LATEST,
    )
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    data_age_days: pl.Int32 = column(
        "Days from the landing of the row to the snapshot date; over 0 where the source failed and its last valid rows "
        "were carried forward.",
        unit="days",
        nullable=False,
        ge=0,
        le=30,
    )
    landed_file: pl.String = column("Landed file of the row, relative to the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the landed file, from 1; headers and blank lines are not counted.",
        unit="record number",
        nullable=False,
    )

    @pa.dataframe_check
    @classmethod
    def neither_profile_id_nor_handle(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A row identifies its account by id or handle."""
        return data.lazyframe.select(pl.col("profile_id").is_not_null() | pl.col("handle").is_not_null())

    class Config:
        strict = True
