"""The one dimension of the lake: the snapshot date, a UTC day."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from pipelines.settings import Settings


def snapshot_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Every day from the first date to yesterday, UTC."""
    return dg.DailyPartitionsDefinition(start_date=settings.first_date.isoformat(), timezone="UTC")


def yesterday() -> date:
    """The newest snapshot date there is: a day that is over everywhere in UTC."""
    return datetime.now(tz=UTC).date() - timedelta(days=1)
