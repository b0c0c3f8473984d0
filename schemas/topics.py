"""The contract of `topics`: sector and tone inferred from words."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, text


class Topics(pa.DataFrameModel):
    """Sector and tone of accounts whose export has none, inferred with a lexicon."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `profiles`.", nullable=False)
    sector: pl.String = column(
        "Sector with most matches of schemas/lexicon.csv; null where the export has one, without matches or in a tie."
    )
    tone: pl.String = column(
        "Tone with most matches of schemas/lexicon.csv; null where the export has one, without matches or in a tie."
    )

    class Config:
        strict = True
