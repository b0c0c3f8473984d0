"""`ranking`: every account with its score and ranks."""

from collections.abc import Mapping
from datetime import date

import dagster as dg
import polars as pl

from assets.daily import table_asset
from assets.metrics import explain, explain_text
from assets.metrics.computing import reference
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.ranking import Ranking
from schemas.settings import Settings

# Lines are looked up in landed files up to this size; in larger ones that takes a run too long.
_LARGEST_FILE = 16 * 2**20


def build(settings: Settings, sources: SourcesFile, partitions: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset; its page explains the rank of the first account, as `smallvoices explain` does of any."""

    def first(day: date) -> Mapping[str, dg.MetadataValue]:
        top = Lake(settings.lake).scan("ranking", day).filter(pl.col("rank") == 1).select("platform", "profile_id")
        rows = top.collect().rows()
        if not rows:
            return {}
        platform, profile_id = rows[0]
        told = explain.explain(settings, sources, platform, profile_id, day, largest_file=_LARGEST_FILE)
        return {"why_the_first": dg.MetadataValue.md(f"```\n{explain_text.text(told)}\n```")}

    return table_asset(
        settings,
        partitions,
        "ranking",
        Ranking,
        ["engagement", "estimates", "authenticity", "topics"],
        reference={"weights": reference("weights")},
        told=first,
    )
