"""`priors`: what is known of a platform × tier before looking at an account."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import reference
from schemas.priors import Priors
from schemas.settings import Settings


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "priors",
        Priors,
        ["engagement"],
        reference={"tiers": reference("tiers"), "default_priors": reference("default_priors")},
    )
