"""Synthetic accounts and posts, and the SQL files run over them as in a nightly run.

Belongs here: rows as the import accepts them, and computing the tables of a nightly run from them.
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.metrics.computing import parameters, reference
from assets.sql import read_sql
from assets.storage.engine import stream_sql
from benchmarks.ranking_quality import product
from schemas.config.source import Metrics
from schemas.describe import polars_schema
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.settings import Settings

DAY = date(2026, 10, 31)
Row = dict[str, Any]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Returns the settings of a separate home."""
    return Settings(home=tmp_path, sources_file=tmp_path / "sources.yaml")


def profile(name: str, followers: int, **cells: object) -> Row:
    """Builds an account on Instagram."""
    landed = {"source": "s", "snapshot_date": DAY, "data_age_days": 0, "landed_file": "f", "landed_row": 1}
    return {"platform": "instagram", "profile_id": name, "handle": name, "followers": followers} | landed | cells


def post(name: str, age: int, likes: int | None, comments: int | None = 0, **cells: object) -> Row:
    """Builds a post of an account, `age` days before the snapshot."""
    posted_at = datetime.combine(DAY, time(12)) - timedelta(days=age)
    landed = {"source": "s", "snapshot_date": DAY, "data_age_days": 0, "landed_file": "f", "landed_row": 1}
    counts = {"likes": likes, "comments": comments, "posted_at": posted_at, "post_id": f"{name}-{age}-{likes}"}
    return {"platform": "instagram", "profile_id": name} | counts | landed | cells


def run(settings: Settings, name: str, inputs: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Runs a SQL file over frames, and returns its rows."""
    batches = [pl.DataFrame(batch) for batch in stream_sql(settings, read_sql(name), inputs)]
    return pl.concat(batches) if batches else pl.DataFrame()


def engagement(settings: Settings, profiles: list[Row], posts: list[Row]) -> dict[str, Row]:
    """Returns the rows of `engagement` by account."""
    found = run(
        settings,
        "engagement",
        {
            "profiles": pl.DataFrame(profiles, schema=polars_schema(Profiles)),
            "posts": pl.DataFrame(posts, schema=polars_schema(Posts)),
            "tiers": reference("tiers"),
            "parameters": parameters(Metrics()),
        },
    )
    return {row["profile_id"]: row for row in found.to_dicts()}


def night(
    settings: Settings, profiles: list[Row], posts: list[Row] | None = None, earlier: list[Row] | None = None
) -> dict[str, dict[str, Row]]:
    """Returns every table of a nightly run with one row per account, by account."""
    frames = [
        pl.DataFrame(rows or [], schema=polars_schema(model))
        for rows, model in ((profiles, Profiles), (posts, Posts), (earlier, Profiles))
    ]
    tables = product.tables(settings, *frames)
    return {
        name: {row["profile_id"]: row for row in table.to_dicts()}
        for name, table in tables.items()
        if "profile_id" in table.columns
    }
