"""The contract of `quarantine`: records that break the contract, with what is wrong and their raw text."""

import pandera.polars as pa
import polars as pl

from schemas.column import column, count

# In place of the number of a record.
WHOLE_FILE = 0


class Quarantine(pa.DataFrameModel):
    """Rejected records, one row each, and one for each file of a source that is refused as a whole."""

    snapshot_date: pl.Date = column("The day that was imported.", nullable=False)
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    records: pl.String = column("Kind of record: profiles or posts.", nullable=False, isin=("profiles", "posts"))
    landed_file: pl.String = column("Landed file, below the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the file; 0 for the file as a whole.", unit="record number", nullable=False
    )
    landed_line: pl.Int64 = count("Line it begins on, where the format has lines.", unit="line number")
    field: pl.String = column("The first column at fault; empty where the record could not be cut into cells.")
    reason: pl.String = column("All that is wrong with it.", nullable=False)
    raw: pl.String = column("The record as it stands in the file, cut at 4,000 characters.")

    class Config:
        strict = True
