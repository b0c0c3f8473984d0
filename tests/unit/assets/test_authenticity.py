"""Indicators of unearned engagement or followers: accounts in, suspicions with their values and flags out."""

import random
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from assets.metrics.computing import reference
from schemas.settings import Settings
from tests.factories.invented_accounts import DAY, Row, night, post, profile

AGES = range(3, 33, 3)


def honest(count: int = 60) -> tuple[list[Row], list[Row]]:
    """Builds an account of about 250 likes a post, one comment in twenty-five likes, that follows about 300."""
    draw = random.Random(7)  # noqa: S311 - invented accounts
    profiles, posts = [], []
    for number in range(count):
        name = f"honest{chr(97 + number // 26)}{chr(97 + number % 26)}"
        cells: dict[str, Any] = {"following": round(300 * draw.lognormvariate(0, 0.5)), "posts_count": 100 + 9 * number}
        profiles.append(profile(name, 5000, **cells))
        share = 0.04 * draw.lognormvariate(0, 0.4)
        for age in AGES:
            likes = round(250 * draw.lognormvariate(0, 0.5))
            posts.append(post(name, age, likes, round(likes * share)))
    return profiles, posts


def judged(settings: Settings, odd: Row, odd_posts: list[Row], earlier: list[Row] | None = None) -> Row:
    """Returns the indicators of one account among honest ones."""
    profiles, posts = honest()
    return night(settings, [*profiles, odd], [*posts, *odd_posts], earlier)["authenticity"][odd["profile_id"]]


def lively(name: str, comments: float = 0.04, height: float = 1.0) -> list[Row]:
    """Builds posts with earned variation."""
    likes = [round(height * each) for each in (150, 420, 260, 190, 330, 120, 510, 240, 280, 200)]
    return [post(name, age, each, round(each * comments)) for age, each in zip(AGES, likes, strict=True)]


def test_honest_account_has_little_suspicion(settings: Settings) -> None:
    row = judged(settings, profile("anna", 5000, following=250, posts_count=300, has_picture=True), lively("anna"))
    assert row["authenticity"] > 0.95
    assert row["flags"] is None


@pytest.mark.parametrize(
    "cells,posts,sign,flag",
    [
        ({}, lively("odd", comments=2.0), "comment_anomaly", "many_comments"),
        ({}, lively("odd", comments=0, height=20), "comment_anomaly", "few_comments"),
        ({}, lively("odd", comments=2.0, height=10), "pod_engagement", "pod_engagement"),
        ({}, lively("odd", height=0.01), "low_engagement", "low_engagement"),
        ({}, [*lively("odd")[:-1], post("odd", 30, 200_000, 900)], "single_post_dominance", "single_post_dominance"),
        ({"following": 7000}, lively("odd"), "mass_following", "mass_following"),
        ({"posts_count": 0}, lively("odd"), "few_posts", "few_posts"),
        ({"handle": "anna19283746"}, lively("odd"), "digits_in_handle", "digits_in_handle"),
        ({"has_picture": False}, lively("odd"), "no_picture", "no_picture"),
    ],
)
def test_indicator_lowers_authenticity_and_is_reported(
    settings: Settings, cells: Row, posts: list[Row], sign: str, flag: str
) -> None:
    row = judged(settings, profile("odd", 5000, **{"following": 300, "posts_count": 300} | cells), posts)
    assert row[sign] > 0.5
    assert flag in row["flags"].split(", ")
    weights = {each["component"]: each["weight"] for each in reference("score_weights").to_dicts()}
    assert row["authenticity"] <= 1 - weights[sign] * row[sign] + 1e-9


def test_authenticity_is_the_product_of_weighted_indicators(settings: Settings) -> None:
    row = judged(settings, profile("odd", 5000, following=3000, has_picture=False), lively("odd", comments=0.5))
    expected = 1.0
    for each in reference("score_weights").filter(pl.col("part") == "authenticity").to_dicts():
        expected *= 1 - each["weight"] * (row[each["component"]] or 0)
        assert each["indicator"] in row
    assert row["authenticity"] == pytest.approx(expected)


def test_missing_data_is_not_an_indicator(settings: Settings) -> None:
    row = judged(settings, profile("bare", 0, handle=None), [])
    evidence = (
        "comment_anomaly",
        "uniform_engagement",
        "follower_spike",
        "mass_following",
        "few_posts",
        "digits_in_handle",
    )
    assert {row[name] for name in (*evidence, "no_picture", "low_engagement", "authenticity", "flags")} == {None}


def test_few_likes_and_comments_vary_by_chance(settings: Settings) -> None:
    posts = [post("small", age, 1, 1) for age in AGES[:2]]
    assert judged(settings, profile("small", 5000), posts)["comment_anomaly"] < 0.5


def before(row: Row, days: int, **cells: object) -> Row:
    """Builds the same account in the snapshot of so many days before."""
    return row | {"snapshot_date": DAY - timedelta(days=days)} | cells


def test_follower_spike_with_reversal_is_suspected(settings: Settings) -> None:
    today = profile("bought", 9000, following=300, posts_count=300)
    earlier = [before(today, days, followers=each) for days, each in ((12, 2000), (10, 2010), (8, 10_000), (4, 9500))]
    row = judged(settings, today, lively("bought"), earlier)
    assert row["follower_spike"] > 0.9
    assert row["max_daily_growth"] == pytest.approx((10_000 / 2010 - 1) / 2)
    assert row["spike_reversal"] == pytest.approx(1000 / 7990)
    assert "follower_spike" in row["flags"]


def test_growth_with_engagement_is_not_suspected(settings: Settings) -> None:
    today = profile("grown", 9000, following=300, posts_count=300)
    earlier = [before(today, 30, followers=3000)]
    assert judged(settings, today, lively("grown", height=0.1), earlier)["growth_without_engagement"] > 0.5
    assert judged(settings, today, lively("grown", height=4), earlier)["growth_without_engagement"] < 0.5


def test_follow_unfollow_cycles_are_detected(settings: Settings) -> None:
    today = profile("turning", 5000, following=300, posts_count=300)
    earlier = [before(today, days, following=2000 if days % 4 else 200) for days in range(2, 22, 2)]
    row = judged(settings, today, lively("turning"), earlier)
    assert row["follow_unfollow"] > 0.9
    assert row["following_turnover"] > 1


def test_single_account_cell_uses_default_baselines(settings: Settings) -> None:
    row = night(settings, [profile("alone", 2_000_000, following=6000, posts_count=0)])["authenticity"]["alone"]
    assert row["mass_following"] > 0.9
    assert row["few_posts"] > 0.5
    assert row["comment_anomaly"] is None
