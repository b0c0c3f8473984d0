"""The person to erase: one account of one platform, by all its ids and handles.

Belongs here: matching rows and texts to the person. Does not: resolving ids and handles (`identity_resolution`).
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from urllib.parse import quote

import polars as pl

from schemas.column import PLATFORMS

# Shorter numbers are also counts and dates: they are matched in id columns only.
_TELLING_DIGITS = 6


@dataclass(frozen=True)
class Person:
    """One account.

    Attributes:
        platform: Its platform.
        ids: Native ids of the platform and of vendors, without the `@…` placeholders for missing ones.
        handles: Current and former handles, in lower case.
        elsewhere: Handles and days on which the handle belonged to another account.
    """

    platform: str
    ids: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    elsewhere: frozenset[tuple[str, date]] = field(default=frozenset())

    @property
    def names(self) -> frozenset[str]:
        """Returns all ids and handles."""
        return self.ids | self.handles

    def mask(self, rows: pl.DataFrame, day: date) -> pl.Series:
        """Returns a mask of the person's rows: by id, and by handle where a row has no id.

        Args:
            rows: `platform`, `profile_id` and `handle`; rows of an unknown platform match any.
            day: The day that the rows were landed on.
        """
        handles = [handle for handle in self.handles if (handle, day) not in self.elsewhere]
        is_platform = (pl.col("platform") == self.platform) | ~pl.col("platform").is_in(PLATFORMS)
        is_unnamed = pl.col("profile_id").is_null() | pl.col("profile_id").str.starts_with("@")
        is_theirs = pl.col("profile_id").is_in([*self.ids, *(f"@{handle}" for handle in handles)]) | (
            is_unnamed & pl.col("handle").is_in(handles)
        )
        found = rows.select(theirs=is_platform.fill_null(value=True) & is_theirs.fill_null(value=False))
        return found["theirs"].fill_null(value=False)

    def is_named_in(self, text: str) -> bool:
        """Reports whether a text mentions the account: see `mentions`."""
        return self._pattern.search(text) is not None

    def mentions(self, text: str) -> int:
        """Counts the mentions of the account in a text.

        A handle counts behind `@` or `/`, alone in quotes or in a cell, and behind its platform: a handle may be any
        word. An id counts where it stands alone, and under six digits in quotes or in a cell only.
        """
        return sum(1 for _ in self._pattern.finditer(text))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        ends = r"(?![^\s,;|\"'`)\]<&])"
        cell = r"(?:(?:^|[,;|\t\"'`>])\s*{0}\s*(?=$|[,;|\t\"'`<]))"
        parts = []
        for name in sorted(self.ids):
            forms = _forms(name)
            is_telling = not name.isdecimal() or len(name) >= _TELLING_DIGITS
            parts.append(rf"(?<![\w.-]){forms}(?![\w-]|\.\w)" if is_telling else cell.format(forms))
        for name in sorted(self.handles):
            forms = _forms(name)
            parts += [
                rf"(?:[@/\uff20]|%40|%2F){forms}(?![\w-]|\.\w)",
                cell.format(forms),
                rf"\b{self.platform} {forms}{ends}",
            ]
        return re.compile("|".join(parts) if parts else r"(?!)", re.IGNORECASE | re.MULTILINE)


def _forms(name: str) -> str:
    """Returns the spellings of a name in texts: plain, escaped for JSON, and encoded for URLs."""
    forms = dict.fromkeys([name, json.dumps(name)[1:-1], quote(name, safe="")])
    return f"(?:{'|'.join(map(re.escape, forms))})"
