"""Real accounts that the product takes for cheats. Nearly all of them are honest, so that each is a false alarm.

Belongs here: how many accounts of a set each indicator of authenticity suspects.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from benchmarks.ranking_quality import product
from benchmarks.ranking_quality.fraud import SIGNS
from benchmarks.ranking_quality.post_sets import Posts, window

AUTHENTICITY = "authenticity"
# From here on an account is more likely to cheat than not.
_HALF = 0.5


def evaluate(posts: Posts, scratch: Path) -> dict[str, tuple[int, int]]:
    """Indicator to the accounts that it suspects by more than one half, and those that it can judge."""
    table = product.authenticity(window(posts), scratch)
    counts = {sign: (int((table[sign] > _HALF).sum()), table[sign].drop_nulls().len()) for sign in SIGNS}
    low: pl.Series = table[AUTHENTICITY] < _HALF
    return counts | {f"{AUTHENTICITY} under 0.5": (int(low.sum()), table[AUTHENTICITY].drop_nulls().len())}


def print_false_alarms(each: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
    """One line per indicator that can judge any account."""
    print("\nFALSE ALARMS: accounts that an indicator suspects by more than one half, of those that it can judge")
    print(f"{'':26}" + "".join(f"{name:>26}" for name in each))
    for row in next(iter(each.values())):
        cells = [found[row] for found in each.values()]
        if any(judged for _, judged in cells):
            print(f"  {row:24}" + "".join(f"{_cell(*cell):>26}" for cell in cells))


def _cell(suspected: int, judged: int) -> str:
    return f"{suspected} of {judged} ({100 * suspected / judged:.1f} %)" if judged else "–"
