"""What every row that came from a landed file carries: where it came from, and when.

Belongs here: the columns of provenance and identity shared by `profiles` and `posts`.
"""

from datetime import datetime
from typing import Annotated

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, text

# One type for every point in time: microseconds, UTC, without a zone, so that no client converts it.
Timestamp = Annotated[pl.Datetime, "us", None]

# Before the oldest of the platforms there are no posts and no captures; dates far ahead are typing errors.
EARLIEST = datetime(2004, 1, 1)  # noqa: DTZ001 - times are stored in UTC, without a zone
LATEST = datetime(2100, 1, 1)  # noqa: DTZ001 - as above


def keeps_its_digits(name: str) -> pl.Expr:
    """Whether an id is not the rounded number that spreadsheets make of a long one, such as 1.78414E+16."""
    return ~pl.col(name).str.contains(r"^[0-9][.,][0-9]+[eE]\+?[0-9]+$").fill_null(value=False)


class Landed(pa.DataFrameModel):
    """Identity and provenance of a landed row."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text(
        "The platform's own id of the account, as text; where the export gives none, `@` and the handle.",
        max_length=200,
    )
    handle: pl.String = text("Handle of the account: lower case, without the `@`.", max_length=200)
    captured_at: Timestamp = column("When the vendor took the figures, UTC.", ge=EARLIEST, le=LATEST)
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    data_age_days: pl.Int32 = column(
        "Days between the snapshot date and the day the row was landed: 0, or more where a source failed "
        "and its last good rows were carried forward.",
        unit="days",
        nullable=False,
        ge=0,
        le=30,
    )
    landed_file: pl.String = column("Landed file the row came from, below the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the landed file, the first one being 1; a header and blank lines do not count.",
        unit="record number",
        nullable=False,
    )

    @pa.dataframe_check
    @classmethod
    def neither_profile_id_nor_handle(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A row says whose it is."""
        return data.lazyframe.select(pl.col("profile_id").is_not_null() | pl.col("handle").is_not_null())

    class Config:
        strict = True
