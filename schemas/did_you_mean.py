"""Suggestions of an allowed word for a misspelt one."""

from collections.abc import Iterable
from difflib import get_close_matches

# Shorter words are part of too many others to identify one.
_MIN_LENGTH = 3


def meant(word: str, allowed: Iterable[str]) -> str:
    """Returns "did you mean …?" with the allowed word that contains, is contained in or is closest to a word, or ""."""
    known = list(allowed)
    holding = [each for each in known if min(len(word), len(each)) >= _MIN_LENGTH and (word in each or each in word)]
    near = holding or get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}? " if near else ""
