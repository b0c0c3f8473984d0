"""Unknown exports with common defects: misspelt headers, totals below the table, broken records."""

from pathlib import Path

import pytest

from tests.factories.inferred_exports import aside, asked, inferred, rows


def test_misspelt_headers_are_recognized(tmp_path: Path) -> None:
    text = "Username,Suscribers,Avg Engangement\nkiln_days,12000,600\noat_rider,3400,90\nloom_lane,800,30\n"
    assert [row["followers"] for row in rows(tmp_path, text)] == [12_000, 3_400, 800]


@pytest.mark.parametrize("word", ["Total", "Summe:", "GESAMT", "Average"])
def test_total_row_below_the_table_is_not_an_account(tmp_path: Path, word: str) -> None:
    text = f"handle,followers\nkiln_days,12000\noat_rider,3400\nloom_lane,800\n{word},16200\n"
    assert [row.get("handle") for row in rows(tmp_path, text)] == ["kiln_days", "oat_rider", "loom_lane", None]


def test_units_written_as_words_are_recognized(tmp_path: Path) -> None:
    text = 'Benutzername;Abonnenten\nkiln_days;"1,2 Mio."\noat_rider;34 Tsd.\nloom_lane;800\npine.press;2 Mio\n'
    assert [row["followers"] for row in rows(tmp_path, text)] == [1_200_000, 34_000, 800, 2_000_000]


def test_implausible_followers_mean_a_misread_unit(tmp_path: Path) -> None:
    text = 'Hesap;Takipçi\nkiln_days;"12,5 B"\noat_rider;3 B\nloom_lane;"1,2 M"\n'
    assert "which nobody has" in asked(tmp_path, text)["Takipçi"]


def test_one_broken_record_does_not_change_the_unit(tmp_path: Path) -> None:
    whole = "".join(f"name_{number},{1000 + number},0\n" for number in range(30))
    values = rows(tmp_path, f"handle,followers,posts\n{whole}shifted,2.06,1\n")
    assert [row["followers"] for row in values[:2]] == [1_000, 1_001]


def test_shared_names_are_not_handles(tmp_path: Path) -> None:
    text = "Influencer,Followers\nKiln Days,12000\nOat Rider,3400\nkiln days,560000\nLoom & Lane,800\n"
    assert "several accounts (kiln days)" in asked(tmp_path, text)["Influencer"]


def test_records_identified_only_by_a_number_are_ambiguous(tmp_path: Path) -> None:
    text = "ID,Followers\n1,12000\n2,3400\n3,800\n"
    assert "does it stay the same in every export?" in asked(tmp_path, text)["ID"]


def test_likes_of_very_large_accounts_are_averages(tmp_path: Path) -> None:
    text = "handle,followers,likes\nkiln_days,120000000,9000\noat_rider,34000000,4100\nloom_lane,80000000,5200\n"
    assert [row["avg_likes"] for row in rows(tmp_path, text, platform="youtube")] == [9_000, 4_100, 5_200]


def test_ratio_over_views_is_ignored(tmp_path: Path) -> None:
    text = "handle,followers,avg_likes,avg_views,engagement_rate\n" + "".join(
        f"{handle},{followers},{likes},{views},{100 * likes / views:.2f}\n"
        for handle, followers, likes, views in (
            ("kiln_days", 12_000, 480, 9_100),
            ("oat_rider", 3_400, 204, 8_300),
            ("loom_lane", 800, 80, 700),
            ("pine.press", 56_000, 1_120, 21_000),
        )
    )
    assert "over 'avg_views', not over followers" in aside(tmp_path, text)["engagement_rate"]


@pytest.mark.parametrize(
    "address, platform",
    [
        ("https://scontent-lhr8-1.cdninstagram.com/v/t51.2885-19/{}.jpg", "instagram"),
        ("https://p16-sign.tiktokcdn.com/{}.jpeg", "tiktok"),
        ("https://yt3.ggpht.com/{}=s88", "youtube"),
        ("https://pbs.twimg.com/profile_images/{}.jpg", "x"),
    ],
)
def test_image_hosts_identify_the_platform(tmp_path: Path, address: str, platform: str) -> None:
    text = "username,followers,picture\n" + "".join(
        f"{handle},{followers},{address.format(followers)}\n"
        for handle, followers in (("kiln_days", 12_000), ("oat_rider", 3_400), ("loom_lane", 800))
    )
    assert {row["platform"] for row in rows(tmp_path, text, platform=None)} == {platform}


def test_recent_period_figures_are_ignored(tmp_path: Path) -> None:
    text = "username,followers,reelsCount30d,lastScrapedAt\n" + "".join(
        f"{handle},1200{number},{number},2026-01-0{number + 1}T10:00:00Z\n"
        for number, handle in enumerate(("kiln_days", "oat_rider", "loom_lane"))
    )
    first, *_ = rows(tmp_path, text)
    assert "posts_count" not in first
    assert str(first["captured_at"]) == "2026-01-01 10:00:00"


def test_followers_of_several_platforms_are_ambiguous(tmp_path: Path) -> None:
    text = """{"version": 1, "influencers": [
{"name": "Kiln", "handles": {"youtube": "UC0123456789abcdefghijkl"}, "followers": {"instagram": 12000, "youtube": 900}},
{"name": "Oat", "handles": {"youtube": "UC1123456789abcdefghijkl"}, "followers": {"instagram": 3400, "youtube": 70}}]}
"""
    assert "several platforms side by side" in asked(tmp_path, text, "list.json", None)["platform"]
    first, second = rows(tmp_path, text, "list.json", "youtube")
    assert (first["profile_id"], first["followers"]) == ("UC0123456789abcdefghijkl", 900)
    assert (second["profile_id"], second["followers"]) == ("UC1123456789abcdefghijkl", 70)


def test_lists_in_cells_are_joined(tmp_path: Path) -> None:
    text = 'username,followers,categories\nkiln_days,1200,"[""Pots"", ""Clay""]"\noat_rider,3400,"[""Bikes""]"\n'
    assert [row["sector"] for row in rows(tmp_path, text)] == ["Pots Clay", "Bikes"]


def test_chinese_headers_are_recognized(tmp_path: Path) -> None:
    told = inferred(tmp_path, "达人昵称,粉丝数\n窑日,12000\n燕麦,3400\n", platform="tiktok").proposal
    assert told.shape is not None
    assert told.shape.profiles is not None
    assert set(told.shape.profiles.select) >= {"handle", "display_name", "followers"}
