"""Ratios, priors and ranks: accounts and posts in, figures out, through the SQL files as a night runs them."""

import math
import statistics
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.computing import parameters, reference
from assets.sql import read_sql
from pipelines.engine import stream_sql
from pipelines.settings import Settings
from pipelines.sources import Metrics
from schemas.describe import polars_schema
from schemas.posts import Posts
from schemas.profiles import Profiles

DAY = date(2026, 10, 31)
Row = dict[str, Any]


def profile(name: str, followers: int, **cells: object) -> Row:
    """An account on Instagram."""
    landed = {"source": "s", "snapshot_date": DAY, "snapshot_age_days": 0, "landed_file": "f", "landed_row": 1}
    return {"platform": "instagram", "profile_id": name, "handle": name, "followers": followers} | landed | cells


def post(name: str, age: int, likes: int | None, comments: int | None = 0, **cells: object) -> Row:
    """A post of an account, `age` days before the snapshot."""
    posted_at = datetime.combine(DAY, time(12)) - timedelta(days=age)
    landed = {"source": "s", "snapshot_date": DAY, "snapshot_age_days": 0, "landed_file": "f", "landed_row": 1}
    counts = {"likes": likes, "comments": comments, "posted_at": posted_at, "post_id": f"{name}-{age}-{likes}"}
    return {"platform": "instagram", "profile_id": name} | counts | landed | cells


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, sources_file=tmp_path / "sources.yaml")


def run(settings: Settings, name: str, inputs: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows of a SQL file over frames."""
    batches = [pl.DataFrame(batch) for batch in stream_sql(settings, read_sql(name), inputs)]
    return pl.concat(batches)


def engagement(settings: Settings, profiles: list[Row], posts: list[Row]) -> dict[str, Row]:
    """Account to its row of `engagement`."""
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


def test_ratios_are_medians_over_followers(settings: Settings) -> None:
    posts = [post("a", age, likes, comments) for age, likes, comments in ((3, 10, 1), (4, 20, 2), (5, 90, 3))]
    row = engagement(settings, [profile("a", 1000)], posts)["a"]
    assert (row["like_rate"], row["comment_rate"], row["engagement_ratio"]) == (0.020, 0.002, 0.022)
    assert row["engagement_ratio_mean"] == pytest.approx(126 / 3 / 1000)
    assert (row["tier"], row["sample_basis"], row["posts_sampled"]) == ("micro", "posts", 3)


def test_the_sample_is_the_newest_settled_unpinned_posts_of_the_window(settings: Settings) -> None:
    kept = [post("a", age, 100) for age in range(2, 14)]
    left_out = [
        post("a", 1, 9000),
        post("a", 0, 9000),
        post("a", 91, 9000),
        post("a", 14, 9000),
        post("a", 20, 9000, is_pinned=True),
    ]
    row = engagement(settings, [profile("a", 1000)], kept + left_out)["a"]
    assert (row["posts_sampled"], row["engagement_ratio_mean"], row["days_since_last_post"]) == (12, 0.1, 0)


@pytest.mark.parametrize("hidden", [[None] * 4, [3] * 4])
def test_hidden_likes_leave_posts_out_and_are_counted(settings: Settings, hidden: list[int | None]) -> None:
    posts = [post("a", 3 + number, likes, 10) for number, likes in enumerate(hidden)] + [post("a", 9, 50, 10)]
    row = engagement(settings, [profile("a", 1000)], posts)["a"]
    assert (row["hidden_like_posts"], row["like_rate"], row["engagement_ratio"]) == (4, 0.05, 0.06)


def test_three_likes_with_few_comments_are_three_likes(settings: Settings) -> None:
    row = engagement(settings, [profile("a", 1000)], [post("a", age, 3, 1) for age in range(3, 9)])["a"]
    assert (row["hidden_like_posts"], row["like_rate"]) == (0, 0.003)


def test_a_missing_ratio_says_why(settings: Settings) -> None:
    profiles = [
        profile("zero", 0, avg_likes=0.0, avg_comments=0.0),
        profile("silent", 500),
        profile("closed", 500, is_private=True),
        profile("hidden", 500),
        profile("likes_only", 500, avg_likes=20.0),
    ]
    rows = engagement(settings, profiles, [post("hidden", 5, None, 4)])
    assert {name: row["engagement_null_reason"] for name, row in rows.items()} == {
        "zero": "zero_followers",
        "silent": "no_posts",
        "closed": "private",
        "hidden": "likes_hidden",
        "likes_only": "no_comments",
    }
    assert all(row["engagement_ratio"] is None for row in rows.values())
    assert rows["likes_only"]["like_rate"] == 0.04


def test_averages_count_as_one_post(settings: Settings) -> None:
    row = engagement(settings, [profile("a", 1000, avg_likes=43.71, avg_comments=1.7)], [])["a"]
    assert row["engagement_ratio"] == pytest.approx(0.04541)
    assert (row["sample_basis"], row["log_count"], row["posts_sampled"]) == ("averages", 1, 0)


def test_views_activity_and_sponsorship(settings: Settings) -> None:
    posts = [
        post("a", 3, 80, 10, shares=10, views=1000, caption="Anzeige #Werbung!"),
        post("a", 10, 40, 5, shares=5, views=500, is_sponsored=True),
        post("a", 17, 10, 0, caption="#advice for #adults"),
        post("a", 24, 10, 0, hashtags="ad food"),
    ]
    row = engagement(settings, [profile("a", 1000)], posts)["a"]
    assert row["view_engagement_ratio"] == pytest.approx(0.1)
    assert row["sponsored_share"] == 0.75
    assert row["posts_per_week"] == pytest.approx(1.0)
    assert row["days_since_last_post"] == 3


def test_carried_posts_are_sampled_as_of_the_day_they_were_landed(settings: Settings) -> None:
    carried = {"snapshot_age_days": 5}
    posts = [post("a", age, 100, **carried) for age in (6, 7, 94, 95, 96)]
    row = engagement(settings, [profile("a", 1000, **carried)], posts)["a"]
    assert row["posts_sampled"] == 3  # 2, 89 and 90 days old when they were landed


def ranked(settings: Settings, sizes: dict[str, list[int]], followers: int = 5000) -> tuple[dict[str, Row], Row]:
    """Accounts with the given likes per post, ranked; and the prior of their tier."""
    profiles = [profile(name, followers) for name in sizes]
    posts = [
        post(name, 3 + number, likes) for name, all_likes in sizes.items() for number, likes in enumerate(all_likes)
    ]
    rows = pl.DataFrame(list(engagement(settings, profiles, posts).values()), infer_schema_length=None)
    tiers = {"tiers": reference("tiers"), "default_priors": reference("default_priors")}
    priors = run(settings, "priors", {"engagement": rows, **tiers})
    ranking = run(settings, "ranking", {"engagement": rows, "priors": priors, "parameters": parameters(Metrics())})
    prior = priors.filter(pl.col("tier") == "micro").row(0, named=True)
    return {row["profile_id"]: row for row in ranking.to_dicts()}, prior


FIELD = {f"n{number:02}": [100 + 7 * number, 120 + 5 * number, 90 + 6 * number, 110 + number] for number in range(30)}


def test_estimates_follow_the_published_formula(settings: Settings) -> None:
    rows, prior = ranked(settings, FIELD)
    logs = {name: [math.log((likes + 0.5) / 5000) for likes in all_likes] for name, all_likes in FIELD.items()}
    means = {name: statistics.fmean(values) for name, values in logs.items()}
    within = statistics.fmean(statistics.variance(values) for values in logs.values())
    between = max(statistics.variance(means.values()) - within / 4, 0.01)
    assert prior["basis"] == "tier"
    assert prior["within_variance"] == pytest.approx(within, rel=1e-4)
    assert prior["between_variance"] == pytest.approx(between, rel=1e-3)
    typical = statistics.fmean(means.values())  # equal counts weigh the same
    assert prior["log_typical"] == pytest.approx(typical, abs=1e-5)
    for name, row in rows.items():
        drawn = (4 * between * means[name] + within * typical) / (4 * between + within)
        deviation = math.sqrt(between * within / (4 * between + within))
        assert row["engagement_estimate"] == pytest.approx(math.exp(drawn), rel=1e-4)
        assert row["engagement_low"] == pytest.approx(math.exp(drawn - 1.28 * deviation), rel=1e-4)
        assert row["lift"] == pytest.approx(math.exp(drawn - typical), rel=1e-4)


def test_two_lucky_posts_do_not_beat_twelve_good_ones(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD | {"lucky": [900], "steady": [600] * 12})
    assert rows["lucky"]["engagement_ratio"] > rows["steady"]["engagement_ratio"]
    assert rows["steady"]["rank"] == 1
    assert rows["lucky"]["rank"] > 1


def test_equal_accounts_rank_by_platform_and_id(settings: Settings) -> None:
    rows, _ = ranked(settings, {name: [50, 60, 70] for name in ("c", "a", "b")})
    assert [name for name, _ in sorted(rows.items(), key=lambda item: int(item[1]["rank"]))] == ["a", "b", "c"]
    assert {row["tier_percentile"] for row in rows.values()} == {1.0}


def test_a_thin_tier_falls_back_and_says_so(settings: Settings) -> None:
    _, prior = ranked(settings, {"a": [400, 500], "b": [300, 200]})
    assert prior["basis"] == "published"
    assert math.exp(prior["log_typical"]) == pytest.approx(0.0753)


def test_only_ranked_tiers_have_a_rank(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD, followers=500_000)
    assert {row["rank"] for row in rows.values()} == {None}
    assert all(row["score"] is not None for row in rows.values())
