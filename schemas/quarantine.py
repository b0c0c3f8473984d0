"""The contract of `quarantine`: records that violate the contract, with the reason and their raw text."""

import pandera.polars as pa
import polars as pl

from schemas.column import column, count

# landed_row of the row that stands for a whole file.
WHOLE_FILE = 0


class Quarantine(pa.DataFrameModel):
    """Rejected records, one row each, and one row for each file of a source that is rejected as a whole."""

    snapshot_date: pl.Date = column("Date of the import, UTC.", nullable=False)
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    records: pl.String = column("Kind of record: profiles or posts.", nullable=False, isin=("profiles", "posts"))
    landed_file: pl.String = column("Landed file, relative to the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the landed file, from 1; 0 for the whole file.", unit="record number", nullable=False
    )
    landed_line: pl.Int64 = count("First line of the record; null in formats without lines.", unit="line number")
    field: pl.String = column("First invalid column; null where the record could not be parsed.")
    reason: pl.String = column("All violations of the record.", nullable=False)
    raw: pl.String = column("Raw record, truncated to 4,000 characters.")

    class Config:
        strict = True
