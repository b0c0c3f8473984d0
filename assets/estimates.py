"""`estimates`: the shrunken engagement of every account that has a ratio."""

import dagster as dg

from assets.computing import parameters
from assets.daily import table_asset
from pipelines.settings import Settings
from pipelines.sources import SourcesFile
from schemas.estimates import Estimates


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
