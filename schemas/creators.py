"""The contract of `creators`: accounts of one person on several platforms."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, count, text

CREATOR_ID = text(
    "Id shared by the accounts of one person on several platforms: the first of these accounts. Based on links and "
    "shared websites or contact addresses, never on names alone; null for other accounts."
)
CREATOR_REASON = text("Evidence for creator_id, such as: same website as tiktok:123; links to and from youtube:UC1.")


class Creators(pa.DataFrameModel):
    """Accounts of one person on several platforms, under one creator_id."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `profiles`.", nullable=False)
    creator_id: pl.String = CREATOR_ID
    creator_accounts: pl.Int64 = count("Accounts with this creator_id.", unit="accounts", nullable=False)
    creator_reason: pl.String = CREATOR_REASON

    class Config:
        strict = True
