"""`history`: what earlier snapshots tell of an account."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import reference
from assets.storage import lookback
from schemas.history import History
from schemas.settings import Settings


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset. Which dates it has read stands in its file, so that stale ones are told."""
    return table_asset(
        settings,
        partitions,
        "history",
        History,
        ["profiles", "import_report"],
        reference={"tiers": reference("tiers")},
        by_bucket=["profiles", "earlier"],
        looking_back=lookback.of,
    )
