"""The contract of `creators`: accounts of one person on several platforms."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, text

CREATOR_ID = text(
    "Stands for one person's accounts on several platforms: the first of them. Only where accounts state each other, "
    "never by a name alone."
)
CREATOR_REASON = text("What states it, such as: same website as tiktok:123; links to and from youtube:UC1.")


class Creators(pa.DataFrameModel):
    """Accounts that state each other, under one creator_id."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `profiles`.", nullable=False)
    creator_id: pl.String = CREATOR_ID
    creator_accounts: pl.Int64 = count("Accounts under this creator_id.", unit="accounts", nullable=False)
    creator_reason: pl.String = CREATOR_REASON

    class Config:
        strict = True
