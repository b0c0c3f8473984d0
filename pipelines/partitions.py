"""The one dimension of the lake: the snapshot date, a UTC day."""

import dagster as dg

from schemas.settings import Settings


def snapshot_dates(settings: Settings) -> dg.DailyPartitionsDefinition:
    """Every day from the first date to yesterday, UTC."""
    return dg.DailyPartitionsDefinition(start_date=settings.first_date.isoformat(), timezone="UTC")
