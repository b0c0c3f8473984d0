"""The contract of `import_report`: counts of accepted and rejected records by landed file."""

import pandera.polars as pa
import polars as pl

from schemas.column import column, count

# States in which nothing of the landed files is published.
REFUSED = ("quarantine_limit_exceeded", "row_count_drop", "unreadable")
STATES = ("published", "carried_forward", *REFUSED, "missing")


class ImportReport(pa.DataFrameModel):
    """Reconciliation of records: landed = accepted + quarantined + deduplicated + erased.

    One row per source, landed file and kind of record; a source without landed files has one row without a file.
    """

    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    state: pl.String = column(
        "published; carried_forward (rows of an earlier date are used); quarantine_limit_exceeded (too many invalid "
        "records, nothing published); row_count_drop (far fewer records than before, nothing published); unreadable "
        "(the file does not match its shape); missing (nothing was landed).",
        nullable=False,
        isin=STATES,
    )
    landed_date: pl.Date = column("Date of the landed files that were read, UTC; null where nothing was landed.")
    content: pl.String = column("Hash that identifies the landed files.")
    landed_file: pl.String = column("Landed file, relative to the landing folder.")
    records: pl.String = column("Kind of records: profiles or posts.", isin=("profiles", "posts"))
    landed: pl.Int64 = count("Records in the file.", unit="records", nullable=False)
    accepted: pl.Int64 = count("Records that satisfy the contract and are used.", unit="records", nullable=False)
    quarantined: pl.Int64 = count(
        "Records that violate the contract; all records where the source is rejected as a whole.",
        unit="records",
        nullable=False,
    )
    deduplicated: pl.Int64 = count("Older duplicates of an account or post.", unit="records", nullable=False)
    erased: pl.Int64 = count(
        "Records of erased persons: blanked in the file, or excluded from the import.", unit="records", nullable=False
    )
    landed_bytes: pl.Int64 = count("Size of the file.", unit="bytes", nullable=False)
    sha256: pl.String = column("Hash of the file.")
    message: pl.String = column("Error and its remedy; null without an error.")
    inferred: pl.String = column(
        "Mapping of columns of the export to columns of the contract, inferred by `shape: auto`; else null."
    )

    @pa.dataframe_check
    @classmethod
    def rows_not_accounted_for(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """The counts of a file add up to its landed records."""
        return data.lazyframe.select(
            pl.col("landed") == pl.sum_horizontal("accepted", "quarantined", "deduplicated", "erased")
        )

    class Config:
        strict = True
