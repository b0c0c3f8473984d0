"""Real exports, where they are at hand: what a right import of each gives, figure by figure."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.importing import import_date
from pipelines import landing, sources
from pipelines.lake import Lake
from pipelines.settings import Settings
from tests.conftest import REPOSITORY, Command

EXPORTS = REPOSITORY.parent / "shared" / "exports"
DAY = date(2022, 12, 31)

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the real exports (../shared/exports) are not here")


def imported(folder: Path, shape: str, file: str, day: date = DAY) -> pl.DataFrame:
    """The accepted profiles of one export, once all its records are accounted for."""
    path = folder / "sources.yaml"
    path.write_text(f"sources: [{{name: real, shape: {shape}, url: {EXPORTS / file}}}]\n", encoding="utf-8")
    settings, loaded = Settings(home=folder / "home", sources_file=path), sources.load(path)
    (source,) = loaded.sources
    landing.land(source, loaded.shape(source), day, landing=settings.landing, folder=folder, force=False)
    report = import_date(settings, loaded, day, "test")
    assert report.select(
        (pl.col("landed") == pl.col("accepted") + pl.col("quarantined") + pl.col("superseded")).all()
    ).item()
    assert set(report["state"]) == {"published"}
    return Lake(settings.lake).scan("profiles", day).sort("landed_row").collect()


def test_yoo_2018(smallvoices: Command, tmp_path: Path) -> None:
    text = f"sources: [{{name: yoo, shape: yoo_2018, url: {EXPORTS / 'yoo_2018/influencers.csv'}}}]\n"
    (tmp_path / "sources.yaml").write_text(text, encoding="utf-8")
    run = smallvoices("nightly", "--date", "2018-05-15", "--json")
    assert run.code == 0, run.err
    (told,) = run.document["sources"]
    assert (told["landed"], told["accepted"], told["quarantined"], told["superseded"]) == (11_261, 11_239, 0, 22)
    assert run.document["micro_influencers"] == [
        {"tier": "micro", "accounts": 4_035},
        {"tier": "mid", "accounts": 1_653},
    ]
    tiers = {row["tier"]: row for row in run.document["tiers"]}
    assert {tier: round(100 * row["engagement_ratio"], 2) for tier, row in tiers.items()} == {
        "nano": 13.48,
        "micro": 7.53,
        "mid": 3.82,
        "macro": 2.41,
    }
    assert {tier: row["published_like_rate"] for tier, row in tiers.items()} == {
        "nano": 0.08,
        "micro": 0.04,
        "mid": 0.0237,
        "macro": None,
    }
    assert {tier: row["accounts"] for tier, row in tiers.items()} == {
        "nano": 5_480,
        "micro": 4_035,
        "mid": 1_653,
        "macro": 60,
    }


@pytest.mark.parametrize(
    "shape,file,ratio",
    [
        ("ranking_site_instagram", "top_instagram_200/instagram_influencers_raw.csv", 0.0139),
        ("ranking_site_instagram_fraction", "top_instagram_200/with_newlines_and_fractions.csv", 0.013),
    ],
)
def test_top_instagram_200(tmp_path: Path, shape: str, file: str, ratio: float) -> None:
    first = imported(tmp_path, shape, file).row(0, named=True)
    assert first["handle"] == "cristiano"
    assert first["followers"] in (475_800_000, 485_200_000)
    assert first["avg_likes"] == pytest.approx(8_700_000)
    assert first["reported_engagement_ratio"] == pytest.approx(ratio)


@pytest.mark.parametrize(
    "shape,handle,followers",
    [
        ("top_1000_instagram", "leomessi", 409_800_000),
        ("top_1000_tiktok", "mrbeast", 60_300_000),
        ("top_1000_youtube", "tseries", 229_500_000),
    ],
)
def test_top_1000_dec_2022(tmp_path: Path, shape: str, handle: str, followers: int) -> None:
    profiles = imported(tmp_path, shape, f"top_1000_dec_2022/{shape.removeprefix('top_1000_')}.csv")
    assert profiles.height >= 990
    assert profiles.row(0, named=True)["handle"] == handle
    assert profiles.row(0, named=True)["followers"] == followers


def test_apify_instagram(tmp_path: Path) -> None:
    (profile,) = imported(tmp_path, "apify_instagram", "apify_instagram/posts.json", date(2026, 2, 14)).to_dicts()
    assert (profile["profile_id"], profile["followers"], profile["is_verified"]) == ("44870418", 129_300, True)
    posts = Lake(tmp_path / "home/lake").scan("posts", date(2026, 2, 14)).collect()
    assert posts.height == 12
    pinned = posts.filter(pl.col("post_id") == "3218879339893678953").row(0, named=True)
    assert (pinned["likes"], pinned["comments"], pinned["is_pinned"]) == (655, 47, True)
