"""Every shipped shape with a synthetic export in its vendor's documented format: rows in, rows and reasons out.

The exports are in tests/fixtures/<shape>/; a posts file next to the profiles represents posts_url.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from schemas.column import PLATFORMS
from schemas.shape_file import available
from tests.conftest import REPOSITORY
from tests.factories.small_exports import Exports, Imported, Row

FIXTURES = REPOSITORY / "tests/fixtures"
MISSING, UNREADABLE, BLANK = "followers: missing", "followers: unreadable", "nothing of it could be read"


@dataclass(frozen=True)
class Expected:
    """The correct import of a fixture.

    Attributes:
        profiles: Accepted profiles in the order of their rows, each with some of its cells.
        posts: The same of the posts.
        bad: (record number, reason) of the quarantined records, profiles before posts.
        deduplicated: Older copies of an account.
        platform: The platform of the source, if shape and export have none.
    """

    profiles: list[Row]
    posts: list[Row] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    deduplicated: int = 0
    platform: str | None = None


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


EXPECTED: dict[str, Expected] = {
    "instagram_business_discovery": Expected(
        [{"profile_id": "17841490000000001", "handle": "marta.bakes", "followers": 8421, "following": 310,
          "posts_count": 212, "biography": "Sourdough\nand patience", "external_url": "https://example.com/marta"}],
        [{"post_id": "17990000000000001", "profile_id": "17841490000000001", "likes": 512, "comments": 23, "views": 9100,
          "kind": "reels", "posted_at": when("2026-10-20 14:00:39")},
         {"post_id": "17990000000000002", "likes": None, "comments": 9, "kind": "carousel_album"}],
        [(1, "posted_at: missing")],
    ),
    "instagram_graph_user": Expected(
        [{"profile_id": "17841490000000002", "handle": "kitchen_of_ivo", "followers": 15300}],
        [{"post_id": "17990000000000011", "handle": "kitchen_of_ivo", "likes": 700, "comments": 41}],
    ),
    "instagram_graph_media": Expected(
        [{"profile_id": "17841490000000003", "followers": 4100}],
        [{"post_id": "17990000000000021", "profile_id": "17841490000000003", "likes": 120},
         {"post_id": "17990000000000022", "profile_id": "17841490000000003", "likes": None, "comments": 2}],
        [(3, "neither profile id nor handle")],
    ),
    "youtube_data_api": Expected(
        [{"profile_id": "UCaaaaaaaaaaaaaaaaaaaaa1", "handle": "benchandchisel", "followers": 52300, "posts_count": 310,
          "country": "GB"},
         {"profile_id": "UCaaaaaaaaaaaaaaaaaaaaa2", "handle": "oldname", "followers": 1200}],
        [{"post_id": "aaaaaaaaaa1", "likes": 1400, "comments": 96, "views": 18000, "is_sponsored": True,
          "caption": "A dovetail by hand #ad", "posted_at": when("2026-10-11 20:00:11")},
         {"post_id": "aaaaaaaaaa2", "likes": None, "comments": None, "views": 9000}],
        [(3, MISSING), (4, MISSING), (3, "likes exceed views")],
    ),
    "tiktok_display_api": Expected(
        [{"profile_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4", "handle": "pia.paints", "followers": 6300}],
        [{"post_id": "7080213458555737986", "profile_id": "723f24d7-e717-40f8-a2b6-cb8464cd23b4", "likes": 800,
          "shares": 9, "views": 12000, "posted_at": when("2025-10-09 08:53:20")}],
        [(2, "posted_at: unreadable")],
    ),
    "tiktok_research_api": Expected(
        [{"handle": "joes.garage", "followers": 44000, "is_verified": True}],
        [{"post_id": "7080213458555737988", "handle": "joes.garage", "hashtags": "engine ad", "saves": 210}],
        [(2, MISSING)],
    ),
    "x_api_users": Expected(
        [{"profile_id": "2244994945000000001", "handle": "night_trains", "followers": 20500, "is_verified": True}],
        [{"post_id": "1460323737035677698", "likes": 38, "comments": 3, "shares": 8, "saves": 4, "views": 2100},
         {"post_id": "1460323737035677700", "kind": "replied_to", "likes": 5, "shares": 0, "landed_row": 3}],
        [(2, MISSING)],
    ),
    "x_api_timeline": Expected(
        [{"profile_id": "2244994945000000003", "handle": "one_answer", "followers": 1500}],
        [{"post_id": "1460323737035677701", "profile_id": "2244994945000000003", "likes": 11, "comments": 2}],
    ),
    "apify_instagram": Expected(
        [{"profile_id": "44800001", "handle": "fern_and_clay", "followers": 12930, "sector": "Artist"}],
        [{"post_id": "3218000000000000001", "likes": 655, "comments": 47, "is_pinned": True, "hashtags": "clay"},
         {"post_id": "3218000000000000002", "profile_id": "44800001", "likes": None, "comments": 12, "views": 4000}],
        [(2, BLANK)],
    ),
    "apify_instagram_posts": Expected(
        [{"profile_id": "44800002", "handle": "paper.boats", "followers": 2100}],
        [{"post_id": "3218000000000000011", "profile_id": "44800002", "likes": 180, "mentions": "@friend"},
         {"post_id": "3218000000000000012", "profile_id": "44800002", "likes": 99}],
    ),
    "instaloader_profile": Expected(
        [{"profile_id": "51000000001", "handle": "tide.tables", "followers": 3456, "following": 200, "posts_count": 98}],
        [{"post_id": "3218000000000000021", "likes": 210, "comments": 8, "caption": "Ebb", "kind": "image",
          "is_pinned": False, "posted_at": when("2025-10-09 08:53:20")},
         {"post_id": "3218000000000000022", "likes": None, "views": 900, "is_pinned": True, "caption": None}],
    ),
    "hypeauditor_instagram": Expected(
        [{"profile_id": "61000000001", "handle": "glass_hours", "followers": 18200, "avg_likes": 640.5,
          "avg_comments": 21.25, "reported_engagement_ratio": pytest.approx(0.0363), "language": "de"},
         {"handle": "small_sample", "followers": 1100, "reported_engagement_ratio": pytest.approx(0.0745)}],
        bad=[(3, "the vendor has no report on the account yet, pull it again later"), (4, "the account is private"),
             (5, "the account is deleted"), (6, BLANK)],
    ),
    "hypeauditor_report": Expected(
        [{"platform": "tiktok", "profile_id": "6812345000000000001", "handle": "stop.motion.sam", "followers": 31000,
          "avg_likes": 2500.0, "avg_views": 30100.0, "reported_engagement_ratio": pytest.approx(0.082)}],
        bad=[(2, "the vendor has no report on the account yet, pull it again later")], platform="tiktok",
    ),
    "hypeauditor_discovery": Expected(
        [{"platform": "instagram", "handle": "reed_basket", "followers": 7200, "avg_comments": 15.0}],
        bad=[(2, MISSING)], platform="instagram",
    ),
    "modash_report": Expected(
        [{"platform": "instagram", "profile_id": "71000000001", "handle": "olivepress", "followers": 23900,
          "is_business": True, "reported_engagement_ratio": 0.0364, "avg_likes": 840.0, "avg_engagement": None,
          "sex": "female", "age_band": "25-34", "language": "es"}],
        [{"post_id": "3218000000000000031", "platform": "instagram", "likes": 900, "comments": 33}],
        [(2, BLANK), (1, "likes exceed views")],
    ),
    "phyllo": Expected(
        [{"platform": "instagram", "profile_id": "17841490000000004", "followers": 5600,
          "contact_email": "rope@example.com", "captured_at": when("2026-10-29 05:10:00.123456")},
         {"platform": "youtube", "handle": "ropewalk", "followers": 8800},
         {"platform": "x", "handle": "ropes", "followers": 1300}],
        [{"post_id": "17990000000000041", "platform": "instagram", "profile_id": "17841490000000004", "likes": 260,
          "saves": 18, "reach": 3100, "is_sponsored": True}],
        [(4, f"platform: not one of {PLATFORMS}")],
    ),
    "influencers_club_discovery": Expected(
        [{"handle": "salt.works", "followers": 16400, "reported_engagement_ratio": pytest.approx(0.0275)}],
        bad=[(2, MISSING)], platform="instagram",
    ),
    "influencers_club_instagram": Expected(
        [{"handle": "bell_founder", "followers": 9100, "avg_likes": 380.5, "avg_comments": 19.0,
          "reported_engagement_ratio": pytest.approx(0.044)}],
    ),
    "upfluence": Expected(
        [{"handle": "lamplighter", "followers": 12345, "avg_likes": 1210.5, "country": "FR", "language": "fr",
          "reported_engagement_ratio": pytest.approx(0.034), "price": 1050.0, "currency": "EUR"},
         {"handle": "only.a.link", "followers": 900, "avg_likes": None}],
        bad=[(3, UNREADABLE)],
    ),
    "heepsy": Expected(
        [{"handle": "mosspath", "followers": 12300, "country": "DE", "reported_engagement_ratio": pytest.approx(0.0405)},
         {"handle": "bigsky", "followers": 1_200_000, "avg_likes": 10500.0}],
        bad=[(3, MISSING)], platform="instagram",
    ),
    "tides_tiktok": Expected(
        [{"profile_id": "6971396317727622151", "handle": "loom.and.light", "followers": 5200, "avg_likes": 579.0,
          "averaged_posts": 100, "country": "GB", "language": "en", "biography": "Weaving\nin 2 lines 🧵"},
         {"profile_id": "65812345788112896", "avg_likes": None, "sector": None}],
        bad=[(3, "posts_count: unreadable; avg_likes: unreadable; averaged_posts: unreadable")],
    ),
    "fivetran_instagram_business": Expected(
        [{"profile_id": "17841439000000001", "handle": "copperpot", "followers": 3900, "landed_row": 1}],
        [{"post_id": "17875951000000001", "likes": 140, "comments": 6, "saves": 3, "reach": 2100, "views": 2500}],
        deduplicated=1,
    ),
    "fivetran_youtube": Expected(
        [{"profile_id": "UCcccccccccccccccccccc01", "handle": "inkline", "followers": 7400,
          "captured_at": when("2026-10-27 14:22:11.919")}],
        [{"post_id": "bbbbbbbbbb1", "likes": 250, "comments": 5, "views": 2038, "caption": "Nibs"}],
    ),
    "ranking_site_instagram": Expected(
        [{"handle": "first.voice", "followers": 475_800_000, "posts_count": 3300, "avg_likes": 8_700_000.0,
          "reported_engagement_ratio": pytest.approx(0.0139), "country": "ES"},
         {"handle": "second_voice", "followers": 9100, "posts_count": 890, "avg_likes": 665.3, "country": None}],
    ),
    "ranking_site_instagram_fraction": Expected(
        [{"handle": "first.voice", "handle_original": "first.voice", "followers": 485_200_000,
          "reported_engagement_ratio": 0.013},
         {"handle": "second_voice", "posts_count": 915, "country": "US"}],
    ),
    "top_1000_instagram": Expected(
        [{"handle": "first.voice", "followers": 409_800_000, "avg_engagement": 23_400_000.0, "country": "AR"},
         {"handle": "second_voice", "followers": 9100, "avg_engagement": 650.0, "sector": None}],
    ),
    "top_1000_tiktok": Expected(
        [{"handle": "first.voice", "followers": 60_300_000, "avg_views": 29_200_000.0, "avg_shares": 7200.0}],
    ),
    "top_1000_youtube": Expected(
        [{"handle": "firstvoice", "handle_original": "FirstVoice", "followers": 229_500_000, "avg_views": 103_800.0,
          "avg_comments": 158.0}],
    ),
    "yoo_2018": Expected(
        [{"profile_id": "1001", "handle": "petite.voix", "followers": 2400, "avg_comments": 3.375, "avg_likes": 96.5,
          "reported_engagement_ratio": 0.0416, "sex": "female", "age": 24},
         {"profile_id": "1002", "followers": 0, "age": None}],
    ),
    "smallvoices": Expected(
        [{"profile_id": "91000000000000000001", "handle": "plain.voice", "handle_original": "@Plain.Voice",
          "followers": 5000, "country": "DE", "captured_at": when("2026-10-30 02:00:00")}],
        [{"post_id": "p1", "likes": 300, "posted_at": when("2026-10-20 12:00:00")},
         {"post_id": "p2", "profile_id": "91000000000000000001", "likes": None, "posted_at": when("2026-10-19 00:00:00")}],
        [(2, UNREADABLE)],
    ),
}  # fmt: skip


def imported(folder: Path, shape: str, expected: Expected) -> Imported:
    """Imports a shape's fixture."""
    exports = Exports(folder)
    urls = {file.stem: file.name for file in (FIXTURES / shape).iterdir()}
    for file in (FIXTURES / shape).iterdir():
        exports.write(file.name, file.read_bytes())
    keys = {"posts_url": urls["posts"]} if "posts" in urls else {}
    keys |= {"platform": expected.platform} if expected.platform else {}
    return exports.source("only", urls["profiles"], shape=shape, max_quarantine_share=1, **keys).run()


def test_every_shipped_shape_has_a_fixture() -> None:
    assert sorted(EXPECTED) == available(Path("none"))
    assert sorted(EXPECTED) == sorted(path.name for path in FIXTURES.iterdir())


@pytest.mark.parametrize("shape", EXPECTED)
def test_shipped_shape_reads_its_vendors_export(tmp_path: Path, shape: str) -> None:
    expected = EXPECTED[shape]
    found = imported(tmp_path, shape, expected)
    for rows, wanted in ((found.profiles, expected.profiles), (found.posts, expected.posts)):
        rows = sorted(rows, key=lambda row: (row["landed_row"], row.get("post_id", "")))  # noqa: PLW2901
        assert [{name: row[name] for name in cells} for row, cells in zip(rows, wanted, strict=True)] == wanted
    kinds = {"profiles": 0, "posts": 1}
    bad = sorted(found.quarantine, key=lambda row: (kinds[row["records"]], row["landed_row"]))
    assert [(row["landed_row"], row["reason"]) for row in bad] == expected.bad
    assert sum(row["deduplicated"] for row in found.report) == expected.deduplicated
    assert sum(row["landed"] for row in found.report) == sum(
        row["accepted"] + row["quarantined"] + row["deduplicated"] for row in found.report
    )
