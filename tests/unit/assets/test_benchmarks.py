"""Observed ratios compared with published ones: only figures of the same followers and metric."""

from pathlib import Path

import polars as pl

from assets.metrics.computing import reference
from assets.sql import read_sql
from assets.storage.engine import stream_sql
from schemas.settings import Settings

TIERS = ("nano", "micro", "mid", "macro", "mega")


def test_benchmark_is_compared_only_with_the_tier_of_its_band(tmp_path: Path) -> None:
    accounts = [{"platform": platform, "tier": tier} for platform in ("instagram", "tiktok") for tier in TIERS]
    engagement = pl.DataFrame(accounts).with_columns(
        like_rate=0.05, comment_rate=0.01, engagement_ratio=0.06, view_engagement_ratio=pl.lit(None, dtype=pl.Float64)
    )
    priors = pl.DataFrame(accounts).with_columns(log_expected=-3.0, basis=pl.lit("tier"))
    published = {name: reference(name) for name in ("tiers", "published_benchmarks")}
    settings = Settings(home=tmp_path, sources_file=tmp_path / "sources.yaml")
    inputs = {"engagement": engagement, "priors": priors, **published}
    rows = pl.concat([pl.DataFrame(batch) for batch in stream_sql(settings, read_sql("benchmarks"), inputs)])
    found = {
        (row["platform"], row["tier"]): row["published_value"]
        for row in rows.filter(metric="like_rate").iter_rows(named=True)
    }
    # TIDES' micro (10,000 to 50,000), mid and macro are its own bands; its nano is called micro here.
    assert found == {
        ("instagram", "nano"): 0.08, ("instagram", "micro"): 0.04, ("instagram", "mid"): 0.0237,
        ("instagram", "macro"): None, ("instagram", "mega"): 0.0166,
        ("tiktok", "nano"): None, ("tiktok", "micro"): 0.132, ("tiktok", "mid"): None, ("tiktok", "macro"): None,
        ("tiktok", "mega"): 0.024,
    }  # fmt: skip
