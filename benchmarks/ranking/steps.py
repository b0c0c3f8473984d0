"""One of the compared programs, in its own process.

`python -m benchmarks.ranking.steps HOME plain|shrinkage|product`; prints seconds of processor time by table.
"""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from pandera.polars import DataFrameModel

from assets.metrics.computing import compute, dimensions, parameters, reference
from assets.storage import lookback
from assets.storage.engine import Input, connect
from assets.storage.lake import Lake
from benchmarks.nightly.__main__ import SNAPSHOT
from schemas.authenticity import Authenticity
from schemas.baselines import Baselines
from schemas.config.source import Metrics
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.history import History
from schemas.priors import Priors
from schemas.quoting import literal, parquet
from schemas.ranking import Ranking
from schemas.segments import Segments
from schemas.settings import Settings
from schemas.topics import Topics

DAY = date.fromisoformat(SNAPSHOT)
# Table, contract, and the tables of the date and the reference data that it reads.
STEPS: Sequence[tuple[str, type[DataFrameModel], Sequence[str], Sequence[str]]] = (
    ("engagement", Engagement, ("profiles", "posts"), ("tiers",)),
    ("priors", Priors, ("engagement",), ("tiers", "default_priors")),
    ("estimates", Estimates, ("engagement", "priors"), ()),
    ("history", History, ("profiles",), ("tiers",)),
    ("baselines", Baselines, ("engagement", "history"), ("tiers", "default_baselines")),
    ("authenticity", Authenticity, ("engagement", "estimates", "history", "baselines"), ("score_weights",)),
    ("topics", Topics, ("profiles", "posts"), ("lexicon",)),
    ("ranking", Ranking, ("engagement", "estimates", "authenticity", "topics"), ("score_weights",)),
    ("segments", Segments, ("ranking",), ()),
)


def plain(settings: Settings) -> dict[str, float]:
    """Ranks by the ratio of the median engagement to followers."""
    return _by_hand(settings, "plain", (
        "SELECT *, row_number() OVER (ORDER BY ratio DESC NULLS LAST, platform, profile_id) AS rank FROM ("
        "SELECT platform, profile_id, handle, followers, engagement / nullif(followers, 0) AS ratio "
        "FROM profiles LEFT JOIN (SELECT platform, profile_id, median(likes + comments) AS engagement "
        "FROM posts GROUP BY ALL) AS medians USING (platform, profile_id))"
    ))  # fmt: skip


def shrinkage(settings: Settings) -> dict[str, float]:
    """Ranks by plain log-normal shrinkage with its ratios; computing all medians at once takes more than 1 GB."""
    sql = (Path(__file__).parent / "shrinkage.sql").read_text(encoding="utf-8")
    return _by_hand(replace(settings, memory_limit="16GB"), "shrinkage", sql)


def _by_hand(settings: Settings, name: str, sql: str) -> dict[str, float]:
    began = time.process_time()
    lake = Lake(settings.lake)
    with connect(settings, settings.lake, settings.home) as connection:
        for table in ("profiles", "posts"):
            connection.execute(f"CREATE TEMP VIEW {table} AS FROM {parquet([lake.path(table, DAY)])}")
        connection.register("tiers", reference("tiers").to_arrow())
        connection.execute(f"COPY ({sql}) TO {literal(settings.scratch / f'{name}.parquet')}")
    return {name: time.process_time() - began}


def product(settings: Settings) -> dict[str, float]:
    """Computes the tables of a nightly run, and returns the seconds of each."""
    lake = Lake(settings.lake)
    metrics = {"parameters": parameters(Metrics()), "dimensions": dimensions([])}
    took: dict[str, float] = {}
    for table, model, upstream, data in STEPS:
        began = time.process_time()
        inputs: dict[str, Input] = {name: lake.path(name, DAY) for name in upstream}
        inputs |= {name: reference(name) for name in data} | metrics
        if table == "history":
            inputs |= lookback.of(lake, DAY).inputs
        by_bucket = [name for name in ("profiles", "posts") if name in upstream]
        compute(settings, table, model, inputs, DAY, "bench", by_bucket=by_bucket)
        took[table] = time.process_time() - began
    return took


if __name__ == "__main__":
    home = Path(sys.argv[1])
    here = Settings(home=home, sources_file=home / "sources.yaml")
    program = {"plain": plain, "shrinkage": shrinkage, "product": product}[sys.argv[2]]
    sys.stdout.write(json.dumps(program(here)))
