"""`segments`: the place of every micro-influencer within its segments."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import dimensions
from schemas.config.source import SourcesFile
from schemas.segments import Segments
from schemas.settings import Settings


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
