"""Row count check: sources with far fewer rows than in their previous export.

Belongs here: the baseline of a pull, the message about one that is too small, and the dates that were checked against
another baseline than the lake has now. Does not: excluding the source (`importing`).

A pull is compared with the newest earlier date whose own pull was published, not with a refused one: otherwise a
truncated export would be accepted from its second day on. Counts come from the lake's import reports, so that the
result depends on landed bytes and configuration alone. `dates_to_revalidate` lists dates that were imported before
the dates that they should have been compared with.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial

import polars as pl

from assets.importing.reconciliation import own_pull
from assets.landing import store
from assets.storage import lookback
from assets.storage.lake import Lake
from schemas.config.source import Source
from schemas.describe import polars_schema
from schemas.import_report import ImportReport
from schemas.settings import Settings
from schemas.shape import Records

ROW_COUNT_DROP = "row_count_drop"
# With so few records, a difference of a handful has no meaning.
_FEW = 20

Counts = dict[Records, int]
# Reads the rows of a date's report on a source's pull of that same date.
OwnPull = Callable[[str, date], pl.DataFrame]


def first_error(lake: Lake, source: Source, day: date, records: Records, landed: int) -> str | None:
    """Returns the error of a pull with these counts, or None.

    Args:
        lake: The lake with the import reports of earlier dates.
        source: The source of the pull.
        day: The date that it was landed for.
        records: The kind of records.
        landed: Number of records.
    """
    return _mistake(partial(own_pull, lake), lake.dates("import_report"), source, day, records, landed)


def dates_to_revalidate(lake: Lake, sources: Iterable[Source], days: Sequence[date]) -> list[date]:
    """Returns the later dates whose check would have another result with the current lake, oldest first."""
    dates = lake.dates("import_report")
    after = [each for each in dates if each not in days and lookback.sees(each, days)]
    pulls = partial(own_pull, lake)
    return [each for each in after if any(_is_misjudged(pulls, dates, source, each) for source in sources)]


def stale(settings: Settings, sources: Iterable[Source]) -> list[date]:
    """Returns all dates with landed files whose check would have another result with the current lake."""
    lake = Lake(settings.lake)
    dates, pulls = lake.dates("import_report"), _own_pulls(lake)
    return [
        day for day in dates
        if any(
            _is_misjudged(pulls, dates, source, day) and store.newest_complete(settings.landing, source.name, day)
            for source in sources
        )
    ]  # fmt: skip


def _own_pulls(lake: Lake) -> OwnPull:
    """Reads the reports of all dates at once, which is much faster than one by one."""
    columns = ("source", "landed_date", "state", "records", "landed")
    reports = [lake.scan("import_report", day).filter(landed_date=day) for day in lake.dates("import_report")]
    nothing = pl.LazyFrame(schema=polars_schema(ImportReport))
    found = pl.concat([report.select(columns) for report in (nothing, *reports)]).collect()
    parts = found.partition_by("source", "landed_date", as_dict=True)
    return lambda source, day: parts.get((source, day), found.clear())


def _mistake(
    pulls: OwnPull, dates: Sequence[date], source: Source, day: date, records: Records, landed: int
) -> str | None:
    if not source.min_rows_share:
        return None
    for earlier in reversed(lookback.before(dates, day)):
        if (counts := _published(pulls(source.name, earlier))) is not None:
            return _too_few(source, records, landed, earlier, counts.get(records, 0))
    return None


def _is_misjudged(pulls: OwnPull, dates: Sequence[date], source: Source, day: date) -> bool:
    own = pulls(source.name, day)
    if own.is_empty():
        return False
    state = str(own["state"][0])
    if state not in ("published", ROW_COUNT_DROP):
        return False
    wrong = [_mistake(pulls, dates, source, day, records, landed) for records, landed in _counts(own).items()]
    return any(wrong) != (state == ROW_COUNT_DROP)


def _too_few(source: Source, records: Records, landed: int, earlier: date, before: int) -> str | None:
    if before < _FEW or landed >= before * source.min_rows_share:
        return None
    return (
        f"{landed} {records} where {earlier} had {before}, under the share of {source.min_rows_share:g}; look at what "
        "it sent, and pull it again with --force, or lower min_rows_share where so few are right"
    )


def _published(own: pl.DataFrame) -> Counts | None:
    """Returns the published counts of a source's own pull of a date, by kind of record."""
    own = own.filter(pl.col("state") == "published")
    return None if own.is_empty() else _counts(own)


def _counts(own: pl.DataFrame) -> Counts:
    return dict(own.filter(pl.col("records").is_not_null()).group_by("records").agg(pl.sum("landed")).iter_rows())
