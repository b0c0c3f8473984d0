"""`authenticity`: the signs that engagement or followers are not earned, with their evidence."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import reference
from schemas.authenticity import Authenticity
from schemas.settings import Settings


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "authenticity",
        Authenticity,
        ["engagement", "estimates", "history", "norms"],
        reference={"weights": reference("weights")},
    )
