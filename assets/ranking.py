"""`ranking`: every account with its estimate, score and ranks."""

import dagster as dg

from assets.computing import reference
from assets.daily import table_asset
from pipelines.settings import Settings
from schemas.ranking import Ranking


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "ranking",
        Ranking,
        ["engagement", "estimates", "authenticity", "topics"],
        reference={"weights": reference("weights")},
    )
