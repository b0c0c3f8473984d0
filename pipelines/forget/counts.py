"""How often a person is in the rows of a table, whatever holds the table.

Belongs here: counting, by the columns of identity and in text. Does not: opening files or databases.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import polars as pl

from assets.erasing.records import IDENTITY
from pipelines.forget.person import Person


class Counts(NamedTuple):
    """How often a person is somewhere, and how often other people's content there names the account."""

    found: int
    mentions: int


def in_frames(person: Person, frames: Iterable[pl.DataFrame]) -> Counts:
    """How often a person is in the rows of a table, and how often other people's cells in it name the account."""
    found = mentions = 0
    for frame in frames:
        rest = frame
        if {"platform", "profile_id"} <= set(frame.columns):
            names = frame.with_columns(
                pl.lit(None, dtype=pl.String).alias(name) for name in IDENTITY if name not in frame.columns
            )
            theirs = person.mask(names.select(*IDENTITY), date.max)
            found += int(theirs.sum())
            rest = frame.filter(~theirs).drop(IDENTITY, strict=False)
        mentions += sum(person.mentions(cell) for cell in cells(rest) if not cell.isalnum())
    return Counts(found, mentions)


def cells(frame: pl.DataFrame) -> Iterator[str]:
    """The cells of text of a table, equal ones of a column once."""
    for column in frame.iter_columns():
        if column.dtype == pl.String:
            yield from column.drop_nulls().unique().to_list()
