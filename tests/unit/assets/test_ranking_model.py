"""The ranking model, step by step: rows in, rows out, compared with independent computations."""

import math
import random
import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from assets.metrics.computing import parameters, reference
from assets.sql import read_step
from assets.storage.engine import connect, stream_sql
from benchmarks.ranking_quality import product
from schemas.config.source import Metrics
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.priors import Priors
from schemas.settings import Settings
from tests.factories.invented_accounts import Row, engagement, night, post, profile, run

PLATFORM = {"platform": "instagram"}
VARIANCE = {
    "post_variance": 0.3,
    "post_df": 4.0,
    "change_variance": 0.04,
    "mean_offset": 0.2,
    "mean_offset_variance": 0.02,
}
PRIOR = (
    PLATFORM
    | {"tier": "micro", "basis": "tier", "accounts": 40, "log_expected": -3.0, "log_followers": 8.0, "slope": -0.2}
    | {"between_variance": 0.2, "outlier_share": 0.05}
    | VARIANCE
)


def account(name: str, level: float | None, followers: int = 5000, **cells: Any) -> Row:
    """Builds a row of `engagement`, with posts unless `level` is missing."""
    posts = {"level_posts": 6, "level": level, "level_ss": 1.5, "log_mean": -3.0 if level is None else level + 0.15}
    row = profile(name, followers, tier="micro", is_ranked_tier=True, posts_sampled=6, hidden_like_posts=0)
    return row | {"counting_variance": 0.01} | posts | cells


def step(settings: Settings, table: str, name: str, **rows: list[Row]) -> list[Row]:
    """Returns the rows of a step of a table, from rows of its inputs."""
    models = {"engagement": Engagement, "priors": Priors}
    inputs = {each: pl.DataFrame(given, schema=polars_schema(models[each])) for each, given in rows.items()}
    inputs |= {each: reference(each) for each in ("tiers", "default_priors")}
    batches = [pl.DataFrame(batch) for batch in stream_sql(settings, read_step(table, name), inputs)]
    return pl.concat(batches).to_dicts() if batches else []


def value(settings: Settings, expression: str) -> float:
    """Evaluates an expression over the macros."""
    with connect(settings) as connection:
        return float(connection.sql(f"SELECT {expression}").fetchall()[0][0])


@pytest.mark.parametrize("x", [0.4, 0.7, 1, 2, 8, 50])
def test_trigamma_and_its_inverse_are_accurate(settings: Settings, x: float) -> None:
    series = sum(1 / (x + k) ** 2 for k in range(200_000)) + 1 / (x + 200_000)
    assert value(settings, f"trigamma({x})") == pytest.approx(series, rel=0.03)
    assert value(settings, f"inverse_trigamma({series})") == pytest.approx(x, rel=0.02)


@pytest.mark.parametrize("df, median", [(1, 0.4549), (2, 1.3863), (5, 4.3515), (30, 29.336)])
def test_median_of_chi_square_is_accurate(settings: Settings, df: int, median: float) -> None:
    assert value(settings, f"log_chi2_median({df})") == pytest.approx(math.log(median / df), abs=0.04)


def test_uniform_engagement_is_the_posterior_of_bought_posts(settings: Settings) -> None:
    """Integrates over the variance of honest posts, whose prior is a scaled inverse chi-square."""
    df, squares, scale, counting, prior_df = 6, 0.05, 0.3, 0.01, 4.0
    logs = np.linspace(-12, 4, 40_001)
    variance = np.exp(logs)
    prior = (prior_df / 2) * np.log(prior_df * (scale + counting) / 2) - math.lgamma(prior_df / 2)
    prior = prior - (prior_df / 2) * logs - prior_df * (scale + counting) / (2 * variance)  # density of the log
    honest = np.trapezoid(np.exp(prior - df / 2 * logs - squares / (2 * variance)), logs)
    even = scale / 36 + counting
    bought = even ** (-df / 2) * math.exp(-squares / (2 * even))
    expected = 0.02 * bought / (0.02 * bought + 0.98 * honest)
    found = value(settings, f"uniform_engagement({squares}, {df}, {scale}, {counting}, {prior_df})")
    assert found == pytest.approx(expected, rel=1e-3)


def test_post_variance_is_moderated_by_platform(settings: Settings) -> None:
    draw = random.Random(1)  # noqa: S311 - invented accounts
    rows = []
    for number in range(400):
        variance = 0.25 * 5 / draw.gammavariate(5 / 2, 2)  # scaled inverse chi-square with 5 degrees of freedom
        posts = draw.randint(6, 14)
        squares = variance * draw.gammavariate((posts - 1) / 2, 2)
        noise = 2 / posts * 2
        moved = draw.gauss(0, math.sqrt(variance * noise + 0.09))
        cells = {"level_ss": squares, "counting_variance": 0.0, "level_change": moved, "level_change_noise": noise}
        rows.append(account(f"n{number}", -3.0, level_posts=posts, log_mean=-3.0 + 0.3 * (1 - 1 / posts)) | cells)
    rows += [account(f"t{number}", -2.0, platform="tiktok") for number in range(19)]
    found = {row["platform"]: row for row in step(settings, "priors", "post_variance", engagement=rows)}
    instagram = found["instagram"]
    assert instagram["post_variance"] == pytest.approx(0.25, rel=0.1)
    assert instagram["post_df"] == pytest.approx(5, rel=0.3)
    assert instagram["change_variance"] == pytest.approx(0.09, rel=0.4)
    assert (instagram["mean_offset"], instagram["mean_offset_variance"]) == (pytest.approx(0.3), pytest.approx(0))
    # By hand, from the quartiles of the logs of the variances.
    logs = [math.log(row["level_ss"] / (row["level_posts"] - 1)) for row in rows[:400]]
    logs = [log - 3 * math.log(1 - 2 / (9 * (row["level_posts"] - 1))) for log, row in zip(logs, rows, strict=False)]
    spread = float(np.subtract(*np.quantile(logs, [0.75, 0.25]))) / 1.349
    chance = statistics.fmean(
        (1 + math.sqrt(1 + (row["level_posts"] - 1) ** 2)) / ((row["level_posts"] - 1) ** 2 / 2) for row in rows[:400]
    )
    assert instagram["post_df"] == pytest.approx(2 * math.sqrt(1 + spread**2 - chance) / (spread**2 - chance), rel=1e-4)
    median = statistics.median(logs) + 3 * math.log(1 - 2 / (9 * instagram["post_df"]))
    assert instagram["post_variance"] == pytest.approx(math.exp(median), rel=1e-6)
    # Nineteen accounts are too few: published defaults.
    tiktok = {"post_variance": 0.36, "post_df": 4, "change_variance": 0, "mean_offset": 0.18}
    assert found["tiktok"] == {"platform": "tiktok", "mean_offset_variance": pytest.approx(0.36**2 / 8)} | tiktok


def test_constant_levels_have_no_change_variance(settings: Settings) -> None:
    draw = random.Random(2)  # noqa: S311 - invented accounts
    rows = [
        account(f"n{number}", -3.0, level_ss=0.3 * draw.gammavariate(5 / 2, 2))
        | {"level_change": draw.gauss(0, math.sqrt(0.3 * 2 / 3)), "level_change_noise": 2 / 3}
        for number in range(300)
    ]
    (row,) = step(settings, "priors", "post_variance", engagement=rows)
    assert row["change_variance"] == 0


def test_account_levels_of_posts_and_of_averages(settings: Settings) -> None:
    average: dict[str, Any] = {"level_posts": 0, "level_ss": None, "engagement_basis": "averages"}
    rows = [
        account("posts", -2.5),
        account("average", None, **average),
        account("average_of_3", None, averaged_posts=3, **average),
        account("average_of_1", None, averaged_posts=1, **average),
        account("average_of_0", None, averaged_posts=0, **average),
        account("silent", None, log_mean=None, level_posts=0, level_ss=None),
    ]
    found = {
        row["profile_id"]: row for row in step(settings, "estimates", "account_levels", engagement=rows, priors=[PRIOR])
    }
    assert set(found) == {"posts", "average", "average_of_3", "average_of_1", "average_of_0"}
    variance = (4 * 0.31 + 1.5) / (4 + 6 - 2)
    assert found["posts"]["level"] == -2.5
    assert (found["posts"]["variance"], found["posts"]["noise"]) == pytest.approx((variance, variance / 6))
    single = 4 * 0.31 / (4 + 1 - 2)  # of an account without posts of its own
    for name, posts in (("average", 4), ("average_of_0", 4), ("average_of_3", 3), ("average_of_1", 1)):
        assert found[name]["level"] == pytest.approx(-3.0 - 0.2 * (1 - 1 / posts))
        assert found[name]["noise"] == pytest.approx(0.02 + single / posts)


def test_size_trend_is_weighted_ridge_regression(settings: Settings) -> None:
    draw = random.Random(3)  # noqa: S311 - invented accounts
    rows = []
    for number in range(90):
        followers = round(math.exp(draw.uniform(math.log(1000), math.log(100_000))))
        tier = "micro" if followers < 10_000 else "mid"
        level = -2.5 - 0.3 * math.log(followers / 10_000) + draw.gauss(0, 0.5)
        rows.append(account(f"n{number}", level, followers, tier=tier, level_posts=draw.randint(1, 30)))
    rows += [account("lonely", -1.0, 200_000, tier="macro")]
    levels = {row["profile_id"]: row for row in step(settings, "priors", "account_levels", engagement=rows)}
    found = {row["scope"]: row for row in step(settings, "priors", "size_trend", engagement=rows)}
    assert set(found) == {"micro", "mid", "*"}  # one account is no tier

    def fit(tier: str, prior_slope: float) -> tuple[float, float, float]:
        chosen = [row for row in levels.values() if tier in ("*", row["tier"])]
        weight = np.array([1 / (0.25 + row["noise"]) for row in chosen])
        x, y = np.array([row["log_followers"] for row in chosen]), np.array([row["level"] for row in chosen])
        centre = float(np.average(x, weights=weight))
        # A row more for the prior of the slope: prior_slope with a standard deviation of 0.15.
        design = np.vstack([np.column_stack([np.ones_like(x), x - centre]) * np.sqrt(weight)[:, None], [0, 1 / 0.15]])
        target = np.append(y * np.sqrt(weight), prior_slope / 0.15)
        intercept, slope = np.linalg.lstsq(design, target)[0]
        return centre, float(intercept), float(slope)

    whole = fit("*", 0.0)
    for tier in ("*", "micro", "mid"):
        centre, intercept, slope = whole if tier == "*" else fit(tier, whole[2])
        assert found[tier]["log_followers"] == pytest.approx(centre, abs=1e-5)
        assert found[tier]["log_expected"] == pytest.approx(intercept, abs=1e-5)
        assert found[tier]["slope"] == pytest.approx(slope, abs=1e-4)


def test_account_prior_finds_the_share_of_outliers(settings: Settings) -> None:
    draw = random.Random(4)  # noqa: S311 - invented accounts
    levels = [draw.gauss(-3, 0.4 * (4 if number % 25 == 0 else 1)) for number in range(4000)]
    rows = [account(f"n{number}", level, level_posts=40, level_ss=8.0) for number, level in enumerate(levels)]
    (found,) = step(settings, "priors", "account_prior", engagement=rows)
    assert found["between_variance"] == pytest.approx(0.16, rel=0.25)
    assert found["outlier_share"] == pytest.approx(0.04, abs=0.02)
    alike = [account(f"n{number}", draw.gauss(-3, 0.4), level_posts=40, level_ss=8.0) for number in range(4000)]
    (normal,) = step(settings, "priors", "account_prior", engagement=alike)
    assert normal["between_variance"] == pytest.approx(0.16, rel=0.1)
    assert normal["outlier_share"] < 0.005


@pytest.mark.parametrize("level", [-3.2, -2.0, 0.5])
def test_posterior_matches_numerical_integration_of_the_mixture(settings: Settings, level: float) -> None:
    """Integrates over the level, with prior and noise as densities."""
    (row,) = step(settings, "estimates", "posterior", engagement=[account("a", level)], priors=[PRIOR])
    expected = -3.0 - 0.2 * (math.log(5000) - 8.0)
    noise = (4 * 0.31 + 1.5) / 8 / 6
    lift = np.linspace(-12, 12, 200_001)

    def normal(x: Any, variance: float) -> Any:  # noqa: ANN401 - arrays
        return np.exp(-x * x / variance / 2) / math.sqrt(variance)

    density = (0.95 * normal(lift, 0.2) + 0.05 * normal(lift, 3.2)) * normal(level - expected - lift, noise)
    density /= density.sum()
    mean = float((density * lift).sum())
    variance = float((density * (lift - mean) ** 2).sum()) + 0.75 * 0.04
    assert row["log_lift"] == pytest.approx(mean, abs=1e-6)
    assert row["log_stddev"] == pytest.approx(math.sqrt(variance), abs=1e-6)
    assert row["zscore"] == pytest.approx(mean / math.sqrt(0.95 * 0.2 + 0.05 * 3.2))


def test_estimates_are_the_exponentials_of_the_posterior(settings: Settings) -> None:
    tables = {"engagement": [account("a", -2.0)], "priors": [PRIOR]}
    (row,) = step(settings, "estimates", "posterior", **tables)
    inputs = {
        "engagement": pl.DataFrame(tables["engagement"], schema=polars_schema(Engagement)),
        "priors": pl.DataFrame(tables["priors"], schema=polars_schema(Priors)),
        "parameters": parameters(Metrics()),
    }
    (found,) = run(settings, "estimates", inputs).to_dicts()
    expected = math.exp(-3.0 - 0.2 * (math.log(5000) - 8.0))
    width = 1.28 * row["log_stddev"]
    figures = {
        "expected_ratio": expected,
        "lift": math.exp(row["log_lift"]),
        "lift_ci_lower": math.exp(row["log_lift"] - width),
        "engagement_ci_lower": expected * math.exp(row["log_lift"] - width),
        "engagement_estimate": expected * math.exp(row["log_lift"]),
        "engagement_ci_upper": expected * math.exp(row["log_lift"] + width),
        "engagement_zscore": row["zscore"],
        "post_log_stddev": math.sqrt(1.5 / 5),
    }
    assert {name: found[name] for name in figures} == pytest.approx(figures)


def test_tier_with_few_accounts_uses_platform_parameters(settings: Settings) -> None:
    rows = [account(f"n{number}", -3.0 + number / 100) for number in range(30)]
    rows += [account("large", -2.0, 500_000, tier="macro")]
    inputs: Mapping[str, pl.DataFrame] = {
        "engagement": pl.DataFrame(rows, schema=polars_schema(Engagement)),
        "tiers": reference("tiers"),
        "default_priors": reference("default_priors"),
    }
    found = {row["tier"]: row for row in run(settings, "priors", dict(inputs)).to_dicts()}
    whole = {row["scope"]: row for row in step(settings, "priors", "size_trend", engagement=rows)}["*"]
    assert [(found[tier]["basis"], found[tier]["accounts"]) for tier in ("micro", "macro", "nano")] == [
        ("tier", 30), ("platform", 1), ("platform", 0),
    ]  # fmt: skip
    assert found["macro"]["log_expected"] == whole["log_expected"]
    assert found["micro"]["log_expected"] != whole["log_expected"]


def ranked(
    settings: Settings, sizes: dict[str, list[int]], followers: int | dict[str, int] = 5000, **averages: float
) -> tuple[dict[str, Row], Row]:
    """Ranks accounts with the given likes per post, together with averages; returns the prior of the tier micro too."""
    rows = measured(settings, sizes, followers, **averages)
    return standing(settings, rows)


def measured(
    settings: Settings, sizes: dict[str, list[int]], followers: int | dict[str, int] = 5000, **averages: float
) -> pl.DataFrame:
    """Returns the rows of `engagement`: likes per post, newest first, a post every other day."""
    of = followers if isinstance(followers, dict) else dict.fromkeys(sizes, followers)
    profiles = [profile(name, of[name]) for name in sizes]
    profiles += [profile(name, 5000, avg_likes=likes, avg_comments=0.0) for name, likes in averages.items()]
    posts = [
        post(name, 3 + 2 * number, likes) for name, all_likes in sizes.items() for number, likes in enumerate(all_likes)
    ]
    return pl.DataFrame(list(engagement(settings, profiles, posts).values()), infer_schema_length=None)


def standing(settings: Settings, rows: pl.DataFrame) -> tuple[dict[str, Row], Row]:
    """Returns the rows of `ranking`, and the prior of the tier micro."""
    tables = product.ranked(settings, rows)
    ranking, priors = tables["ranking"], tables["priors"]
    prior = priors.filter(pl.col("tier") == "micro").row(0, named=True)
    found = {row["profile_id"]: row for row in ranking.to_dicts()}
    for table in (tables["authenticity"], rows):
        for row in table.to_dicts():
            found[row["profile_id"]] = row | found[row["profile_id"]]
    return found, prior


def field(accounts: int, posts: int, between: float = 0.5, within: float = 0.4, seed: int = 1) -> dict[str, list[int]]:
    """Builds accounts of about 250 likes a post, log-normal between and within."""
    draw = random.Random(seed)  # noqa: S311 - invented accounts
    levels = {f"n{number:03}": draw.gauss(math.log(250), between) for number in range(accounts)}
    return {name: [round(math.exp(draw.gauss(level, within))) for _ in range(posts)] for name, level in levels.items()}


FIELD = field(40, 7)


def test_expected_ratio_depends_on_size_within_a_tier(settings: Settings) -> None:
    sizes = {name: 1100 + 80 * number for number, name in enumerate(field(100, 9))}
    likes = {
        name: [round(like / 250 * 60 * (followers / 1000) ** 0.5) for like in field(100, 9)[name]]
        for name, followers in sizes.items()
    }
    like_same = {"small": [200] * 9, "large": [1600] * 9}
    rows, prior = ranked(settings, likes | like_same, sizes | {"small": 1100, "large": 8800})
    assert prior["slope"] == pytest.approx(-0.5, abs=0.2)
    assert rows["large"]["engagement_ratio"] == rows["small"]["engagement_ratio"]
    assert rows["large"]["lift"] > 1.5 * rows["small"]["lift"]


def test_noisier_accounts_are_shrunk_more(settings: Settings) -> None:
    wide = {f"w{name}": likes for name, likes in field(100, 9, within=1.2, seed=2).items()}
    narrow = field(100, 9, within=0.15)
    steady, erratic = {"steady": [500] * 5 + [520] * 4}, {"erratic": [80, 2600, 500, 150, 1700, 500, 3000, 90, 500]}
    rows, prior = ranked(settings, narrow | wide | steady | erratic)
    assert prior["post_df"] < 5
    width = {name: math.log(row["engagement_ci_upper"] / row["engagement_ci_lower"]) for name, row in rows.items()}
    assert width["erratic"] > 2 * width["steady"]


def test_posts_beyond_the_sample_narrow_the_interval(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD | {"twelve": [400, 500] * 6, "thirty": [400, 500] * 15})
    assert rows["thirty"]["posts_sampled"] == rows["twelve"]["posts_sampled"] == 12
    assert rows["thirty"]["engagement_ci_lower"] > rows["twelve"]["engagement_ci_lower"]


def test_uniform_engagement_lowers_the_score_and_is_flagged(settings: Settings) -> None:
    even, earned = [2000, 2030, 1990, 2010, 1985, 2005, 2020], [1500, 2900, 1200, 2100, 1900, 3300, 1700]
    rows, _ = ranked(settings, FIELD | {"even": even, "earned": earned, "few": [1000]})
    assert rows["even"]["authenticity"] < 0.01
    assert "uniform_engagement" in rows["even"]["flags"].split(", ")
    assert rows["earned"]["uniform_engagement"] < 0.01
    assert rows["few"]["uniform_engagement"] is None
    assert rows["earned"]["rank"] < rows["even"]["rank"]
    assert rows["even"]["engagement_estimate"] == pytest.approx(0.4, rel=0.15)  # what its posts show stays what it is
    assert statistics.fmean(rows[name]["authenticity"] for name in FIELD) > 0.96


def test_small_counts_are_not_flagged_as_uniform(settings: Settings) -> None:
    small = {f"s{number}": [2, 3, 2, 3, 3, 2, 2] for number in range(3)}
    rows, _ = ranked(settings, FIELD | small)
    assert rows["s0"]["uniform_engagement"] < 0.5


def test_averages_are_ranked_with_wider_intervals_and_below_their_mean(settings: Settings) -> None:
    rows, prior = ranked(settings, field(60, 12) | {"posts": [400, 500] * 6}, averaged=450.0)
    assert rows["averaged"]["engagement_basis"] == "averages"
    assert rows["averaged"]["rank"] is not None
    assert prior["mean_offset"] > 0
    width = {name: math.log(row["engagement_ci_upper"] / row["engagement_ci_lower"]) for name, row in rows.items()}
    assert width["averaged"] > width["posts"]
    assert rows["averaged"]["engagement_estimate"] < rows["posts"]["engagement_estimate"]


def test_average_of_many_posts_is_shrunk_less(settings: Settings) -> None:
    profiles = [profile(name, 5000) for name in field(60, 12)]
    posts = [
        post(name, 3 + 2 * place, like) for name, likes in field(60, 12).items() for place, like in enumerate(likes)
    ]
    for name, averaged in (("unknown", None), ("none", 0), ("two", 2), ("fifty", 50)):
        profiles.append(profile(name, 5000, avg_likes=800.0, avg_comments=0.0, averaged_posts=averaged))
    rows = night(settings, profiles, posts)["ranking"]
    width = {name: math.log(row["engagement_ci_upper"] / row["engagement_ci_lower"]) for name, row in rows.items()}
    assert width["two"] > width["unknown"] == width["none"] > width["fifty"]
    assert rows["two"]["lift"] < rows["unknown"]["lift"] < rows["fifty"]["lift"]


def test_averages_only_source_is_ranked(settings: Settings) -> None:
    likes = {f"a{number:02}": 100.0 + 10 * number for number in range(30)}
    rows, prior = ranked(settings, {}, 5000, **likes)
    assert (prior["basis"], prior["accounts"]) == ("tier", 30)
    assert [name for name, _ in sorted(rows.items(), key=lambda item: int(item[1]["rank"]))] == sorted(likes)[::-1]
    assert prior["log_expected"] < statistics.fmean(math.log(like / 5000) for like in likes.values())


def test_figures_do_not_depend_on_row_order_or_threads(settings: Settings) -> None:
    rows = measured(settings, field(300, 9) | {"viral": [200, 210, 9000]}, average=300.0)
    expected = standing(settings, rows)
    for seed, threads in ((1, 1), (2, 2), (3, 4)):
        shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
        assert standing(replace(settings, threads=threads), shuffled) == expected


def test_two_lucky_posts_do_not_outrank_twelve_good_ones(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD | {"lucky": [900], "steady": [500, 720, 600, 480, 610, 690] * 2})
    assert rows["lucky"]["engagement_ratio"] > rows["steady"]["engagement_ratio"]
    assert rows["steady"]["rank"] < rows["lucky"]["rank"]


def test_equal_accounts_rank_by_platform_and_id(settings: Settings) -> None:
    rows, _ = ranked(settings, {name: [50, 60, 70] for name in ("c", "a", "b")})
    assert [name for name, _ in sorted(rows.items(), key=lambda item: int(item[1]["rank"]))] == ["a", "b", "c"]
    assert {row["tier_percentile"] for row in rows.values()} == {1.0}


def test_small_tier_falls_back_and_reports_it(settings: Settings) -> None:
    _, prior = ranked(settings, {"a": [400, 500], "b": [300, 200]})
    assert prior["basis"] == "published"
    assert math.exp(prior["log_expected"]) == pytest.approx(0.0753)


def test_only_ranked_tiers_have_a_rank(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD, followers=500_000)
    assert {row["rank"] for row in rows.values()} == {None}
    assert all(row["score"] is not None for row in rows.values())
