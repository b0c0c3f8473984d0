"""Exports of unseen shapes: regressions of figures misread, and of columns rejected without reason."""

from pathlib import Path

import pytest

from tests.factories.inferred_exports import aside, asked, inferred, rows


def lines(header: str, *records: str) -> str:
    """Builds a CSV of these lines."""
    return "\n".join([header, *records, ""])


def test_ratio_named_like_a_canonical_column_is_not_that_column(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,avg_engagement", "kiln_days,12300,0.0405", "oat_rider,54000,0.021", "loom,9800,0.038"
    )
    first, *_ = rows(tmp_path, text)
    assert first["reported_engagement_ratio"] == 0.0405
    assert "avg_engagement" not in first


@pytest.mark.parametrize("header", ["Avg. Engagement", "Engagement", "etkileşim"])
def test_engagement_of_small_accounts_in_possible_percent_is_ambiguous(tmp_path: Path, header: str) -> None:
    text = lines(f"handle,followers,{header}", "kiln_days,2300,4.05", "oat_rider,1400,6.1", "loom_lane,1800,3.87")
    told = inferred(tmp_path, text).proposal
    assert [question.about for question in told.questions] == [header]
    assert f"reported_engagement_ratio: ratio_of(\"{header}\", 'percent')" in told.questions[0].choices


def test_likes_and_comments_distinguish_engagement_count_from_ratio(tmp_path: Path) -> None:
    header = "handle,followers,avg_likes,avg_comments,avg engagement"
    counts = lines(header, "kiln,900,30,2,32", "oat,800,24,1,25", "loom,700,14,3,17")
    assert rows(tmp_path, counts)[0]["avg_engagement"] == 32
    percent = lines(header, "kiln,900,30,2,3.56", "oat,800,24,1,3.13", "loom,700,14,3,2.43")
    first, *_ = rows(tmp_path, percent)
    assert (first["reported_engagement_ratio"], first.get("avg_engagement")) == (0.0356, None)


@pytest.mark.parametrize(
    "header, cells",
    [
        ("Avg Likes (%),% of comments,Followers % female", ("3.9,0.2,41", "2.0,0.1,52", "3.67,0.2,40")),
        ("avg likes,avg comments,followers lost", ("3.9%,0.2%,1%", "2.0%,0.1%,2%", "3.67%,0.2%,3%")),
    ],
)
def test_percentages_of_likes_are_not_likes(tmp_path: Path, header: str, cells: tuple[str, ...]) -> None:
    text = lines(f"handle,followers,{header}", *(f"name{place},1{place}000,{cell}" for place, cell in enumerate(cells)))
    assert set(rows(tmp_path, text)[0]) == {"platform", "handle", "followers"}


LINKS = lines(
    "name,link,subscribers",
    "Kiln Days,https://www.youtube.com/@kilndays,26900",
    "Oat Rider,https://www.facebook.com/oatrider?ref=1,340000",
    "Loom Lane,https://youtube.com/@loomlane/videos,5950",
    "Tiny Tides,https://www.youtube.com/@tinytides,700",
)


@pytest.mark.parametrize("platform", [None, "youtube"])
def test_urls_identify_the_platform_of_each_record(tmp_path: Path, platform: str | None) -> None:
    found = [(row["platform"], row["handle"]) for row in rows(tmp_path, LINKS, platform=platform)]
    assert found == [
        ("youtube", "kilndays"), ("facebook", "oatrider"), ("youtube", "loomlane"), ("youtube", "tinytides"),
    ]  # fmt: skip


def test_platform_of_a_record_overrides_the_declared_one(tmp_path: Path) -> None:
    text = lines("handle,network,followers", "kiln,TikTok,1200", "oat,Instagram,3400", "loom,,800")
    assert [row["platform"] for row in rows(tmp_path, text)] == ["tiktok", "instagram", "instagram"]


def test_main_network_of_a_person_is_not_the_platform_of_each_account(tmp_path: Path) -> None:
    text = lines(
        "Name,Primary Network,Instagram Username,Instagram Followers,TikTok Username,TikTok Followers",
        "Ann,Instagram,kiln,12300,kilntok,900", "Bob,TikTok,oat,3400,oattok,70000",
    )  # fmt: skip
    first, _ = rows(tmp_path, text, platform="tiktok")
    assert (first["platform"], first["handle"], first["followers"]) == ("tiktok", "kilntok", 900)


def test_unknown_platform_is_not_replaced_by_the_file_name(tmp_path: Path) -> None:
    text = lines("handle,platform,followers", "kiln,Bilibili,1200", "oat,Bilibili,3400", "loom,Kick,800")
    assert "Bilibili, Kick: none that is known" in asked(tmp_path, text, "tiktok list.csv", None)["platform"]
    some = text.replace("Kick", "TikTok")
    assert [row["platform"] for row in rows(tmp_path, some, "list.csv", None)] == ["bilibili", "bilibili", "tiktok"]


def test_videos_are_not_accounts_and_gained_subscribers_are_not_followers(tmp_path: Path) -> None:
    text = lines(
        "Content,Video title,Video publish time,Views,Subscribers",
        "aBcD_1234xy,How to glaze,2026-10-03,50123,401", "eFgH_1234xy,Clay basics,2026-09-12,40111,300",
    )  # fmt: skip
    assert "account" in asked(tmp_path, text, platform="youtube")


def test_total_followers_of_all_platforms_are_ambiguous(tmp_path: Path) -> None:
    text = lines("Instagram Handle,TikTok Handle,Total Followers", "kiln,kilntok,13200", "oat,oattok,73400")
    assert list(asked(tmp_path, text)) == ["Total Followers"]


def test_page_likes_are_followers_only_without_a_followers_column(tmp_path: Path) -> None:
    text = lines("Page Name,Page Likes,Page Followers", "Kiln,12000,12300", "Oat,53000,54000", "Loom,9900,9800")
    assert [row["followers"] for row in rows(tmp_path, text, platform="facebook")] == [12_300, 54_000, 9_800]


def test_likes_of_accounts_in_several_records_are_ambiguous(tmp_path: Path) -> None:
    text = lines(
        "influencer,followers,date,likes",
        "kiln,12300,2026-10-01,480", "kiln,12300,2026-10-05,510", "kiln,12300,2026-10-09,110", "oat,54000,2026-10-02,900",
    )  # fmt: skip
    assert "is a record a post, or a day?" in asked(tmp_path, text)["likes"]


def test_likes_next_to_a_sample_size_may_be_totals(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,posts analyzed,likes",
        "kiln,123000,12,17600", "oat,540000,12,42960", "loom,98000,12,14320",
    )  # fmt: skip
    assert "if shared out over the posts" in asked(tmp_path, text)["likes"]
    both = lines(
        "handle,followers,posts,posts analyzed,total likes",
        "kiln,12300,812,12,5760", "oat,54000,301,12,12960", "loom,9800,1200,12,4320",
    )  # fmt: skip
    assert "looked at, or of all?" in aside(tmp_path, both)["total likes"]


def test_campaign_totals_are_detected_by_the_ratio(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,posts,likes,comments,er",
        "kiln,12300,3,1440,72,4.1%", "oat,54000,2,2160,108,2.1%", "loom,9800,4,1440,76,3.87%",
    )  # fmt: skip
    first, *_ = rows(tmp_path, text)
    assert (first["avg_likes"], first["avg_comments"]) == (480, 24)


@pytest.mark.parametrize("word", ["Total influencers: 3", "TOTAL (3 creators)", "Sum 3", "Total of all accounts"])
def test_total_rows_in_other_languages_are_not_accounts(tmp_path: Path, word: str) -> None:
    text = lines("handle,followers", "kiln_days,12000", "oat_rider,3400", "loom_lane,800", f"{word},16200")
    assert [row.get("handle") for row in rows(tmp_path, text)] == ["kiln_days", "oat_rider", "loom_lane", None]


def test_rates_of_only_likes_or_comments_are_not_engagement_rates(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,engagement_rate,comment_engagement_rate,like_engagement_rate",
        "kiln,12300,0.0612,0.0012,0.06", "oat,54000,0.0305,0.0005,0.03", "loom,9800,0.1224,0.0024,0.12",
    )  # fmt: skip
    assert rows(tmp_path, text)[0]["reported_engagement_ratio"] == 0.0612


@pytest.mark.parametrize(
    "header, cells, followers",
    [
        ("フォロワー数", ("1.2万人", "12.5万人", '"9,800"'), (12_000, 125_000, 9_800)),
        ("粉丝数", ("12.3w", "1.2亿", "9800"), (123_000, 120_000_000, 9_800)),
        ("팔로워 수", ("1.2만", "3천", "980"), (12_000, 3_000, 980)),
        ("Takipçi", ('"12,5 Bin"', '"1,2 Mn"', "980"), (12_500, 1_200_000, 980)),
        ("Seguidores", ('"12,5 mil"', '"1,2 M"', "9.800"), (12_500, 1_200_000, 9_800)),
        ("Inscritos", ('"1,2 mi de inscritos"', "54 mil inscritos", "980 inscritos"), (1_200_000, 54_000, 980)),
        ("Followers", ("12.5 Lakh", "1.2 Cr", "85K"), (1_250_000, 12_000_000, 85_000)),
        ("Pengikut", ('"12,3 rb"', '"1,2 jt"', "980"), (12_300, 1_200_000, 980)),
        ("Abonnenten", ('"1,2 Mio. Abonnenten"', "54.100 Abonnenten", "980 Abonnenten"), (1_200_000, 54_100, 980)),
        ("المتابعين", ("١٢٣٠٠", "٥٤٠٠٠", "٩٨٠٠"), (12_300, 54_000, 9_800)),
    ],
)
def test_units_and_digits_of_many_locales_are_parsed(
    tmp_path: Path, header: str, cells: tuple[str, ...], followers: tuple[int, ...]
) -> None:
    text = lines(f"handle,{header}", *(f"name{place},{cell}" for place, cell in enumerate(cells)))
    assert tuple(row["followers"] for row in rows(tmp_path, text)) == followers


def test_mil_under_an_english_header_is_ambiguous(tmp_path: Path) -> None:
    text = lines("handle,Followers", "kiln,2.5 mil", "oat,54 mil", "loom,1.1 mil")
    told = inferred(tmp_path, text).proposal
    assert [question.about for question in told.questions] == ["Followers"]
    assert len(told.questions[0].choices) == 2


@pytest.mark.parametrize(
    "header",
    [
        "اسم المستخدم,المتابعون,متوسط الإعجابات,متوسط التعليقات,معدل التفاعل",
        "抖音号,粉丝数,平均点赞,平均评论,互动率",
        "계정,팔로워,평균 좋아요,평균 댓글,참여율",
        "アカウント名,フォロワー数,平均いいね数,平均コメント数,エンゲージメント率",
        "Tên tài khoản,Người theo dõi,Lượt thích trung bình,Bình luận trung bình,Tỷ lệ tương tác",
        "ชื่อผู้ใช้,ผู้ติดตาม,ไลก์เฉลี่ย,คอมเมนต์เฉลี่ย,อัตราการมีส่วนร่วม",
        "Nama Akun,Pengikut,Rata-rata Suka,Rata-rata Komentar,Tingkat Keterlibatan",
        "Nazwa użytkownika,Obserwujący,Średnia liczba polubień,Średnia liczba komentarzy,Wskaźnik zaangażowania",
        "Блогер,Подписчики,Средние лайки,Средние комментарии,ER",
    ],
)
def test_headers_of_further_languages_are_recognized(tmp_path: Path, header: str) -> None:
    text = lines(header, "kiln_days,12300,480,24,4.1%", "oat_rider,54000,1080,54,2.1%", "loom_lane,9800,360,19,3.87%")
    first, *_ = rows(tmp_path, text)
    assert (first["handle"], first["followers"]) == ("kiln_days", 12_300)
    assert (first["avg_likes"], first["avg_comments"]) == (480, 24)
    assert first["reported_engagement_ratio"] == pytest.approx(0.041)


@pytest.mark.parametrize("cell", ["{} @{}", "{} (@{})"])
def test_handle_after_the_name_is_the_handle(tmp_path: Path, cell: str) -> None:
    names = (("Kiln Days", "kiln_days"), ("Oat & Rider", "oat.rider"), ("Loom", "loom-lane"))
    text = lines("Influencer,Followers", *(f"{cell.format(*name)},{place + 1}000" for place, name in enumerate(names)))
    assert [row["handle"] for row in rows(tmp_path, text)] == ["kiln_days", "oat.rider", "loom-lane"]


def test_channel_ids_in_urls_keep_their_case(tmp_path: Path) -> None:
    ids = ("UC0123456789ABcdefghijkl", "UC1123456789abcdefGHijkl", "UC2123456789abcdefghijkl")
    text = lines(
        "Channel,URL,Subscribers",
        *(f"Kiln {place},https://www.youtube.com/channel/{one},{place + 1}000" for place, one in enumerate(ids)),
    )
    first, *_ = rows(tmp_path, text, platform=None)
    assert (first["platform"], first["profile_id"], first["display_name"]) == ("youtube", ids[0], "Kiln 0")
    assert "handle" not in first


def test_scraper_columns_with_an_n_prefix_are_counts(tmp_path: Path) -> None:
    text = lines(
        "user_name,user_nfollower,vid_id,vid_postTime,vid_nview,vid_nlike,vid_ncomment,vid_url",
        "kiln,353.1K,7474564827701087504,2025-02-23 10:48:59,213.1K,7269,70,https://www.tiktok.com/@kiln/video/7474564827701087504",
        "kiln,353.1K,7474939314661592336,2025-02-24 11:02:11,180.7K,33K,83,https://www.tiktok.com/@kiln/video/7474939314661592336",
    )
    assert rows(tmp_path, text, platform=None)[0]["followers"] == 353_100
    assert [post["likes"] for post in rows(tmp_path, text, platform=None, records="posts")] == [7_269, 33_000]


@pytest.mark.parametrize(
    "header",
    ["male followers", "US followers", "newsletter subscribers", "mutual followers", "Followers M", "Follower (T)"],
)
def test_followers_header_with_unknown_words_is_ambiguous(tmp_path: Path, header: str) -> None:
    text = lines(f"handle,{header}", "kiln,12", "oat,54", "loom,9")
    assert "is not understood" in asked(tmp_path, text)[header]


def test_list_of_followers_is_not_a_follower_count(tmp_path: Path) -> None:
    text = lines("follower_username,follower_id", "kiln,173560420", "oat,17356042", "loom,183560421")
    assert "followers" in asked(tmp_path, text)


@pytest.mark.parametrize(
    "header, factor",
    [
        ("粉丝数\uff08万\uff09", 10_000), ("フォロワー数\uff08千人\uff09", 1_000), ("Followers (in lakhs)", 100_000),
        ("Takipçi (bin)", 1_000), ("Followers (x1000)", 1_000), ("Подписчики тыс.", 1_000), ("Pengikut (juta)", 1_000_000),
    ],
)  # fmt: skip
def test_units_of_many_locales_in_headers_are_recognized(tmp_path: Path, header: str, factor: int) -> None:
    text = lines(f"handle,{header}", "kiln,12", "oat,54", "loom,")
    assert [row.get("followers") for row in rows(tmp_path, text)] == [12 * factor, 54 * factor, None]


def test_likes_per_follower_and_money_are_ignored(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,likes per 1000 followers,value of followers",
        "kiln,12300,39,$123", "oat,54000,20,$540", "loom,9800,36.7,$98",
    )  # fmt: skip
    assert set(rows(tmp_path, text)[0]) == {"platform", "handle", "followers"}


def test_low_ratios_of_large_accounts_are_ambiguous(tmp_path: Path) -> None:
    text = lines("handle,followers,er", "a,12300000,0.12", "b,5400000,0.34", "c,9800000,0.05", "d,7000000,0.09")
    assert list(asked(tmp_path, text)) == ["er"]
    small = lines("handle,followers,er", "a,2300,0.12", "b,5400,0.08", "c,980,0.14", "d,7000,0.06")
    assert rows(tmp_path, small)[0]["reported_engagement_ratio"] == 0.12


def test_likes_above_the_views_of_a_post_are_totals(tmp_path: Path) -> None:
    text = lines(
        "Channel,Subscribers,Total Views,Total Videos,Likes",
        "Kiln,123000,3100000,200,9800", "Oat,540000,9100000,40,21000", "Loom,98000,1100000,100,8800",
    )  # fmt: skip
    assert [row["avg_likes"] for row in rows(tmp_path, text, platform="youtube")] == [49, 525, 88]


def test_single_account_with_more_likes_than_followers_has_totals(tmp_path: Path) -> None:
    text = '{"uniqueId": "kiln", "stats": {"followerCount": 12300, "heartCount": 980000, "videoCount": 200}}'
    assert rows(tmp_path, text, "user.json", "tiktok")[0]["avg_likes"] == 4_900


@pytest.mark.parametrize("captured", ["scraped_at", "date_scraped", "vid_scrapeTime", "updated_at"])
def test_scrape_time_is_not_publication_time(tmp_path: Path, captured: str) -> None:
    text = lines(
        f"post_id,{captured},created_at,username,likes",
        "p1,2026-10-20T10:00:00Z,2026-10-01T10:00:00Z,kiln,480", "p2,2026-10-20T10:00:00Z,2026-10-03T10:00:00Z,oat,510",
    )  # fmt: skip
    posts = rows(tmp_path, text, records="posts")
    assert [str(post["posted_at"]) for post in posts] == ["2026-10-01 10:00:00", "2026-10-03 10:00:00"]
    only = lines(f"post_id,{captured},username,likes", "p1,2026-10-20T10:00:00Z,kiln,480", "p2,2026-10-20,oat,510")
    assert "posted_at" in asked(tmp_path, only)


def test_post_ids_identify_a_table_of_posts(tmp_path: Path) -> None:
    text = lines(
        "Beitrag-ID;Account;Veröffentlicht am;Likes;Kommentare",
        "11;kiln_days;13.10.2026 09:12;480;24", "12;oat_rider;01.10.2026 09:12;1.080;54",
    )  # fmt: skip
    posts = rows(tmp_path, text, records="posts")
    assert [(post["post_id"], post["likes"], post["comments"]) for post in posts] == [("11", 480, 24), ("12", 1080, 54)]


def test_plays_next_to_views_are_ignored(tmp_path: Path) -> None:
    text = lines(
        "shortcode,username,timestamp,likes,plays,views",
        "AA1,kiln,2026-10-01,480,9000,3000", "AA2,oat,2026-10-03,510,8000,2500",
    )  # fmt: skip
    assert [post["likes"] for post in rows(tmp_path, text, records="posts")] == [480, 510]
    assert {"plays", "views"} <= set(aside(tmp_path, text))


def test_fewer_than_one_like_for_thousands_of_followers_is_ambiguous(tmp_path: Path) -> None:
    text = lines("handle,followers,avg_likes", "kiln,12300,0.48", "oat,54000,1.08", "loom,9800,0.36")
    assert list(asked(tmp_path, text)) == ["avg_likes"]


@pytest.mark.parametrize("header", ["YouTube", "YouTube Handle", "Links"])
def test_secondary_networks_do_not_identify_the_platform(tmp_path: Path, header: str) -> None:
    links = ("https://www.youtube.com/@kilnyt", "", "", "https://www.youtube.com/@pineyt", "")
    text = lines(f"handle,followers,{header}", *(f"name{place},1{place}000,{link}" for place, link in enumerate(links)))
    assert "platform" in asked(tmp_path, text, "list.csv", None)


def test_unlabelled_followers_next_to_a_platforms_are_ambiguous(tmp_path: Path) -> None:
    text = lines("Handle,Followers,TikTok Followers", "kiln,12300,900", "oat,54000,70000", "loom,9800,12")
    assert "'Followers': of which platform?" in asked(tmp_path, text, "list.csv", None)["platform"]
    assert [row["followers"] for row in rows(tmp_path, text, platform="instagram")] == [12_300, 54_000, 9_800]


@pytest.mark.parametrize("other", ["brand_handle", "added_by_username"])
def test_handles_of_others_are_ignored(tmp_path: Path, other: str) -> None:
    text = lines(f"{other},creator_handle,followers", "acme.co,kiln,12300", "beta_co,oat,54000", "co,loom,9800")
    assert [row["handle"] for row in rows(tmp_path, text)][::2] == ["kiln", "loom"]


def test_percent_signs_contradicted_by_arithmetic_are_ambiguous(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,avg_likes,avg_comments,er",
        "kiln,12300,480,24,0.041%", "oat,54000,1080,54,0.021%", "loom,9800,360,19,0.0387%",
    )  # fmt: skip
    assert "percent signs, and fractions" in asked(tmp_path, text)["er"]


def test_figures_of_others_are_ignored_and_unknown_words_are_reported(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,benchmark engagement rate,similar accounts avg likes,avg comments zz",
        "kiln,12300,3%,480,24", "oat,54000,3.1%,1080,54", "loom,9800,3.2%,360,19",
    )  # fmt: skip
    assert set(rows(tmp_path, text)[0]) == {"platform", "handle", "followers", "avg_comments"}
    (told,) = [c for c in inferred(tmp_path, text).proposal.columns if c.taken_for == "avg_comments"]
    assert (told.certainty, told.why) == ("likely", "header, of which 'zz' is not understood")


def test_x_before_followers_is_the_platform(tmp_path: Path) -> None:
    text = lines("X Handle,X Followers", "kiln,12300", "oat,54000", "loom,9800")
    assert {row["platform"] for row in rows(tmp_path, text, "list.csv", None)} == {"x"}


def test_newest_year_of_followers_is_used(tmp_path: Path) -> None:
    text = lines("handle,Followers (as of 2026),Followers 2023", "kiln,12300,9000", "oat,54000,41000", "loom,9800,7000")
    assert [row["followers"] for row in rows(tmp_path, text)] == [12_300, 54_000, 9_800]


def test_totals_of_unknown_period_are_not_divided_by_all_posts(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,posts,likes received", "kiln,12300,812,98000", "oat,54000,301,210000", "loom,9800,9,88000"
    )
    assert "'received' is not understood" in aside(tmp_path, text)["likes received"]
    assert "avg_likes" not in rows(tmp_path, text)[0]
