"""`topics`: sector and tone of accounts whose export names none, by a lexicon of words."""

import dagster as dg

from assets.daily import table_asset
from assets.metrics.computing import reference
from schemas.settings import Settings
from schemas.topics import Topics


def build(settings: Settings, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset."""
    return table_asset(
        settings,
        partitions,
        "topics",
        Topics,
        ["profiles", "posts"],
        reference={"lexicon": reference("lexicon")},
        by_bucket=["profiles", "posts"],
    )
