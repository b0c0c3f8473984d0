"""Golden files of the computed tables: small rows in, the rows expected of them out.

`tests/golden/<table>.yaml` has a table for each input, and `expected`, worked out by hand. Tables that take
many rows, or formulas, are worked out here by independent means. The ranking model is in `test_ranking_model`.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from assets.metrics.computing import reference
from assets.tables import TABLES
from schemas.authenticity import Authenticity
from schemas.baselines import Baselines
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.history import History
from schemas.import_report import ImportReport
from schemas.posts import Posts
from schemas.priors import Priors
from schemas.profiles import Profiles
from schemas.published import SegmentRanks
from schemas.ranking import Ranking
from schemas.settings import Settings
from schemas.topics import Topics
from tests.factories.invented_accounts import DAY, Row, run

GOLDEN = Path(__file__).parents[2] / "golden"
MODELS = {
    "profiles": Profiles, "earlier": Profiles, "posts": Posts, "engagement": Engagement, "estimates": Estimates,
    "history": History, "baselines": Baselines, "authenticity": Authenticity, "topics": Topics, "ranking": Ranking,
    "priors": Priors, "import_report": ImportReport, "segment_ranks": SegmentRanks,
}  # fmt: skip
# Golden by other tests: the ranking model and the ratios.
ELSEWHERE = {"engagement", "priors", "estimates"}
HERE = {"baselines", "authenticity"}


def frame(name: str, rows: list[Row]) -> pl.DataFrame:
    """Builds rows of an input; missing columns of its contract are those of an Instagram account of the day."""
    model = MODELS.get(name)
    if model is None:
        return reference(name) if not rows else pl.DataFrame(rows, infer_schema_length=None)
    usual = {"platform": "instagram", "snapshot_date": DAY, "data_age_days": 0, "source": "s", "followers": 5000}
    schema = polars_schema(model)
    return pl.DataFrame([{key: usual[key] for key in usual if key in schema} | row for row in rows], schema=schema)


def unpacked(table: dict[str, Any]) -> list[Row]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_table_rows_equal_its_golden_file(settings: Settings, path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    expected = document.pop("expected")
    inputs = {name: frame(name, unpacked(table)) for name, table in document.items()}
    if path.stem == "history":
        inputs["tiers"] = reference("tiers")
    found = run(settings, path.stem, inputs)
    key = expected.get("key") or expected["columns"][:2]

    def order(row: Row) -> list[str]:
        return [str(row[name]) for name in key]

    rows = sorted((row for row in found.select(expected["columns"]).to_dicts()), key=order)
    wanted = sorted(unpacked(expected), key=order)
    assert len(rows) == len(wanted), rows
    for row, golden in zip(rows, wanted, strict=True):
        for name, cell in golden.items():
            is_near = isinstance(cell, float) and row[name] is not None
            assert row[name] == (pytest.approx(cell, abs=1e-9) if is_near else cell), (name, row, golden)


def test_every_computed_table_has_a_golden_file() -> None:
    golden = {path.stem for path in GOLDEN.glob("*.yaml")}
    assert {spec.name for spec in TABLES} - golden == ELSEWHERE | HERE


def test_segment_leaders_are_the_top_40_of_each_segment(settings: Settings) -> None:
    places = [(segment, place) for segment in ("food", "art") for place in range(50, 0, -1)]
    rows = [
        {
            "dimension": "sector",
            "segment": segment,
            "rank_in_segment": place,
            "profile_id": f"{segment}{place}",
            "score": 50.0,
        }
        for segment, place in places
    ]
    found = run(settings, "segment_leaders", {"segment_ranks": frame("segment_ranks", rows)})
    leaders = [(segment, place) for segment in ("art", "food") for place in range(1, 41)]
    assert found.select("segment", "rank_in_segment").rows() == leaders
    assert found.columns == ["dimension", "segment", "rank_in_segment", "platform", "profile_id", "score"]


def test_baselines_are_quartiles_of_tier_platform_or_default(settings: Settings) -> None:
    ratios = {"micro": [number**2 / 100 for number in range(20)], "mid": [5.0 + number for number in range(19)]}
    rows = [
        {"profile_id": f"{tier}{place}", "tier": tier, "following_ratio": ratio}
        for tier, values in ratios.items()
        for place, ratio in enumerate(values)
    ]
    steps = [{"profile_id": f"micro{place}", "tier": "micro", "max_daily_growth": 0.1} for place in range(19)]
    default = {"p25": 1.0, "p50": 2.0, "p75": 3.0}
    found = run(
        settings,
        "baselines",
        {
            "engagement": frame("engagement", rows),
            "history": frame("history", steps),
            "tiers": reference("tiers"),
            "default_baselines": pl.DataFrame(
                [{"indicator": s} | default for s in ("following_ratio", "max_daily_growth")]
            ),
        },
    )
    cells = {(row["tier"], row["indicator"]): row for row in found.to_dicts()}
    assert len(cells) == 2 * reference("tiers").height

    def cell(tier: str, sign: str) -> tuple[object, ...]:
        return tuple(cells[tier, sign][name] for name in ("basis", "accounts", "p25", "p50", "p75"))

    def quartiles(values: list[float]) -> list[Any]:
        return [pytest.approx(part) for part in np.quantile(values, [0.25, 0.5, 0.75])]

    assert cell("micro", "following_ratio") == ("tier", 20, *quartiles(ratios["micro"]))
    assert cell("mid", "following_ratio") == ("platform", 39, *quartiles(ratios["micro"] + ratios["mid"]))
    assert cell("micro", "max_daily_growth") == ("default", 0, 1.0, 2.0, 3.0)


QUARTILES = {
    "comments_per_100_likes": (2.0, 4.0, 7.0), "top_post_over_median": (1.5, 2.0, 4.0),
    "following_ratio": (0.05, 0.15, 0.5), "posts_count": (100.0, 250.0, 600.0), "handle_digit_share": (0.0, 0.0, 0.1),
    "max_daily_growth": (0.0, 0.01, 0.03), "followers_growth_30d": (0.0, 0.02, 0.1),
    "following_turnover": (0.0, 0.01, 0.1),
}  # fmt: skip
SUSPECT: Row = {
    "comments_per_100_likes": 300.0, "likes_total": 5000.0, "top_post_over_median": 20.0, "following": 2000,
    "following_ratio": 2.0, "posts_count": 12, "handle_digit_share": 0.4, "has_picture": False,
    "engagement_ratio": 0.02, "engagement_ratio_mean": 0.05, "hidden_like_posts": 1,
}  # fmt: skip
BELIEF: Row = {"engagement_zscore": -1.5, "uniform_engagement": 0.2, "post_log_stddev": 0.7}
PAST: Row = {
    "tier": "micro", "max_daily_growth": 0.5, "median_daily_growth": 0.02, "spike_reversal": 0.6,
    "followers_growth_30d": 0.9, "following_turnover": 0.3,
}  # fmt: skip


def _doubts() -> dict[str, float]:
    """Computes the suspicion of each indicator, as in docs/metrics.md."""

    def doubt(z: float) -> float:
        return 1 / (1 + math.exp(2 * (3.5 - z)))

    def log_over(sign: str, offset: float, floor: float) -> float:
        _, p50, p75 = QUARTILES[sign]
        return max(math.log((p75 + offset) / (p50 + offset)) / 0.6745, floor)

    over = math.log(300.1 / 4.1) / math.sqrt(
        log_over("comments_per_100_likes", 0.1, 0.3) ** 2 + 1 / (0.041 * 5000 + 0.5)
    )
    step, step_over = 0.5 - 3 * 0.02 - 0.01, max(0.02 / 0.6745, 0.01)
    growth = (0.9 - 0.02) / max(0.08 / 0.6745, 0.05)
    following = math.log(2.01 / 0.16) / log_over("following_ratio", 0.01, 0.5)
    return {
        "uniform_engagement": 0.2,
        "comment_anomaly": doubt(over),
        "pod_engagement": doubt(over) / (1 + math.exp(2 * (2.3 + 1.5))),
        "single_post_dominance": doubt(math.log(10) / max(math.log(2) / 0.6745, 0.3)),
        "follower_spike": doubt(step / step_over * 0.8),
        "growth_without_engagement": doubt(min(growth, 3.5 + 3)),
        "follow_unfollow": doubt((0.3 - 0.01) / max(0.09 / 0.6745, 0.05)),
        "mass_following": doubt(max(following, 3.5 + 8 * math.log(2001 / 1501))),
        "low_engagement": doubt(1.5),
        "few_posts": doubt(math.log(251 / 13) / max(math.log(251 / 101) / 0.6745, 0.5)),
        "digits_in_handle": doubt(0.4 / max(0.1 / 0.6745, 0.08)),
        "no_picture": 1.0,
    }


def test_authenticity_is_the_product_over_its_indicators(settings: Settings) -> None:
    baselines = [
        {"tier": "micro", "indicator": sign, "basis": "tier", "accounts": 50, "p25": low, "p50": mid, "p75": high}
        for sign, (low, mid, high) in QUARTILES.items()
    ]
    known = {"tier": "micro", "profile_id": "suspect"}
    inputs: dict[str, list[Row]] = {
        "engagement": [known | SUSPECT, {"tier": "micro", "profile_id": "unknown"}],
        "estimates": [known | BELIEF],
        "history": [known | PAST],
        "baselines": baselines,
    }
    frames = {name: frame(name, rows) for name, rows in inputs.items()}
    rows = run(settings, "authenticity", frames | {"score_weights": reference("score_weights")}).to_dicts()
    found = {row["profile_id"]: row for row in rows}
    doubts = _doubts()
    for sign, expected in doubts.items():
        assert found["suspect"][sign] == pytest.approx(expected, rel=1e-9), sign
    weights = reference("score_weights").filter(part="authenticity").select("component", "weight").rows()
    assert {name for name, _ in weights} == set(doubts)
    assert found["suspect"]["authenticity"] == pytest.approx(
        math.prod(1 - weight * doubts[name] for name, weight in weights), rel=1e-9
    )
    flags = ["one_viral_post", "hidden_likes", "many_comments", *(n for n, d in doubts.items() if d > 0.5)]
    assert sorted(found["suspect"]["flags"].split(", ")) == sorted(set(flags) - {"comment_anomaly"})
    assert (found["unknown"]["authenticity"], found["unknown"]["flags"]) == (None, None)
