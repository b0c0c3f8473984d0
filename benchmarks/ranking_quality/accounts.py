"""Accounts and posts as an export shows them, simulated or real: the input of every ranking method.

Belongs here: the visible data. Does not: the truth (`simulator`), and any estimate of it.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

TIER_EDGES = (1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Accounts in arrays of one cell each; posts in arrays sorted by account and then by age, newest first.

    Attributes:
        platform: Of each account.
        followers: Of each account, as exported.
        averaged: True if the export has averages of the account in place of its posts.
        counted: True if the export has the number of posts behind an average.
        account: Of each post, the index of its account.
        age: Of each post, in days before the snapshot.
        likes: Of each post.
        comments: Of each post.
        is_reel: Of each post.
        hidden: True if the post's likes are hidden.
    """

    platform: NDArray[np.str_]
    followers: Integers
    averaged: Flags
    counted: bool = False
    account: Integers
    age: Floats
    likes: Integers
    comments: Integers
    is_reel: Flags
    hidden: Flags

    @cached_property
    def tier(self) -> Integers:
        """Returns the tier of each account: 0 for under 1,000 followers, one more with each digit."""
        return np.searchsorted(TIER_EDGES, self.followers, side="right")

    @cached_property
    def shown(self) -> Flags:
        """Returns a mask of the posts with visible likes."""
        return ~self.hidden & ~self.averaged[self.account]

    @cached_property
    def engagement(self) -> Integers:
        """Likes and comments of each post."""
        return self.likes + self.comments

    @cached_property
    def posts(self) -> Integers:
        """Counts the posts of each account."""
        return np.bincount(self.account, minlength=self.followers.size)

    def average(self) -> tuple[Floats, Floats]:
        """Returns mean likes and mean comments over all posts of each account; NaN for an account without posts."""
        with np.errstate(invalid="ignore"):
            return (
                np.bincount(self.account, self.likes, self.followers.size) / self.posts,
                np.bincount(self.account, self.comments, self.followers.size) / self.posts,
            )

    def part(self, kept: Flags) -> Self:
        """Returns the same accounts with the selected posts only."""
        return replace(
            self,
            account=self.account[kept],
            age=self.age[kept],
            likes=self.likes[kept],
            comments=self.comments[kept],
            is_reel=self.is_reel[kept],
            hidden=self.hidden[kept],
        )
