"""Which of the allowed words somebody has probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

# Fewer letters are in too many words to tell which one is meant.
_TELLING = 3


def meant(word: str, allowed: Iterable[str]) -> str:
    """The question after the allowed word that holds a word or is held by it, or is the most alike; empty for none."""
    known = list(allowed)
    holding = [each for each in known if min(len(word), len(each)) >= _TELLING and (word in each or each in word)]
    near = holding or get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}? " if near else ""
