"""`ranking`: every account with its estimate, score and ranks."""

import dagster as dg

from assets.computing import parameters
from assets.daily import table_asset
from pipelines.settings import Settings
from pipelines.sources import SourcesFile
from schemas.ranking import Ranking


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "ranking",
        Ranking,
        ["engagement", "priors"],
        reference={"parameters": parameters(sources.metrics)},
    )
