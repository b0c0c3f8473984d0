"""`segments`: the place of every micro-influencer within its segments."""

import dagster as dg

from assets.computing import dimensions
from assets.daily import table_asset
from pipelines.settings import Settings
from pipelines.sources import SourcesFile
from schemas.segments import Segments


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "segments",
        Segments,
        ["ranking"],
        reference={"dimensions": dimensions(sources.segments)},
    )
