"""The contract of `topics`: sector and tone as words tell them."""

import pandera.polars as pa
import polars as pl

from schemas.column import PLATFORMS, column, text


class Topics(pa.DataFrameModel):
    """Sector and tone of accounts whose export names none, by a lexicon of words."""

    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `profiles`.", nullable=False)
    sector: pl.String = column("Sector with most words of schemas/lexicon.csv, where the export names none.")
    tone: pl.String = column("Tone with most words of schemas/lexicon.csv, where the export names none.")

    class Config:
        strict = True
