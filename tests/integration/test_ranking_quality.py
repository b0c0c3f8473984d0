"""The benchmark of ranking quality: its measures, worlds and oracle, and the product in them."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.ranking_quality import fraud, measures, naive, oracle, product
from benchmarks.ranking_quality.__main__ import main
from benchmarks.ranking_quality.ingredients import REPLACEMENTS
from benchmarks.ranking_quality.scenarios import SCENARIOS, Scenario
from benchmarks.ranking_quality.simulator import draw
from benchmarks.ranking_quality.trials import PRODUCT, SHRINKAGE, Outcome, judge, run


def test_measures_equal_hand_computed_values() -> None:
    truth, score = np.log([8.0, 4.0, 2.0, 1.0]), np.array([3.0, 1.0, 2.0, 0.0])
    assert measures.precision(truth, score, 1) == 1
    assert measures.precision(truth, score, 2) == 0.5
    assert measures.precision(truth, -score, 2) == 0.5
    ideal, found = 8 + 4 / math.log2(3), 8 + 2 / math.log2(3)
    assert measures.ndcg(truth, score, 2) == pytest.approx(found / ideal)
    assert measures.spearman(truth, score) == pytest.approx(1 - 6 * 2 / (4 * 15))
    assert measures.auc(np.array([3.0, 2.0, 2.0, 1.0]), np.array([True, True, False, False])) == 0.875
    assert measures.coverage(truth, truth - 1, np.array([9.0, 9.0, 0.0, 0.0])) == 0.75


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_world_is_deterministic_and_its_oracle_is_calibrated(scenario: Scenario) -> None:
    world, again, other = draw(scenario, 400, 7), draw(scenario, 400, 7), draw(scenario, 400, 8)
    assert np.array_equal(world.likes, again.likes)
    assert np.array_equal(world.truth, again.truth)
    assert not np.array_equal(world.truth, other.truth)
    if oracle.is_exact(scenario):
        posterior = oracle.estimate(world, 1.2816)
        seen = np.isfinite(posterior.log_estimate)
        assert posterior.log_low is not None
        assert posterior.log_high is not None
        covered = measures.coverage(world.truth[seen], posterior.log_low[seen], posterior.log_high[seen])
        # Of 400 accounts 80 % are 320, give or take 8; the share of reels is approximated, without its uncertainty.
        assert 0.68 if scenario.reel_effect else 0.73 < covered < 0.87


def test_oracle_of_log_normal_world_is_the_textbook_posterior() -> None:
    scenario = Scenario("textbook", "large accounts", followers=10_000_000, posts=(1, 9), post_df=1e9, movement=0)
    world = draw(scenario, 200, 1)
    logs = np.log(world.engagement / world.followers[world.account]) - world.expected[world.account]
    posts = np.bincount(world.account)
    between, within = scenario.between**2, scenario.within**2
    expected = between * np.bincount(world.account, logs) / (posts * between + within)
    deviation = np.sqrt(between * within / (posts * between + within))
    posterior = oracle.estimate(world, 1.2816)
    assert posterior.log_low is not None
    assert posterior.log_estimate - world.expected == pytest.approx(expected, abs=0.01)
    assert posterior.log_estimate - posterior.log_low == pytest.approx(1.2816 * deviation, rel=0.1)


def test_worlds_vary_as_their_scenario_defines() -> None:
    scenario = Scenario("varied", "many posts", followers=10_000_000, posts=(30, 30), movement=0, post_df=4)
    world = draw(scenario, 3000, 1)
    logs = np.log(world.engagement + 0.5).reshape(3000, 30)
    # 4 over a chi-square variable of 4 degrees of freedom has the median 1.19.
    assert np.median(logs.var(axis=1, ddof=1)) == pytest.approx(1.19 * scenario.within**2, rel=0.05)
    moving = draw(replace(scenario, within=0.001, movement=0.5), 3000, 1)
    change = np.log(moving.engagement + 0.5).reshape(3000, 30)[:, -1] - (moving.expected + np.log(moving.followers))
    days = moving.age.reshape(3000, 30)[:, -1]
    assert np.var(change) == pytest.approx(scenario.between**2 + 0.25 * np.mean(days) / 90, rel=0.1)


def test_product_precision_is_close_to_the_oracle(tmp_path: Path) -> None:
    for scenario in ("instagram", "heavy_few", "even"):
        rank = Outcome(scenario, "rank", [run(scenario, 2500, 1, tmp_path)["rank"]])
        assert rank.of_oracle("P@100") > 0.85
        assert rank.of_oracle("NDCG@100") > 0.9


def test_product_precision_exceeds_plain_shrinkage(tmp_path: Path) -> None:
    for scenario in ("viral", "heavy_few", "averages"):
        rank = Outcome(scenario, "rank", [run(scenario, 2500, 1, tmp_path)["rank"]])
        assert rank.margin("NDCG@100")[0] > -0.02
        assert rank.mean(PRODUCT, "P@100") > rank.mean(SHRINKAGE, "P@100")


def test_intervals_are_calibrated_for_constant_levels(tmp_path: Path) -> None:
    for name in ("viral", "heavy_few", "averages"):
        world = draw(replace(SCENARIOS[name], movement=0), 2500, 1)
        judged = judge(world, {PRODUCT: product.estimate(world, tmp_path)})
        assert 0.76 < judged["estimate"][PRODUCT]["80 %"] < 0.84


@pytest.mark.parametrize("ingredient", REPLACEMENTS)
def test_switching_an_ingredient_off_changes_estimates(tmp_path: Path, ingredient: str) -> None:
    world = draw(replace(SCENARIOS["everything"], movement=0.7), 1000, 1)
    full, less = product.posterior(world, tmp_path), product.posterior(world, tmp_path, (ingredient,))
    assert full.log_high is not None
    assert less.log_high is not None
    assert not np.array_equal(full.log_high, less.log_high, equal_nan=True)


def test_intervals_are_calibrated_for_few_likes_per_post(tmp_path: Path) -> None:
    # Only counting noise matters: accounts' posts scatter alike, and no level moves after the snapshot.
    scenario = replace(SCENARIOS["tiny_counts"], movement=0, post_df=1_000)
    worlds = [draw(scenario, 5000, seed) for seed in range(3)]
    judged = [judge(world, {PRODUCT: product.estimate(world, tmp_path)}) for world in worlds]
    held = [each["estimate"][PRODUCT]["80 %"] for each in judged]
    assert 0.78 <= sum(held) / len(held) <= 0.82


def test_report_marks_a_ranking_worse_than_a_naive_one() -> None:
    world = draw(SCENARIOS["instagram"], 500, 1)
    estimates = {name: method(world) for name, method in naive.methods().items()}
    upside_down = {PRODUCT: -estimates["mean"].log_estimate}
    trials = [
        judge(
            world,
            {name: type(estimates["mean"])(values, world.expected) for name, values in upside_down.items()} | estimates,
        )
    ]
    outcome = Outcome("instagram", "rank", [trial["rank"] for trial in trials])
    assert outcome.is_below_naive("P@100")


@pytest.mark.proof
def test_command_prints_real_posts_before_worlds(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["--seeds", "2", "--accounts", "300", "--scenario", "few", "--workers", "1", "--posts", str(tmp_path)]
    )
    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"REAL POSTS: skipped, no *.parquet in {tmp_path}")
    assert "none given (--labelled FILE); skipped" in result.output
    for text in (
        "RANK",
        "AUTHENTICITY",
        "follow-unfollow",
        "ESTIMATE",
        "Wilson lower bound",
        "regression on followers",
        "oracle",
    ):
        assert text in result.output


def test_indicators_detect_simulated_fraud(tmp_path: Path) -> None:
    telling = {
        "even likes": ("uniform_engagement", 0.95),
        "comment pod": ("comment_anomaly", 0.85),
        "bought, long ago": ("low_engagement", 0.75),
        "bought, lately": ("follower_spike", 0.95),
        "follow-unfollow": ("follow_unfollow", 0.95),
    }
    assert set(telling) == set(fraud.CHEATS)
    for name, (sign, least) in telling.items():
        areas = fraud.simulated(name, 1000, 1, tmp_path)
        assert areas[sign] > least, name
        assert areas["authenticity"] > 0.55, name


def test_labelled_accounts_are_scored_by_profile_indicators(tmp_path: Path) -> None:
    path = tmp_path / "labelled.csv"
    fakes = ["0,0.4,1,2,900,1"] * 30
    real = [f"1,0.0,{100 + number},{5000 + number},300,0" for number in range(30)]
    header = "profile pic,nums/length username,#posts,#followers,#follows,fake"
    path.write_text("\n".join([header, *fakes, *real]), encoding="utf-8")
    areas = fraud.labelled(path, tmp_path)
    assert areas["no_picture"] == 1
    assert areas["authenticity"] == 1
    assert "uniform_engagement" not in areas  # there are no posts to detect it from
