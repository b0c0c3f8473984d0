"""The person who is to be erased: one account of one platform, by every id and handle that it is known by.

Belongs here: whether a row, or a text, is theirs. Does not: how the ids and handles are found (`identity_resolution`).
"""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from urllib.parse import quote

import polars as pl

from schemas.column import PLATFORMS

# Shorter numbers are also counts and dates: they are told in columns of ids only.
_TELLING_DIGITS = 6


@dataclass(frozen=True)
class Person:
    """One account.

    Attributes:
        platform: Its platform.
        ids: Native ids of the platform and of vendors; without the `@…` that stand in for missing ones.
        handles: Handles, lower case, those of before too.
        elsewhere: Handle and day on which that handle was another account's.
    """

    platform: str
    ids: frozenset[str] = frozenset()
    handles: frozenset[str] = frozenset()
    elsewhere: frozenset[tuple[str, date]] = field(default=frozenset())

    @property
    def names(self) -> frozenset[str]:
        """All ids and handles."""
        return self.ids | self.handles

    def mask(self, rows: pl.DataFrame, day: date) -> pl.Series:
        """Which rows are theirs: by id, and by handle where a row has no id.

        Args:
            rows: `platform`, `profile_id` and `handle`; where the platform is unknown it may be theirs.
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
        """Whether a text names the account: see `mentions`."""
        return self._pattern.search(text) is not None

    def mentions(self, text: str) -> int:
        """How often a text names the account.

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
    """A name as texts may write it: as it is, as JSON escapes it, and as addresses do."""
    forms = dict.fromkeys([name, json.dumps(name)[1:-1], quote(name, safe="")])
    return f"(?:{'|'.join(map(re.escape, forms))})"
