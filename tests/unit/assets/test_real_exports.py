"""Real exports, if available: the correct import of each, figure by figure."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.importing.importing import import_date
from assets.landing import store
from assets.storage.lake import Lake
from schemas.config import sources_file
from schemas.settings import Settings
from tests.conftest import REPOSITORY
from tests.factories.command import Command

EXPORTS = REPOSITORY.parent / "shared" / "exports"
DAY = date(2022, 12, 31)

pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="the real exports (../shared/exports) are not here")


def imported(folder: Path, shape: str, file: str, day: date = DAY, posts: str | None = None) -> pl.DataFrame:
    """Returns the accepted profiles of one export, after reconciling all its records."""
    path = folder / "sources.yaml"
    posts_url = f", posts_url: '{EXPORTS / posts}'" if posts else ""
    text = f"{{name: real, shape: {shape}, url: '{EXPORTS / file}'{posts_url}, max_quarantine_share: 1}}"
    path.write_text(f"sources: [{text}]\n", encoding="utf-8")
    settings, loaded = Settings(home=folder / "home", sources_file=path), sources_file.load(path)
    (source,) = loaded.sources
    store.land(source, loaded.shape(source), day, landing=settings.landing, folder=folder, force=False)
    report = import_date(settings, loaded, day, "test")
    assert report.select(
        (pl.col("landed") == pl.col("accepted") + pl.col("quarantined") + pl.col("deduplicated")).all()
    ).item()
    assert set(report["state"]) == {"published"}
    return Lake(settings.lake).scan("profiles", day).sort("landed_row").collect()


def test_yoo_2018(smallvoices: Command, tmp_path: Path) -> None:
    text = f"sources: [{{name: yoo, shape: yoo_2018, url: {EXPORTS / 'yoo_2018/influencers.csv'}}}]\n"
    (tmp_path / "sources.yaml").write_text(text, encoding="utf-8")
    run = smallvoices("nightly", "--date", "2018-05-15", "--json")
    assert run.code == 0, run.err
    (told,) = run.document["sources"]
    assert (told["landed"], told["accepted"], told["quarantined"], told["deduplicated"]) == (11_261, 11_239, 0, 22)
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


def posts_of(folder: Path, day: date) -> pl.DataFrame:
    return Lake(folder / "home/lake").scan("posts", day).sort("post_id").collect()


@pytest.mark.parametrize(
    "shape, file",
    [
        ("ranking_site_instagram", "top_instagram_200/instagram_influencers_raw.csv"),
        ("ranking_site_instagram_fraction", "top_instagram_200/with_newlines_and_fractions.csv"),
        ("top_1000_instagram", "top_1000_dec_2022/instagram.csv"),
        ("top_1000_youtube", "top_1000_dec_2022/youtube.csv"),
    ],
)
def test_every_country_of_a_ranking_is_recognized(tmp_path: Path, shape: str, file: str) -> None:
    countries = set(imported(tmp_path, shape, file)["country"].drop_nulls())
    assert len(countries) > 10
    # A name once decoded with the wrong encoding cannot be recovered.
    assert {name for name in countries if len(name) != 2} <= {"C\u00c3\u00b4te d'Ivoire"}


def test_tiktok_creators(tmp_path: Path) -> None:
    file = "tiktok_creators/tiktok_influencers.csv"
    profiles = imported(tmp_path, "tides_tiktok", file)
    source = pl.read_csv(EXPORTS / file, infer_schema=False)
    assert profiles["profile_id"].to_list() == source["id"].to_list()
    medians = (
        profiles.with_columns(vendor_tier=source["tier"])
        .group_by("vendor_tier")
        .agg((100 * pl.col("avg_likes") / pl.col("followers")).median().round(1))
    )
    assert dict(medians.iter_rows()) == {"nano": 13.2, "micro": 6.6, "mid": 3.2, "macro": 2.7, "mega": 2.4}
    assert set(profiles["language"]) == {"en", "fr", "es", "de", "it"}


def test_instagram_graph_api(tmp_path: Path) -> None:
    # One response with the account's fields, and four further pages of media.
    (profile,) = imported(tmp_path, "instagram_business_discovery", "instagram_graph_api/*discovery*.json").to_dicts()
    assert (profile["handle"], profile["followers"], profile["posts_count"]) == ("facebookfordevelopers", 64_976, 436)
    posts = posts_of(tmp_path, DAY)
    assert posts.height == 14
    first = posts.filter(pl.col("post_id") == "17984016661384418").row(0, named=True)
    assert (first["likes"], first["comments"], str(first["posted_at"])) == (958, 333, "2021-10-22 14:00:39")


def test_instagram_graph_api_media_without_owner(tmp_path: Path) -> None:
    folder = "instagram_graph_api"
    imported(
        tmp_path, "instagram_graph_media", f"{folder}/users_user_fields.json", posts=f"{folder}/users_medias_p*.json"
    )
    quarantine = Lake(tmp_path / "home/lake").scan("quarantine", DAY).collect()
    assert set(quarantine["reason"]) == {"neither profile id nor handle"}
    assert quarantine.height == 4


def test_youtube_data_api(tmp_path: Path) -> None:
    folder = "youtube_data_api"
    profiles = imported(tmp_path, "youtube_data_api", f"{folder}/channel*info*.json", posts=f"{folder}/videos_*.json")
    told = {row["profile_id"]: (row["handle"], row["followers"], row["country"]) for row in profiles.to_dicts()}
    assert told["UCK8sQmJBp8GCxrOtXWBpyEA"] == ("google", 10_700_000, None)
    assert told["UC_x5XG1OV2P6uZZ5FSM9Ttw"] == ("googledevelopers", 1_927_873, "US")
    posts = posts_of(tmp_path, DAY)
    assert posts.height == 10


def test_fivetran_instagram_business(tmp_path: Path) -> None:
    folder, day = "connector_seeds", date(2021, 10, 28)
    files = [f"{folder}/instagram_business_{table}_history_data.csv" for table in ("user", "media")]
    (profile,) = imported(tmp_path, "fivetran_instagram_business", files[0], day, files[1]).to_dicts()
    assert (profile["profile_id"], profile["followers"]) == ("17841439536867616", 39)
    # A hundred versions of three posts, none of which has likes.
    posts = posts_of(tmp_path, day)
    assert posts["post_id"].n_unique() == posts.height == 3
    assert posts["likes"].null_count() == 3
