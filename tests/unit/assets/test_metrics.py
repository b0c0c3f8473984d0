"""Ratios, priors and ranks: accounts and posts in, figures out, through the SQL files as a night runs them."""

import math
import random
import statistics
from dataclasses import replace

import polars as pl
import pytest

from benchmarks.ranking_quality import product
from schemas.settings import Settings
from tests.factories.invented_accounts import Row, engagement, night, post, profile


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


def test_sponsored_posts_are_held_against_the_others(settings: Settings) -> None:
    posts = [post("a", 3, 100, is_sponsored=True), *(post("a", age, 400) for age in (4, 5, 6))]
    posts += [post("all", age, 100, caption="#ad") for age in (3, 4)] + [post("none", age, 100) for age in (3, 4)]
    posts += [post("hidden", 3, None, is_sponsored=True), post("hidden", 4, 10)]
    rows = engagement(settings, [profile(name, 1000) for name in ("a", "all", "none", "hidden")], posts)
    assert rows["a"]["sponsored_lift"] == pytest.approx(100.5 / 400.5, rel=1e-5)
    assert [rows[name]["sponsored_lift"] for name in ("all", "none", "hidden")] == [None] * 3


def test_carried_posts_are_sampled_as_of_the_day_they_were_landed(settings: Settings) -> None:
    carried = {"snapshot_age_days": 5}
    posts = [post("a", age, 100, **carried) for age in (6, 7, 94, 95, 96)]
    row = engagement(settings, [profile("a", 1000, **carried)], posts)["a"]
    assert row["posts_sampled"] == 3  # 2, 89 and 90 days old when they were landed


def ranked(
    settings: Settings, sizes: dict[str, list[int]], followers: int | dict[str, int] = 5000, **averages: float
) -> tuple[dict[str, Row], Row]:
    """Accounts with the given likes per post, ranked, beside those of averages; and the prior of the tier micro."""
    rows = measured(settings, sizes, followers, **averages)
    return standing(settings, rows)


def measured(
    settings: Settings, sizes: dict[str, list[int]], followers: int | dict[str, int] = 5000, **averages: float
) -> pl.DataFrame:
    """The rows of `engagement`: likes per post, newest first, a post every other day."""
    of = followers if isinstance(followers, dict) else dict.fromkeys(sizes, followers)
    profiles = [profile(name, of[name]) for name in sizes]
    profiles += [profile(name, 5000, avg_likes=likes, avg_comments=0.0) for name, likes in averages.items()]
    posts = [
        post(name, 3 + 2 * number, likes) for name, all_likes in sizes.items() for number, likes in enumerate(all_likes)
    ]
    return pl.DataFrame(list(engagement(settings, profiles, posts).values()), infer_schema_length=None)


def standing(settings: Settings, rows: pl.DataFrame) -> tuple[dict[str, Row], Row]:
    """The rows of `ranking`, and the prior of the tier micro."""
    tables = product.ranked(settings, rows)
    ranking, priors = tables["ranking"], tables["priors"]
    prior = priors.filter(pl.col("tier") == "micro").row(0, named=True)
    found = {row["profile_id"]: row for row in ranking.to_dicts()}
    for table in (tables["authenticity"], rows):
        for row in table.to_dicts():
            found[row["profile_id"]] = row | found[row["profile_id"]]
    return found, prior


def field(accounts: int, posts: int, between: float = 0.5, within: float = 0.4, seed: int = 1) -> dict[str, list[int]]:
    """Accounts of 250 likes a post or so, log-normal between and within."""
    draw = random.Random(seed)  # noqa: S311 - invented accounts
    levels = {f"n{number:03}": draw.gauss(math.log(250), between) for number in range(accounts)}
    return {name: [round(math.exp(draw.gauss(level, within))) for _ in range(posts)] for name, level in levels.items()}


def gamma_field(accounts: int, posts: int, shape: float = 1.5, seed: int = 1) -> dict[str, list[int]]:
    """The same, but for posts whose ratio is gamma distributed: many far below the mean, few far above."""
    draw = random.Random(seed)  # noqa: S311 - invented accounts
    levels = {f"n{number:03}": math.exp(draw.gauss(math.log(250), 0.5)) for number in range(accounts)}
    return {
        name: [round(draw.gammavariate(shape, level / shape)) for _ in range(posts)] for name, level in levels.items()
    }


def far_field(accounts: int, posts: int, seed: int = 1) -> dict[str, list[int]]:
    """The same, but for posts that are t-distributed with three degrees of freedom: some far out, on both sides."""
    draw = random.Random(seed)  # noqa: S311 - invented accounts

    def scatter() -> float:
        return 0.4 * draw.gauss(0, 1) / math.sqrt(draw.gammavariate(1.5, 2) / 3)

    levels = {f"n{number:03}": draw.gauss(math.log(250), 0.3) for number in range(accounts)}
    return {name: [round(math.exp(level + scatter())) for _ in range(posts)] for name, level in levels.items()}


FIELD = field(40, 7)


def normal(value: float, variance: float) -> float:
    """Density of a centred normal value, but for a factor."""
    return math.exp(-value * value / variance / 2) / math.sqrt(variance)


def believed(likes: list[int], prior: Row, followers: int = 5000) -> tuple[float, float]:
    """The published formula for an account without drift: estimate and deviation, in logs over what is typical."""
    n = len(likes)
    typical = prior["log_typical"] + prior["slope"] * (math.log(followers) - prior["log_followers"])
    raw = [math.log((like + 0.5) / followers) for like in likes]
    count = math.exp(statistics.fmean(raw)) * followers
    counting = 1.2 / (count + 3 * math.exp(-0.4 * count))
    shared = prior["within_variance"] + counting
    squares, freedom = sum((value - statistics.fmean(raw)) ** 2 for value in raw), n - 1
    mean_of_logs, log_of_mean = statistics.fmean(raw), math.log((statistics.fmean(likes) + 0.5) / followers)
    average = mean_of_logs + prior["mean_share"] * (log_of_mean - mean_of_logs - prior["mean_offset"] * (1 - 1 / n))
    surer = 1 - (1 - prior["level_variance"]) * (1 - 1 / n)
    shift = prior["median_offset"] - typical
    median = math.log((statistics.median(likes) + 0.5) / followers) if n > 2 else statistics.fmean(raw)
    share, middle = prior["median_share"], median - prior["median_offset"]
    if max(raw) - median > 3 * math.sqrt(shared):
        others = sorted(raw)[:-1]
        squares, freedom = sum((value - statistics.fmean(others)) ** 2 for value in others), n - 2
    variance = (prior["within_freedom"] * shared + squares) / (prior["within_freedom"] + freedom - 1)
    if share:
        surer = 1 - (1 - prior["median_variance"]) * (1 - 2 / n)
    else:
        uneven = prior["median_offset"] - prior["mean_share"] * prior["mean_offset"] * (1 - 1 / n)
        shift += uneven * (min(variance / shared / prior["mean_spread"], 3) - 1)
    all_level, highest = (1 - share) * average + share * middle + shift, max(raw) + shift
    rest_level = (1 - share) * (n * average - max(raw)) / (n - 1) + share * middle + shift
    parts = []
    for share, spread in ((1 - prior["far_share"], 1), (max(prior["far_share"], 1e-12), 16)):
        between = spread * prior["between_variance"]
        noise = variance * surer / (n - 1)
        pull = between / (between + noise)
        foreseen, doubt = pull * rest_level, between * (1 - pull) + variance
        chance = share * normal(rest_level, between + noise)
        for viral, likely in (
            (False, (1 - prior["viral_share"]) * normal(highest - foreseen, doubt)),
            (
                True,
                prior["viral_share"]
                * normal(highest - foreseen - prior["viral_lift"], doubt + prior["viral_variance"]),
            ),
        ):
            level, counted = (rest_level, n - 1) if viral else (all_level, n)
            pull = between / (between + variance * surer / counted)
            parts.append((chance * likely, pull * level, between * (1 - pull)))
    total = sum(weight for weight, _, _ in parts)
    mean = sum(weight * level for weight, level, _ in parts) / total
    square = sum(weight * (doubt + (level - mean) ** 2) for weight, level, doubt in parts) / total
    return mean, math.sqrt(square)


@pytest.mark.parametrize(
    "accounts",
    [
        FIELD,
        FIELD | {"viral": [200, 210, 190, 220, 205, 4000]},
        FIELD | {"far": [9000, 9500, 8000, 8800]},
        gamma_field(60, 12),
        far_field(400, 9),
        far_field(400, 30),
    ],
)
def test_estimates_follow_the_published_formula(settings: Settings, accounts: dict[str, list[int]]) -> None:
    rows, prior = ranked(settings, accounts)
    assert prior["basis"] == "tier"
    for name, row in rows.items():
        lift, deviation = believed(accounts[name], prior)
        assert row["lift"] == pytest.approx(math.exp(lift), rel=1e-4)
        assert row["engagement_estimate"] == pytest.approx(math.exp(prior["log_typical"] + lift), rel=1e-4)
        assert row["engagement_low"] == pytest.approx(
            row["engagement_estimate"] * math.exp(-1.28 * deviation), rel=1e-4
        )
        assert row["engagement_high"] == pytest.approx(
            row["engagement_estimate"] * math.exp(1.28 * deviation), rel=1e-4
        )
        assert row["recency"] == pytest.approx(1 / (1 + (3 / 90) ** 4))
        merit = row["lift"] * (1 - 0.75 * (1 - row["authenticity"])) * (1 - 0.5 * (1 - row["recency"]))
        assert row["score"] == pytest.approx(100 * merit / (1 + merit))
    best_first = sorted(rows, key=lambda name: -rows[name]["score"])
    assert [rows[name]["rank"] for name in best_first] == list(range(1, len(rows) + 1))


def test_priors_find_what_accounts_were_drawn_from(settings: Settings) -> None:
    _, prior = ranked(settings, field(2000, 9, between=0.5, within=0.4))
    assert prior["within_variance"] == pytest.approx(0.16, rel=0.1)
    assert prior["between_variance"] == pytest.approx(0.25, rel=0.1)
    assert prior["log_typical"] == pytest.approx(math.log(250 / 5000), abs=0.03)
    assert prior["within_freedom"] > 50  # all accounts alike in how much their posts differ
    assert (prior["far_share"], prior["drift_variance"]) == (0, 0)
    assert prior["viral_share"] == pytest.approx(0, abs=0.001)


def test_the_mean_ratio_has_its_say_where_it_is_surer_than_the_mean_of_logs(settings: Settings) -> None:
    _, gamma = ranked(settings, gamma_field(300, 12))
    assert gamma["mean_share"] > 0.5
    # What a gamma variable's logarithm has on average under the logarithm of its mean: ln k - digamma(k), k = 1.5.
    assert gamma["mean_offset"] == pytest.approx(0.369, abs=0.04)
    assert gamma["level_variance"] < 0.85
    _, normal_logs = ranked(settings, field(300, 12))
    assert (normal_logs["mean_share"], normal_logs["level_variance"]) == (0, 1)


def test_the_median_has_its_say_where_posts_lie_far_out_on_both_sides(settings: Settings) -> None:
    _, far = ranked(settings, far_field(1500, 11))
    assert far["median_share"] > 0.5
    assert far["median_variance"] < 0.9
    _, normal_logs = ranked(settings, field(1500, 11))
    assert (normal_logs["median_share"], normal_logs["median_variance"]) == (0, 1)


def test_where_posts_flop_the_median_has_its_say_and_not_the_mean(settings: Settings) -> None:
    draw = random.Random(7)  # noqa: S311 - invented accounts

    def post_of(level: float) -> int:
        return round(math.exp(level + draw.gauss(0, 0.3)) * (0.1 if draw.random() < 0.1 else 1))

    levels = {f"f{number:04}": draw.gauss(math.log(250), 0.5) for number in range(1200)}
    _, prior = ranked(settings, {name: [post_of(level) for _ in range(11)] for name, level in levels.items()})
    assert prior["median_share"] > 0.8
    assert (prior["mean_share"], prior["level_variance"]) == (0, 1)


def test_few_accounts_far_out_widen_the_tails_and_not_the_core(settings: Settings) -> None:
    far = {f"far{number}": [8000 + 100 * number] * 9 for number in range(40)}
    _, prior = ranked(settings, field(1000, 9, between=0.3) | far)
    assert prior["between_variance"] == pytest.approx(0.12, abs=0.04)  # all together have about 0.5
    assert prior["far_share"] > 0.02


def test_a_small_account_is_held_against_small_ones_within_its_tier(settings: Settings) -> None:
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


def test_one_viral_post_says_nothing_of_the_others(settings: Settings) -> None:
    plain = [200, 260, 180, 230, 240, 210, 190]
    viral = {f"v{number}": [*plain[:6], 6000 + 100 * number] for number in range(6)}
    rows, prior = ranked(settings, field(200, 7) | {"plain": plain} | viral)
    assert prior["viral_share"] > 0
    assert rows["v0"]["engagement_ratio_mean"] > 4 * rows["plain"]["engagement_ratio_mean"]
    assert rows["v0"]["engagement_estimate"] == pytest.approx(rows["plain"]["engagement_estimate"], rel=0.1)


def test_a_single_lucky_post_is_doubted_more_where_posts_go_viral(settings: Settings) -> None:
    viral = {f"v{number}": [200 + number, 240, 190, 230, 210, 2500 + 50 * number] for number in range(60)}
    lucky = {"lucky": [2500]}
    calm, _ = ranked(settings, field(300, 7) | lucky)
    wild, _ = ranked(settings, field(300, 7) | viral | lucky)
    assert wild["lucky"]["lift"] < 0.8 * calm["lucky"]["lift"]


def test_accounts_that_scatter_more_are_believed_less(settings: Settings) -> None:
    wide = {f"w{name}": likes for name, likes in field(100, 9, within=1.2, seed=2).items()}
    narrow = field(100, 9, within=0.15)
    steady, erratic = {"steady": [500] * 5 + [520] * 4}, {"erratic": [80, 2600, 500, 150, 1700, 500, 3000, 90, 500]}
    rows, prior = ranked(settings, narrow | wide | steady | erratic)
    assert prior["within_freedom"] < 5
    width = {name: math.log(row["engagement_high"] / row["engagement_low"]) for name, row in rows.items()}
    assert width["erratic"] > 2 * width["steady"]


def test_posts_beyond_the_sample_narrow_the_interval(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD | {"twelve": [400, 500] * 6, "thirty": [400, 500] * 15})
    assert rows["thirty"]["posts_sampled"] == rows["twelve"]["posts_sampled"] == 12
    assert rows["thirty"]["engagement_low"] > rows["twelve"]["engagement_low"]


def test_where_accounts_rise_and_fall_the_estimate_is_of_today(settings: Settings) -> None:
    draw = random.Random(3)  # noqa: S311 - invented accounts
    moving = {
        f"m{number:03}": [
            round(250 * math.exp(level + change * place / 20 + draw.gauss(0, 0.2))) for place in range(40)
        ]
        for number, (level, change) in enumerate((draw.gauss(0, 0.5), draw.gauss(0, 0.5)) for _ in range(200))
    }
    rising = [round(800 * math.exp(-place / 20)) for place in range(40)]
    rows, prior = ranked(settings, moving | {"rising": rising, "falling": rising[::-1]})
    assert prior["drift_variance"] > 0.5
    assert rows["rising"]["engagement_estimate"] > 1.5 * statistics.median(rising) / 5000
    assert rows["falling"]["engagement_estimate"] < statistics.median(rising) / 1.5 / 5000


def test_posts_that_share_the_luck_of_their_days_are_no_rise_or_fall(settings: Settings) -> None:
    draw = random.Random(4)  # noqa: S311 - invented accounts

    def waves() -> list[int]:
        level, luck, found = draw.gauss(0, 0.5), draw.gauss(0, 0.6), []
        for _ in range(40):
            luck = luck * 0.9 + draw.gauss(0, 0.6 * math.sqrt(1 - 0.9**2))
            found.append(round(250 * math.exp(level + luck + draw.gauss(0, 0.2))))
        return found

    lucky = {f"w{number:03}": waves() for number in range(300)}
    late = [*[500] * 10, *[250] * 30]
    rows, prior = ranked(settings, lucky | {"late": late})
    assert prior["drift_variance"] < 0.3 * prior["within_variance"]
    # Of a field of 40 days e^(-days / 19) leaves 0.4 of 0.36 to all posts of a window.
    assert 0.04 < prior["wave_variance"] < 0.25
    alone, _ = ranked(settings, field(300, 40, within=0.6) | {"late": late})
    assert rows["late"]["engagement_high"] / rows["late"]["engagement_low"] > 1.3 * (
        alone["late"]["engagement_high"] / alone["late"]["engagement_low"]
    )


def test_who_posts_more_is_held_against_those_who_do(settings: Settings) -> None:
    draw = random.Random(5)  # noqa: S311 - invented accounts
    many = field(300, 24)
    few = {f"f{number:03}": [round(500 * math.exp(draw.gauss(0, 0.6)))] for number in range(300)}
    rows, prior = ranked(settings, many | few | {"rare": [500], "busy": [500] * 3 + [400, 600] * 11})
    assert prior["posts_slope"] < -0.15
    assert rows["rare"]["lift"] > 1.2
    _, same = ranked(settings, many | {f"f{number:03}": [likes[0]] for number, likes in enumerate(many.values())})
    assert same["posts_slope"] == 0


def test_accounts_that_scatter_more_are_held_against_those_who_do(settings: Settings) -> None:
    draw = random.Random(6)  # noqa: S311 - invented accounts
    loud = {}
    for number in range(1000):
        spread = draw.gauss(0, 1)
        likes, within = 250 * math.exp(0.5 * spread), 0.5 * math.exp(0.4 * spread)
        loud[f"l{number:03}"] = [round(likes * math.exp(draw.gauss(0, within))) for _ in range(draw.randint(5, 30))]
    _, prior = ranked(settings, loud)
    assert 0.4 < prior["spread_slope"] <= 1
    for none in (gamma_field(600, 12), field(600, 12), far_field(600, 9)):
        assert ranked(settings, none)[1]["spread_slope"] == 0


def test_engagement_as_even_as_bought_lowers_the_score_and_says_so(settings: Settings) -> None:
    even, earned = [2000, 2030, 1990, 2010, 1985, 2005, 2020], [1500, 2900, 1200, 2100, 1900, 3300, 1700]
    rows, _ = ranked(settings, FIELD | {"even": even, "earned": earned, "few": [1000]})
    assert rows["even"]["authenticity"] < 0.01
    assert "even_engagement" in rows["even"]["flags"].split(", ")
    assert rows["earned"]["even_engagement"] < 0.01
    assert rows["few"]["even_engagement"] is None
    assert rows["earned"]["rank"] < rows["even"]["rank"]
    assert rows["even"]["engagement_estimate"] == pytest.approx(0.4, rel=0.15)  # what its posts show stays what it is
    assert statistics.fmean(rows[name]["authenticity"] for name in FIELD) > 0.96


def test_small_counts_are_even_by_chance(settings: Settings) -> None:
    small = {f"s{number}": [2, 3, 2, 3, 3, 2, 2] for number in range(3)}
    rows, _ = ranked(settings, FIELD | small)
    assert rows["s0"]["even_engagement"] < 0.5


def test_averages_take_part_with_a_wider_interval_and_without_what_viral_posts_add(settings: Settings) -> None:
    rows, prior = ranked(settings, field(60, 12) | {"posts": [400, 500] * 6}, averaged=450.0)
    assert rows["averaged"]["sample_basis"] == "averages"
    assert rows["averaged"]["rank"] is not None
    assert prior["average_offset"] > 0
    width = {name: math.log(row["engagement_high"] / row["engagement_low"]) for name, row in rows.items()}
    assert width["averaged"] > width["posts"]
    assert rows["averaged"]["engagement_estimate"] < rows["posts"]["engagement_estimate"]


def test_an_average_of_many_posts_is_believed_more_than_one_of_few(settings: Settings) -> None:
    profiles = [profile(name, 5000) for name in field(60, 12)]
    posts = [
        post(name, 3 + 2 * place, like) for name, likes in field(60, 12).items() for place, like in enumerate(likes)
    ]
    for name, averaged in (("unknown", None), ("none", 0), ("two", 2), ("fifty", 50)):
        profiles.append(profile(name, 5000, avg_likes=800.0, avg_comments=0.0, averaged_posts=averaged))
    rows = night(settings, profiles, posts)["ranking"]
    width = {name: math.log(row["engagement_high"] / row["engagement_low"]) for name, row in rows.items()}
    assert width["two"] > width["unknown"] == width["none"] > width["fifty"]
    assert rows["two"]["lift"] < rows["unknown"]["lift"] < rows["fifty"]["lift"]


def test_a_source_of_averages_alone_is_ranked_by_them(settings: Settings) -> None:
    likes = {f"a{number:02}": 100.0 + 10 * number for number in range(30)}
    rows, prior = ranked(settings, {}, 5000, **likes)
    assert (prior["basis"], prior["accounts"]) == ("tier", 30)
    assert [name for name, _ in sorted(rows.items(), key=lambda item: int(item[1]["rank"]))] == sorted(likes)[::-1]
    assert prior["log_typical"] < statistics.fmean(math.log(like / 5000) for like in likes.values())


def test_no_figure_depends_on_the_order_of_rows_or_on_threads(settings: Settings) -> None:
    rows = measured(settings, field(300, 9) | {"viral": [200, 210, 9000]}, average=300.0)
    expected = standing(settings, rows)
    for seed, threads in ((1, 1), (2, 2), (3, 4)):
        shuffled = rows.sample(fraction=1, shuffle=True, seed=seed)
        assert standing(replace(settings, threads=threads), shuffled) == expected


def test_two_lucky_posts_do_not_beat_twelve_good_ones(settings: Settings) -> None:
    rows, _ = ranked(settings, FIELD | {"lucky": [900], "steady": [500, 720, 600, 480, 610, 690] * 2})
    assert rows["lucky"]["engagement_ratio"] > rows["steady"]["engagement_ratio"]
    assert rows["steady"]["rank"] < rows["lucky"]["rank"]


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
