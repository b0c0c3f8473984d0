"""`estimates`: the shrunken engagement of every account that has a ratio."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import parameters
from schemas.config.source import SourcesFile
from schemas.estimates import Estimates
from schemas.settings import Settings


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "estimates",
        Estimates,
        ["engagement", "priors"],
        reference={"parameters": parameters(sources.metrics)},
    )
