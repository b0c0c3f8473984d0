"""The contract of `contacts`: contact addresses that exports carry, where sources.yaml lets them be published."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, text


class Contacts(pa.DataFrameModel):
    """Contact addresses of accounts on the newest date; empty unless sources.yaml says `publish_contacts: true`."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    handle: pl.String = text("Handle of the account.")
    contact_email: pl.String = text("E-mail address, as the export carries it.", nullable=False, max_length=320)
    snapshot_date: pl.Date = column("The day that it stands for, UTC.", nullable=False)
    source: pl.String = column("Name of the source that carries it.", nullable=False)
    landed_file: pl.String = column("Landed file it came from, below the landing folder.", nullable=False)
    landed_row: pl.Int64 = count("Number of the record in the file.", unit="record number", nullable=False)

    class Config:
        strict = True
