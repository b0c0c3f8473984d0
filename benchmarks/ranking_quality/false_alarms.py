"""Real accounts that the product suspects of fraud. Nearly all of them are honest, so each counts as a false alarm.

Belongs here: the number of accounts of a set that each indicator of authenticity suspects.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from benchmarks.ranking_quality import product
from benchmarks.ranking_quality.fraud import SIGNS
from benchmarks.ranking_quality.post_sets import Posts, window

AUTHENTICITY = "authenticity"
# From this suspicion on, fraud is more likely than not.
_HALF = 0.5


def evaluate(posts: Posts, scratch: Path) -> dict[str, tuple[int, int]]:
    """Counts per indicator the accounts that it suspects by more than one half, and those that it can evaluate."""
    table = product.authenticity(window(posts), scratch)
    counts = {sign: (int((table[sign] > _HALF).sum()), table[sign].drop_nulls().len()) for sign in SIGNS}
    low: pl.Series = table[AUTHENTICITY] < _HALF
    return counts | {f"{AUTHENTICITY} under 0.5": (int(low.sum()), table[AUTHENTICITY].drop_nulls().len())}


def print_false_alarms(each: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
    """Prints one line per indicator that can evaluate any account."""
    print("\nFALSE ALARMS: accounts that an indicator suspects by more than one half, of those that it can judge")
    print(f"{'':26}" + "".join(f"{name:>26}" for name in each))
    for row in next(iter(each.values())):
        cells = [found[row] for found in each.values()]
        if any(judged for _, judged in cells):
            print(f"  {row:24}" + "".join(f"{_cell(*cell):>26}" for cell in cells))


def _cell(suspected: int, judged: int) -> str:
    return f"{suspected} of {judged} ({100 * suspected / judged:.1f} %)" if judged else "–"
