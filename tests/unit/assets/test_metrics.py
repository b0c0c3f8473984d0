"""Ratios of accounts: profiles and posts in, figures out, through the SQL files as in a nightly run."""

import hashlib
import math
import statistics
import time
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from pandera.polars import DataFrameModel

from assets.metrics.computing import parameters, reference
from assets.sql import read_sql
from assets.storage import engine
from assets.storage.engine import Input, stream_sql
from assets.storage.lake import BUCKETS
from schemas.authenticity import Authenticity
from schemas.config.source import Metrics
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.history import History
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.ranking import Ranking
from schemas.settings import Settings
from schemas.validation import validate
from tests.factories.invented_accounts import DAY, engagement, night, post, profile


def test_ratios_are_medians_over_followers(settings: Settings) -> None:
    posts = [post("a", age, likes, comments) for age, likes, comments in ((3, 10, 1), (4, 20, 2), (5, 90, 3))]
    row = engagement(settings, [profile("a", 1000)], posts)["a"]
    assert (row["like_rate"], row["comment_rate"], row["engagement_ratio"]) == (0.020, 0.002, 0.022)
    assert row["engagement_ratio_mean"] == pytest.approx(126 / 3 / 1000)
    assert (row["tier"], row["engagement_basis"], row["posts_sampled"]) == ("micro", "posts", 3)


def test_sample_is_the_newest_settled_unpinned_posts_of_the_window(settings: Settings) -> None:
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
def test_posts_with_hidden_likes_are_excluded_and_counted(settings: Settings, hidden: list[int | None]) -> None:
    posts = [post("a", 3 + number, likes, 10) for number, likes in enumerate(hidden)] + [post("a", 9, 50, 10)]
    row = engagement(settings, [profile("a", 1000)], posts)["a"]
    assert (row["hidden_like_posts"], row["like_rate"], row["engagement_ratio"]) == (4, 0.05, 0.06)


def test_three_likes_with_few_comments_are_not_hidden_likes(settings: Settings) -> None:
    row = engagement(settings, [profile("a", 1000)], [post("a", age, 3, 1) for age in range(3, 9)])["a"]
    assert (row["hidden_like_posts"], row["like_rate"]) == (0, 0.003)


def test_eight_posts_of_exactly_three_likes_have_hidden_likes(settings: Settings) -> None:
    row = engagement(settings, [profile("a", 1000)], [post("a", age, 3, 1) for age in range(3, 11)])["a"]
    assert (row["hidden_like_posts"], row["like_rate"]) == (8, None)


def test_missing_ratio_has_a_reason(settings: Settings) -> None:
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


def test_averages_have_a_mean_and_no_level(settings: Settings) -> None:
    row = engagement(settings, [profile("a", 1000, avg_likes=43.71, avg_comments=1.7)], [])["a"]
    assert row["engagement_ratio"] == pytest.approx(0.04541)
    assert (row["engagement_basis"], row["level_posts"], row["level"], row["posts_sampled"]) == ("averages", 0, None, 0)
    assert row["log_mean"] == pytest.approx(math.log(45.91 / 1000))


def test_level_is_one_huber_step_from_the_median(settings: Settings) -> None:
    likes = {3: 100, 5: 140, 9: 90, 20: 9000, 31: 120}  # by age in days; one post went viral
    row = engagement(settings, [profile("a", 2000)], [post("a", age, like) for age, like in likes.items()])["a"]
    logs = {age: math.log((like + 0.5) / 2000) for age, like in likes.items()}
    median = math.log(120.5 / 2000)
    steps = {age: max(-1.5, min(1.5, log - median)) for age, log in logs.items()}
    step = statistics.fmean(steps.values())
    assert row["level"] == pytest.approx(median + step, abs=1e-6)
    # Four of five posts lie within the bound.
    squares = sum((each - step) ** 2 for each in steps.values()) / (4 / 5) ** 2
    assert row["level_ss"] == pytest.approx(squares, abs=1e-5)
    assert row["log_mean"] == pytest.approx(math.log((statistics.fmean(likes.values()) + 0.5) / 2000))
    assert row["counting_variance"] == pytest.approx(1 / (math.exp(median + step) * 2000 + 0.5))
    # The mean age is 13.6 days: three posts are newer.
    newer, older = (steps[3] + steps[5] + steps[9]) / 3, (steps[20] + steps[31]) / 2
    assert row["level_change"] == pytest.approx(newer - older, abs=1e-6)
    assert row["level_change_noise"] == pytest.approx(1 / 3 + 1 / 2)


@pytest.mark.parametrize("likes", [[1, 5000], [1, 1, 5000, 5000]])
def test_posts_far_from_their_median_have_a_finite_level(settings: Settings, likes: list[int]) -> None:
    row = engagement(settings, [profile("a", 2000)], [post("a", 3 + age, like) for age, like in enumerate(likes)])["a"]
    assert row["level_ss"] == pytest.approx(len(likes) * 1.5**2 / 0.5**2)


def test_posts_within_one_second_have_no_frequency(settings: Settings) -> None:
    posts = [post("a", 5, 100 + number) for number in range(3)]
    row = engagement(settings, [profile("a", 1000)], posts)["a"]
    assert (row["posts_per_week"], row["level_change"]) == (None, None)


def test_extreme_counts_of_the_contract_are_computed(settings: Settings) -> None:
    most = 10**13
    tiny = {"avg_likes": 1e-300, "avg_views": 1e-300, "avg_shares": float(most), "averaged_posts": most}
    profiles = [
        profile("one", 1, following=most, posts_count=most),
        profile("averages", 1, avg_comments=float(most), **tiny),
        profile("huge", most, avg_likes=float(most), avg_comments=float(most)),
        profile("none", 1, avg_likes=0.0, avg_comments=0.0, averaged_posts=0),
    ]
    posts = [post("one", 5, likes, most) for likes in (0, most, most)] + [post("one", 40, 0, 0, views=1)]
    earlier = [
        profile("one", most // (1 + day), following=day % 2 * most, snapshot_date=DAY - timedelta(days=day))
        for day in range(1, 31)
    ]
    tables = night(settings, profiles, posts, earlier)
    models: dict[str, type[DataFrameModel]] = {
        "engagement": Engagement, "history": History, "estimates": Estimates, "authenticity": Authenticity,
        "ranking": Ranking,
    }  # fmt: skip
    for name, model in models.items():
        frame = pl.DataFrame(list(tables[name].values()), schema=polars_schema(model))
        assert validate(model, frame).is_empty(), name


@pytest.fixture
def in_buckets(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, Input]:
    """Inputs of `engagement` in files that are read bucket by bucket: accounts of every bucket with three posts each."""
    inputs: dict[str, Input] = {"tiers": reference("tiers"), "parameters": parameters(Metrics())}
    for name, rows, model in (("profiles", ACCOUNTS, Profiles), ("posts", THEIR_POSTS, Posts)):
        frame = pl.DataFrame(rows, schema=polars_schema(model))
        path = settings.home / f"{name}.parquet"
        frame.write_parquet(path)
        inputs[name] = path
    monkeypatch.setattr(engine, "_ONE_PASS_BYTES", 0)
    return inputs


def bucket_of(name: str) -> int:
    """The bucket of an id, by other means than `BUCKET_OF`."""
    return int(hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[0], BUCKETS)


ACCOUNTS = [profile(f"a{number:03}", 1000 + number) for number in range(120)]
THEIR_POSTS = [post(row["profile_id"], age, 10 * age) for row in ACCOUNTS for age in (3, 9, 27)]


def test_bucketed_computation_gives_the_same_table(settings: Settings, in_buckets: dict[str, Input]) -> None:
    batches = stream_sql(settings, read_sql("engagement"), in_buckets, by_bucket=["profiles", "posts"])
    found = {row["profile_id"]: row for batch in batches for row in pl.DataFrame(batch).to_dicts()}
    assert found == engagement(settings, ACCOUNTS, THEIR_POSTS)


def test_slow_consumer_limits_buffered_buckets(
    settings: Settings, in_buckets: dict[str, Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    expose = engine._expose  # noqa: SLF001 - every bucket begins with it

    def counted(*given: Any) -> None:
        begun.append(given)
        expose(*given)

    monkeypatch.setattr(engine, "_expose", counted)
    taken = set()
    for batch in stream_sql(settings, read_sql("engagement"), in_buckets, by_bucket=["profiles", "posts"]):
        time.sleep(0.05)  # in which all buckets would be computed, as they hold a few accounts each
        taken.add(bucket_of(pl.DataFrame(batch)["profile_id"][0]))
        assert len(begun) <= len(taken) + 2
    assert len(taken) == len(begun) == BUCKETS


def test_views_activity_and_sponsorship_are_computed(settings: Settings) -> None:
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


def test_sponsored_posts_are_compared_with_the_others(settings: Settings) -> None:
    posts = [post("a", 3, 100, is_sponsored=True), *(post("a", age, 400) for age in (4, 5, 6))]
    posts += [post("all", age, 100, caption="#ad") for age in (3, 4)] + [post("none", age, 100) for age in (3, 4)]
    posts += [post("hidden", 3, None, is_sponsored=True), post("hidden", 4, 10)]
    rows = engagement(settings, [profile(name, 1000) for name in ("a", "all", "none", "hidden")], posts)
    assert rows["a"]["sponsored_lift"] == pytest.approx(100.5 / 400.5, rel=1e-5)
    assert [rows[name]["sponsored_lift"] for name in ("all", "none", "hidden")] == [None] * 3


def test_carried_forward_posts_are_sampled_as_of_their_landing_date(settings: Settings) -> None:
    carried = {"data_age_days": 5}
    posts = [post("a", age, 100, **carried) for age in (6, 7, 94, 95, 96)]
    row = engagement(settings, [profile("a", 1000, **carried)], posts)["a"]
    assert row["posts_sampled"] == 3  # 2, 89 and 90 days old when they were landed
