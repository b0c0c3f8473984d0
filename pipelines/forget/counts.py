"""Counts of a person in the rows of a table, for any storage of the table.

Belongs here: counting, by the columns of identity and in text. Does not: opening files or databases.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import polars as pl

from assets.erasing.records import IDENTITY
from pipelines.forget.person import Person


class Counts(NamedTuple):
    """The number of records of a person, and of mentions of the account in other people's content."""

    found: int
    mentions: int


def in_frames(person: Person, frames: Iterable[pl.DataFrame]) -> Counts:
    """Counts the rows of a person in a table, and the cells of other people that mention the account."""
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
    """Yields the text cells of a table, equal ones of a column once."""
    for column in frame.iter_columns():
        if column.dtype == pl.String:
            yield from column.drop_nulls().unique().to_list()
