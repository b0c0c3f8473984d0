"""The score: its formula, its growth with each component, and its stability."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from assets.metrics.computing import reference
from benchmarks.ranking_quality import product
from benchmarks.ranking_quality.scenarios import SCENARIOS
from benchmarks.ranking_quality.simulator import draw
from schemas.authenticity import Authenticity
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.settings import Settings
from schemas.topics import Topics
from tests.factories.invented_accounts import DAY, Row, profile, run

COMPONENTS = st.tuples(
    st.floats(0.001, 1000), st.none() | st.floats(0, 1), st.none() | st.integers(0, 2000)
)  # lift, authenticity, days since the last post


def scored(settings: Settings, accounts: list[tuple[float, float | None, int | None]]) -> list[Row]:
    """Returns the rows of `ranking`, in the order of the accounts."""
    rows: dict[str, list[dict[str, Any]]] = {"engagement": [], "estimates": [], "authenticity": []}
    for number, (lift, authenticity, days) in enumerate(accounts):
        key = {"platform": "instagram", "profile_id": f"{number:05}", "snapshot_date": DAY}
        tier = {"tier": "micro", "is_ranked_tier": True, "days_since_last_post": days}
        rows["engagement"].append(profile(f"{number:05}", 5000) | tier)
        rows["estimates"].append(key | {"lift": lift})
        rows["authenticity"].append(key | {"authenticity": authenticity})
    models = {"engagement": Engagement, "estimates": Estimates, "authenticity": Authenticity}
    inputs = {name: pl.DataFrame(rows[name], schema=polars_schema(model)) for name, model in models.items()}
    inputs |= {"topics": pl.DataFrame(schema=polars_schema(Topics)), "score_weights": reference("score_weights")}
    return run(settings, "ranking", inputs).sort("profile_id").to_dicts()


@examples(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(accounts=st.lists(COMPONENTS, min_size=2, max_size=40))
@example(accounts=[(1.0, None, None), (89.0, 0.9999999999999999, 40)])  # which rounding would lower
def test_the_score_grows_with_each_component(
    settings: Settings, accounts: list[tuple[float, float | None, int | None]]
) -> None:
    better = [
        *((lift * 1.5, authenticity, days) for lift, authenticity, days in accounts),
        *(
            (lift, (authenticity if authenticity is not None else 1) / 2 + 0.5, days)
            for lift, authenticity, days in accounts
        ),
        *((lift, authenticity, (days or 0) // 2) for lift, authenticity, days in accounts),
    ]
    found = scored(settings, [*accounts, *better])
    scores = [row["score"] for row in found]
    assert all(0 <= score <= 100 for score in scores)
    for number, score in enumerate(scores[len(accounts) :]):
        assert score >= scores[number % len(accounts)]
    by_rank = sorted(found, key=lambda row: row["rank"])
    assert [row["rank"] for row in by_rank] == list(range(1, len(found) + 1))
    assert [row["score"] for row in by_rank] == pytest.approx(sorted(scores, reverse=True))


def test_export_without_posts_is_not_scored_as_inactive(settings: Settings) -> None:
    told, untold = scored(settings, [(2.0, 1.0, 0), (2.0, None, None)])
    assert (untold["recency"], untold["score"]) == (None, told["score"])


def test_inactivity_and_suspicion_lower_the_score_by_at_most_their_weights(settings: Settings) -> None:
    full, silent, doubted = scored(settings, [(1.0, 1.0, 0), (1.0, 1.0, 10**6), (1.0, 0.0, 0)])
    weights = {
        row["component"]: row["weight"] for row in reference("score_weights").to_dicts() if row["part"] == "score"
    }
    assert full["score"] == 50
    for row, weight in ((silent, weights["recency"]), (doubted, weights["authenticity"])):
        assert row["score"] == pytest.approx(100 * (1 - weight) / (2 - weight))


def test_ranks_are_stable_without_new_data(settings: Settings, tmp_path: Path) -> None:
    """Ranks the same posts again a day later; none becomes settled or leaves the window meanwhile."""
    world = draw(SCENARIOS["everything"], 1500, 3)
    profiles, posts = product.profiles_of(world), product.posts_of(world)
    tomorrow = pl.lit(product.SNAPSHOT + timedelta(days=1))
    settings = replace(settings, threads=2)
    tonight = product.tables(settings, profiles, posts)["ranking"]
    later = product.tables(
        settings, profiles.with_columns(snapshot_date=tomorrow), posts.with_columns(snapshot_date=tomorrow)
    )["ranking"]
    both = tonight.join(later, on="profile_id", suffix="_later").drop_nulls("rank")
    moves = np.abs(both["rank"].to_numpy() - both["rank_later"].to_numpy()) / both.height
    assert both["rank_later"].null_count() == 0
    assert np.median(moves) < 0.002
    assert moves.max() < 0.01
