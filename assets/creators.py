"""`creators`: accounts of one person on several platforms, as far as they state each other."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import reference
from schemas.creators import Creators
from schemas.settings import Settings


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "creators",
        Creators,
        ["profiles"],
        reference={"shared_hosts": reference("shared_hosts")},
    )
