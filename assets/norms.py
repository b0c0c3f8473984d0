"""`norms`: what is usual of each sign of authenticity on a platform and tier."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import reference
from schemas.norms import Norms
from schemas.settings import Settings


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "norms",
        Norms,
        ["engagement", "history"],
        reference={"tiers": reference("tiers"), "default_norms": reference("default_norms")},
    )
