"""Sources that have shrunk: whose rows are far fewer than those of their export before.

Belongs here: what a pull is held beside, what to say of one that is too small, and which dates were judged beside
another one than the lake has now. Does not: leaving the source out (`importing`).

A pull is held beside the newest earlier date whose own pull was published, and not beside one that was refused: an
export that was cut in half would be good enough from its second day on. Its counts are those of the lake's import
reports, so that the verdict follows from landed bytes and configuration alone; a date that was imported before the
ones that it should have been held beside is told by `misjudged`.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import polars as pl

from assets.importing.reconciliation import own_pull
from assets.storage import lookback
from assets.storage.lake import Lake
from schemas.config.source import Source
from schemas.shape import Records

UNDER_ROWS = "under_rows"
# Of so few, a handful more or less is no sign of anything.
_FEW = 20

Counts = dict[Records, int]


def mistake(lake: Lake, source: Source, day: date, records: Records, landed: int) -> str | None:
    """What is wrong with a pull of so many records, or None.

    Args:
        lake: Where the import reports of earlier dates are.
        source: Whose pull it is.
        day: The date that it was landed for.
        records: Which kind of records.
        landed: How many came.
    """
    if not source.min_rows_share:
        return None
    for earlier in reversed(lookback.before(lake.dates("import_report"), day)):
        if (counts := _published(lake, source.name, earlier)) is not None:
            return _too_few(source, records, landed, earlier, counts.get(records, 0))
    return None


def misjudged(lake: Lake, sources: Iterable[Source], days: Sequence[date]) -> list[date]:
    """The dates after these that would be judged otherwise by what the lake holds now, oldest first."""
    after = [each for each in lake.dates("import_report") if each not in days and lookback.sees(each, days)]
    return [each for each in after if any(_is_misjudged(lake, source, each) for source in sources)]


def _is_misjudged(lake: Lake, source: Source, day: date) -> bool:
    own = own_pull(lake, source.name, day)
    if own.is_empty():
        return False
    state = str(own["state"][0])
    if state not in ("published", UNDER_ROWS):
        return False
    wrong = [mistake(lake, source, day, records, landed) for records, landed in _counts(own).items()]
    return any(wrong) != (state == UNDER_ROWS)


def _too_few(source: Source, records: Records, landed: int, earlier: date, before: int) -> str | None:
    if before < _FEW or landed >= before * source.min_rows_share:
        return None
    return (
        f"{landed} {records} where {earlier} had {before}, under the share of {source.min_rows_share:g}; look at what "
        "it sent, and pull it again with --force, or lower min_rows_share where so few are right"
    )


def _published(lake: Lake, source: str, day: date) -> Counts | None:
    """How many records of each kind a source's own pull of a date had, where it was published."""
    own = own_pull(lake, source, day).filter(pl.col("state") == "published")
    return None if own.is_empty() else _counts(own)


def _counts(own: pl.DataFrame) -> Counts:
    return dict(own.filter(pl.col("records").is_not_null()).group_by("records").agg(pl.sum("landed")).iter_rows())
