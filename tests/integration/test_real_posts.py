"""The benchmark on real posts: splits, the noise of a test median, and the output."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from benchmarks.ranking_quality import real_posts
from benchmarks.ranking_quality.accuracy import accuracy, gain
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.ingredients import WithoutOption
from benchmarks.ranking_quality.post_sets import Posts, median_variance, read, split, window
from benchmarks.ranking_quality.scenarios import SCENARIOS
from benchmarks.ranking_quality.simulator import draw

NEWEST = datetime(2017, 5, 1, 12)  # noqa: DTZ001 - sets have times without a zone


def posts(tmp_path: Path, accounts: dict[int, dict[int, int]], followers: int = 1000) -> Posts:
    """Builds a set of accounts whose posts are likes by age in days."""
    rows = [
        {"account": account, "posted_at": NEWEST - timedelta(days=age), "likes": likes}
        for account, by_age in accounts.items()
        for age, likes in by_age.items()
    ]
    path = tmp_path / "set.parquet"
    pl.DataFrame(rows).with_columns(platform=pl.lit("instagram"), followers=followers, comments=0).write_parquet(path)
    return read(path)


def test_forward_split_trains_on_the_older_half(tmp_path: Path) -> None:
    by_age = {0: 60, 10: 50, 20: 40, 30: 30, 40: 20, 130: 10}
    halves = split(posts(tmp_path, {1: by_age, 2: {0: 5, 1: 6, 2: 7}, 3: dict.fromkeys(range(8), 1)}), "forward")
    assert halves.number.tolist() == [0, 2]  # account 2 has one post to test on
    mine = halves.train.account == 0
    # The newest training post is 3 days old; the one of 130 days is 103 days old then, outside the window.
    assert halves.train.age[mine].tolist() == [3, 13]
    assert halves.train.likes[mine].tolist() == [30, 20]
    assert halves.truth[0] == pytest.approx(np.log(50.5 / 1000))


def test_random_halves_are_from_one_window_and_deterministic(tmp_path: Path) -> None:
    everything = posts(tmp_path, {1: {age: age for age in range(0, 200, 10)}, 2: {age: 100 + age for age in range(9)}})
    first, again, other = (split(everything, "random", seed) for seed in (1, 1, 2))
    assert first.train.likes.tolist() == again.train.likes.tolist()
    assert first.train.likes.tolist() != other.train.likes.tolist()
    assert first.train.posts.tolist() == [5, 5]  # of 9 in the window each
    assert max(first.train.likes[first.train.account == 0]) < 90
    assert window(everything).posts.tolist() == [9, 9]


def test_sampling_variance_of_the_median_matches_its_draws() -> None:
    rng = np.random.default_rng(1)
    account = np.repeat(np.arange(4000), 12)
    logs = 0.5 * rng.standard_normal(account.size)
    medians = np.median(logs.reshape(4000, 12), axis=1)
    assert median_variance(account, logs, 1).mean() == pytest.approx(medians.var(), rel=0.05)
    # Also for posts with long tails, whose variance a formula for normal draws overstates.
    logs = 0.5 * rng.standard_t(2, account.size)
    medians = np.median(logs.reshape(4000, 12), axis=1)
    assert np.median(median_variance(account, logs, 1)) == pytest.approx(medians.var(), rel=0.2)


def test_accuracy_is_higher_for_better_estimates(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    accounts = {n: {age: int(1000 * np.exp(rng.standard_normal())) for age in range(10)} for n in range(50)}
    halves = split(posts(tmp_path, accounts), "forward")
    near, far = (
        Estimate(halves.truth + error * rng.standard_normal(50), np.zeros(50), halves.truth - 1, halves.truth + error)
        for error in (0.1, 1.0)
    )
    result = accuracy([halves], [{"near": near, "far": far}], 50)
    better = gain(result["near"], result["far"])
    assert (better[0, :3] > 0).all()
    assert (better[0, :3] > better[1:, :3].std(axis=0)).all()
    assert gain(result["near"], result["near"]).tolist() == np.zeros((201, 4)).tolist()


def test_command_prints_accuracy_averages_and_false_alarms(tmp_path: Path) -> None:
    world = draw(SCENARIOS["instagram"], 120, 1)
    pl.DataFrame(
        {
            "account": world.account,
            "platform": world.platform[world.account],
            "followers": world.followers[world.account],
            "posted_at": [NEWEST - timedelta(days=age) for age in world.age],
            "likes": world.likes,
            "comments": world.comments,
        }
    ).write_parquet(tmp_path / "simulated.parquet")
    result = CliRunner().invoke(real_posts.main, ["--folder", str(tmp_path), "--seeds", "1"])
    assert result.exit_code == 0, result.output
    for text in ("forward halves", "random halves", "simulated", "mean of 1 sets", "number hidden", "FALSE ALARMS"):
        assert text in result.output
    empty = CliRunner().invoke(real_posts.main, ["--folder", str(tmp_path / "none")])
    assert empty.output == f"REAL POSTS: skipped, no *.parquet in {tmp_path / 'none'}\n"


def test_unknown_ingredient_is_rejected_by_name() -> None:
    assert WithoutOption().convert("", None, None) == ()
    result = CliRunner().invoke(real_posts.main, ["--without", "salt+pepper"])
    assert result.exit_code == 2
    assert "no ingredient pepper, salt" in result.output
