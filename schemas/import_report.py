"""The contract of `import_report`: what became of every landed file's records."""

import pandera.polars as pa
import polars as pl

from schemas.column import column, count

# Of what came nothing is published.
REFUSED = ("quarantine_limit_exceeded", "row_count_drop", "unreadable")
STATES = ("published", "carried_forward", *REFUSED, "missing")


class ImportReport(pa.DataFrameModel):
    """The account of every record: landed = accepted + quarantined + deduplicated + erased.

    One row per source, landed file and kind of record; a source of which nothing was landed has one row without
    a file.
    """

    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    state: pl.String = column(
        "published; carried_forward (rows of an earlier day stand in); quarantine_limit_exceeded (too many bad "
        "records, nothing published); row_count_drop (far fewer records than before, nothing published); unreadable "
        "(the file does not match its shape); missing (nothing was landed).",
        nullable=False,
        isin=STATES,
    )
    landed_date: pl.Date = column("The day whose landed files were read.")
    content: pl.String = column("Hash that names the landed files.")
    landed_file: pl.String = column("Landed file, below the landing folder.")
    records: pl.String = column("Kind of records: profiles or posts.", isin=("profiles", "posts"))
    landed: pl.Int64 = count("Records in the file.", unit="records", nullable=False)
    accepted: pl.Int64 = count("Records that hold and count.", unit="records", nullable=False)
    quarantined: pl.Int64 = count(
        "Records that break the contract; of a source that is refused, all of them.", unit="records", nullable=False
    )
    deduplicated: pl.Int64 = count("Older copies of the same account or post.", unit="records", nullable=False)
    erased: pl.Int64 = count(
        "Records of people who asked to be erased: emptied in the file, or left out.", unit="records", nullable=False
    )
    landed_bytes: pl.Int64 = count("Size of the file.", unit="bytes", nullable=False)
    sha256: pl.String = column("Hash of the file.")
    message: pl.String = column("Error and its remedy; null where nothing went wrong.")
    inferred: pl.String = column("Columns of the export that `shape: auto` takes for those of the contract.")

    @pa.dataframe_check
    @classmethod
    def rows_not_accounted_for(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Nothing is lost."""
        return data.lazyframe.select(
            pl.col("landed") == pl.sum_horizontal("accepted", "quarantined", "deduplicated", "erased")
        )

    class Config:
        strict = True
