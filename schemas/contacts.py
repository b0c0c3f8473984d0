"""The contract of `contacts`: contact addresses of exports, where sources.yaml allows their publication."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, text


class Contacts(pa.DataFrameModel):
    """Contact addresses of accounts on the newest date; empty unless sources.yaml sets `publish_contacts: true`."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    handle: pl.String = text("Handle of the account.")
    contact_email: pl.String = text("E-mail address, as in the export.", nullable=False, max_length=320)
    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    landed_file: pl.String = column("Landed file of the row, relative to the landing folder.", nullable=False)
    landed_row: pl.Int64 = count(
        "Number of the record in the landed file, from 1.", unit="record number", nullable=False
    )

    class Config:
        strict = True
