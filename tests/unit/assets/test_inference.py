"""Unknown exports: columns in any language, numbers in any locale, and meanings that only arithmetic distinguishes."""

from pathlib import Path

import pytest

from tests.factories.inferred_exports import aside, asked, inferred, rows

ACCOUNTS = ("fern.and.moss", "kiln_days", "oat_rider", "tiny.tides", "loom_lane", "pine.press")


def table(header: str, *cells: str, delimiter: str = ",") -> str:
    """Builds a CSV of the six accounts with these cells after each handle, column by column."""
    lines = [delimiter.join([handle, *values.split("|")]) for handle, values in zip(ACCOUNTS, cells, strict=False)]
    return "\n".join([header, *lines, ""])


@pytest.mark.parametrize(
    "header",
    [
        "username,followers,avg_likes,avg_comments,engagement_rate",
        "Handle,Follower Count,Average Likes,Average Comments,ER",
        "screen_name,followersCount,avgLikes,avgComments,engagementRate",
        "account name,Fans,Likes (avg.),Comments (avg.),Eng. Rate",
        "Benutzername,Abonnenten,Durchschnittliche Likes,Durchschnittliche Kommentare,Interaktionsrate",
        "Pseudo,Nombre d'abonnés,Moyenne de j'aime,Moyenne de commentaires,Taux d'engagement",
        "Usuario,Seguidores,Promedio de me gusta,Promedio de comentarios,Tasa de interacción",
        "Nome utente,Numero di follower,Media di mi piace,Media di commenti,Tasso di coinvolgimento",
        "Nome de usuário,Número de seguidores,Curtidas por post,Comentários por post,Taxa de engajamento",
        "Kullanıcı Adı,Takipçi Sayısı,Ortalama Beğeni,Ortalama Yorum,Etkileşim Oranı",
        "Gebruikersnaam,Volgers,Gemiddelde likes,Gemiddelde reacties,Engagement rate",
        "ユーザー名,フォロワー数,平均 いいね,平均 コメント,engagement rate",
    ],
)
def test_headers_of_many_vendors_and_languages_are_recognized(tmp_path: Path, header: str) -> None:
    text = table(header, "12000|480|24|4.2", "3400|204|10.2|6.3", "800|80|8|11", "56000|1120|56|2.1")
    first, *_ = rows(tmp_path, text)
    assert first == {
        "platform": "instagram",
        "handle": "fern.and.moss",
        "followers": 12_000,
        "avg_likes": 480.0,
        "avg_comments": 24.0,
        "reported_engagement_ratio": pytest.approx(0.042),
    }


def test_handles_under_a_name_header_are_recognized(tmp_path: Path) -> None:
    text = "Real name,Instagram name,Followers,Engagement avg\n" + "".join(
        f"{handle},{name} ✨,{followers},{average}\n"
        for handle, name, followers, average in [
            ("kiln_days", "Kiln Days", "1.2M", "14.5K"),
            ("_oat", "Oat 燕麦", "850K", "9K"),
            ("loom_lane", "The Loom Lane", "77.1K", "980"),
        ]
    )
    first, *_ = rows(tmp_path, text, platform=None)
    assert first["platform"] == "instagram"
    assert (first["handle"], first["display_name"]) == ("kiln_days", "Kiln Days ✨")
    assert (first["followers"], first["avg_engagement"]) == (1_200_000, 14_500)


def test_names_replace_missing_handles_and_are_reported(tmp_path: Path) -> None:
    text = (
        "rank,Youtuber,subscribers,uploads\n1,Kiln & Clay,2450000,200\n2,Oat Rider,1700000,31\n3,Tiny Tides,166000,7\n"
    )
    told = inferred(tmp_path, text, platform=None)
    (column,) = [column for column in told.proposal.columns if column.taken_for == "handle"]
    assert (column.column, column.certainty) == ("Youtuber", "likely")
    assert "name stands for it" in column.why
    assert rows(tmp_path, text, platform=None)[0]["platform"] == "youtube"


@pytest.mark.parametrize(
    "cells, followers",
    [
        ("12,000|3,400|800|1,056,000", (12_000, 3_400, 800, 1_056_000)),
        ("12.000|3.400|800|1.056.000", (12_000, 3_400, 800, 1_056_000)),
        ("12 000|3 400|800|1 056 000", (12_000, 3_400, 800, 1_056_000)),
        ("12'000|3'400|800|1'056'000", (12_000, 3_400, 800, 1_056_000)),
        ("12,3K|3,4k|800|1,1M", (12_300, 3_400, 800, 1_100_000)),
        ("12.3K|3.4k|800|1.1M", (12_300, 3_400, 800, 1_100_000)),
        ("12000.0|3400.0|800.0|1056000.0", (12_000, 3_400, 800, 1_056_000)),
        ("12,000 followers|3,400 followers|800 followers|1,056,000 followers", (12_000, 3_400, 800, 1_056_000)),
        ("12K+|3K+|800+|1M+", (12_000, 3_000, 800, 1_000_000)),
        ("1,20,000|34,000|800|10,56,000", (120_000, 34_000, 800, 1_056_000)),
        ("1.2E+4|3.4E+3|8E+2|1.056E+6", (12_000, 3_400, 800, 1_056_000)),
    ],
)
def test_locale_is_inferred_from_the_whole_column(tmp_path: Path, cells: str, followers: tuple[int, ...]) -> None:
    text = table("handle;followers", *cells.split("|"), delimiter=";")
    assert tuple(row["followers"] for row in rows(tmp_path, text)) == followers


def test_thousands_separators_are_resolved_by_other_columns(tmp_path: Path) -> None:
    # 3,375 average likes: a thousand times as many with the comma as thousands separator.
    text = table("handle;followers;avg_likes", "987|3,375", "230|49,7", "1400|12,125", "480|8,5", delimiter=";")
    assert [row["avg_likes"] for row in rows(tmp_path, text)] == [3.375, 49.7, 12.125, 8.5]


@pytest.mark.parametrize(
    "header, cells",
    [
        ("handle,followers,avg_likes", ('987|"3,375"', '230|"1,250"', '1400|"2,125"')),
        ("handle,followers,avg_likes", ('9870|"3,5"', "2300|1.5", "14000|2")),
    ],
)
def test_unresolved_separators_are_ambiguous(tmp_path: Path, header: str, cells: tuple[str, ...]) -> None:
    assert list(asked(tmp_path, table(header, *cells))) == ["avg_likes"]


def test_separators_next_to_ungrouped_numbers_are_decimals(tmp_path: Path) -> None:
    assert list(asked(tmp_path, table("handle;followers", "3.375", "15000", "1.200", delimiter=";"))) == ["followers"]


@pytest.mark.parametrize(
    "header, cells, followers",
    [
        ("handle,Followers (millions)", ("475.8", "366", "0.5"), (475_800_000, 366_000_000, 500_000)),
        ("handle,Followers (M)", ("475.8", "366", "0.5"), (475_800_000, 366_000_000, 500_000)),
        ("handle,Followers in thousands", ("475.8", "366", "0.5"), (475_800, 366_000, 500)),
        ("handle,Seguidores (millones)", ('"475,8"', "366", '"0,5"'), (475_800_000, 366_000_000, 500_000)),
        ("handle,Followers (M)", ("475.8M", "366M", "0.5M"), (475_800_000, 366_000_000, 500_000)),
    ],
)
def test_units_in_headers_are_recognized(
    tmp_path: Path, header: str, cells: tuple[str, ...], followers: tuple[int, ...]
) -> None:
    assert tuple(row["followers"] for row in rows(tmp_path, table(header, *cells))) == followers


@pytest.mark.parametrize(
    "text",
    [
        table("handle,followers", "475.8", "366", "0.5"),
        table("handle,Followers (M)", "475.8M", "366", "0.5M"),
        "rank,handle,followers\n1,kiln_days,651\n2,oat_rider,640\n3,loom_lane,505\n",
    ],
)
def test_followers_of_an_unknown_unit_are_ambiguous(tmp_path: Path, text: str) -> None:
    assert any(about.lower().startswith("followers") for about in asked(tmp_path, text))


@pytest.mark.parametrize(
    "cells, ratio, certainty",
    [
        (("12000|480|24|4.2", "3400|204|10.2|6.3", "800|80|8|11"), 0.042, "sure"),
        (("12000|480|24|0.042", "3400|204|10.2|0.063", "800|80|8|0.11"), 0.042, "sure"),
        (("12000|480|24|4.2%", "3400|204|10.2|6.3%", "800|80|8|11%"), 0.042, "sure"),
        # Over other posts than the averages, but of the same magnitude.
        (("12000|480|24|3.4", "3400|204|10.2|8.1", "800|80|8|9"), 0.034, "likely"),
    ],
)
def test_ratio_unit_is_inferred_by_arithmetic(
    tmp_path: Path, cells: tuple[str, ...], ratio: float, certainty: str
) -> None:
    text = table("handle,followers,avg_likes,avg_comments,engagement_rate", *cells)
    assert rows(tmp_path, text)[0]["reported_engagement_ratio"] == pytest.approx(ratio)
    (told,) = [c for c in inferred(tmp_path, text).proposal.columns if c.taken_for == "reported_engagement_ratio"]
    assert told.certainty == certainty


def test_ratio_of_either_unit_is_ambiguous(tmp_path: Path) -> None:
    text = table("handle,followers,er", "12000|0.31", "3400|0.24", "800|0.4", "5600|0.19", "900|0.28")
    assert list(asked(tmp_path, text)) == ["er"]


def test_implausible_magnitudes_are_ambiguous(tmp_path: Path) -> None:
    # 18,916 interactions of 9,000 followers: as percent the numbers of interactions would not be whole.
    text = table(
        "handle,followers,engagement_rate",
        "9000|2.101777777777778", "29071|0.9721715799250112", "87844|0.5678133964755703", "43304|0.4646914834657306",
    )  # fmt: skip
    assert list(asked(tmp_path, text)) == ["engagement_rate"]


@pytest.mark.parametrize(
    "cells, expected",
    [
        # The reported ratio shows that they are averages.
        (("12000|480|24|4.2%", "3400|204|10|6.3%", "800|80|8|11%"), {"avg_likes": 480, "avg_comments": 24}),
        (("12000|480|24|", "3400|204|10|", "800|80|8|"), {"avg_likes": 480, "avg_comments": 24}),
    ],
)
def test_average_likes_are_detected(tmp_path: Path, cells: tuple[str, ...], expected: dict[str, float]) -> None:
    first = rows(tmp_path, table("handle,followers,likes,comments,er", *cells))[0]
    assert {key: first.get(key) for key in expected} == expected


def test_total_likes_are_divided_by_posts(tmp_path: Path) -> None:
    text = table("handle,followers,likes,videos", "12000|96000|200", "3400|20400|100", "800|8000|50", "5600|90000|90")
    assert [row["avg_likes"] for row in rows(tmp_path, text)][:3] == [480, 204, 160]
    (told,) = [column for column in inferred(tmp_path, text).proposal.columns if column.taken_for == "avg_likes"]
    assert told.certainty == "likely"


def test_totals_without_posts_are_ignored(tmp_path: Path) -> None:
    text = table("handle,followers,total likes", "12000|96000", "3400|20400", "800|8000")
    assert "avg_likes" not in rows(tmp_path, text)[0]
    assert aside(tmp_path, text) == {"total likes": "a total"}


@pytest.mark.parametrize(
    "header, cells",
    [
        # Five times the value that the ratio implies: sums over five posts.
        ("handle,followers,likes,comments,er", ("12000|2400|120|4.2%", "3400|1020|51|6.3%", "800|400|40|11%")),
        # Half of the followers: much for an average, little for a total.
        ("handle,followers,likes", ("12000|6000", "3400|1700", "800|400")),
        ("handle,followers,avg_likes", ("120|6000", "34|1700", "8|400")),
    ],
)
def test_likes_of_either_kind_are_ambiguous(tmp_path: Path, header: str, cells: tuple[str, ...]) -> None:
    about = asked(tmp_path, table(header, *cells))
    assert about
    assert all("likes" in name or "comments" in name for name in about)


def test_text_and_numeric_columns_are_cross_checked(tmp_path: Path) -> None:
    text = table(
        "handle,followers,followers,er,er_float", "3K|3339|1.5%|1.55", "6K|5980|3.7%|3.69", "32K|32025|3.1%|3.13"
    )
    told = inferred(tmp_path, text).proposal
    assert "'followers' and 'followers_2' agree in 100.0% of rows" in told.checks
    assert [row["followers"] for row in rows(tmp_path, text)] == [3_339, 5_980, 32_025]


def test_contradictory_duplicate_columns_are_ambiguous(tmp_path: Path) -> None:
    text = table("handle,followers,followers", "3K|333900", "6K|598", "32K|1")
    assert list(asked(tmp_path, text)) == ["followers_2"]


def test_columns_that_resemble_a_figure_are_ignored(tmp_path: Path) -> None:
    text = table(
        "handle,followers,subscribers gained,fake followers,max likes,likes_2023,authentic engagement,influence score,"
        "posts per week,audience country,avg_likes",
        "12000|10|100|9|7|8|90|3|FR|480", "3400|20|200|8|6|7|91|4|DE|204", "800|30|300|7|5|6|92|5|IT|80",
    )  # fmt: skip
    first = rows(tmp_path, text)[0]
    assert set(first) == {"platform", "handle", "followers", "avg_likes"}


def test_several_platforms_are_ambiguous_until_declared(tmp_path: Path) -> None:
    text = table("name,instagram followers,tiktok followers", "12000|900", "3400|70000", "800|12")
    assert list(asked(tmp_path, text, platform=None)) == ["platform"]
    assert [row["followers"] for row in rows(tmp_path, text, platform="tiktok")] == [900, 70_000, 12]


@pytest.mark.parametrize(
    "text, name, platform",
    [
        (table("handle,followers", "1200", "3400", "800"), "tiktok creators.csv", "tiktok"),
        (
            table("handle,followers,url", *[f"1200|https://www.instagram.com/{handle}/" for handle in ACCOUNTS]),
            "x.csv",
            "instagram",
        ),
        (table("YT Handle,Subscriber Count", "1200", "3400", "800"), "x.csv", "youtube"),
        (table("handle,followers,platform", "1200|Twitter", "3400|Twitter", "800|twitter"), "x.csv", "x"),
        (table("handle,followers,channel id", *["1200|UCabcdefghijklmnopqrstuv"] * 3), "x.csv", "youtube"),
    ],
)
def test_platform_is_inferred_from_cells_headers_or_file_name(
    tmp_path: Path, text: str, name: str, platform: str
) -> None:
    assert {row["platform"] for row in rows(tmp_path, text, name, platform=None)} == {platform}


@pytest.mark.parametrize(
    "text, name, about",
    [
        (table("handle,followers", "1200", "3400"), "export.csv", "platform"),
        (table("handle,insta followers", "1200", "3400"), "tiktok.csv", "platform"),
        ("followers,posts\n12,3\n14,9\n", "instagram.csv", "account"),
        ("username,bio\nkiln,Hello\noat,Bye\n", "instagram.csv", "followers"),
        ("username,followers\n", "instagram.csv", "records"),
    ],
)
def test_undetermined_columns_are_ambiguous(tmp_path: Path, text: str, name: str, about: str) -> None:
    assert about in asked(tmp_path, text, name, platform=None)


def test_row_numbers_are_not_account_ids(tmp_path: Path) -> None:
    text = "id,username,followers\n1,kiln_days,1200\n2,oat_rider,800\n3,loom_lane,950\n"
    assert "profile_id" not in rows(tmp_path, text)[0]
    text = "id,username,followers\n6721396317727622150,kiln_days,1200\n172448238480965632,oat_rider,800\n"
    assert rows(tmp_path, text)[0]["profile_id"] == "6721396317727622150"


@pytest.mark.parametrize(
    "cells, captured",
    [
        (("13/02/2024", "01/03/2024"), "2024-02-13"),
        (("02/13/2024", "03/01/2024"), "2024-02-13"),
        (("2024-02-13T10:00:00Z", "2024-03-01T10:00:00Z"), "2024-02-13"),
        (("1707782400", "1709251200"), "2024-02-13"),
    ],
)
def test_date_order_is_inferred_from_the_whole_column(tmp_path: Path, cells: tuple[str, ...], captured: str) -> None:
    text = table("handle,followers,scraped_at", *[f"1200|{cell}" for cell in cells])
    assert str(rows(tmp_path, text)[0]["captured_at"])[:10] == captured


def test_ambiguous_day_and_month_is_asked_if_it_decides_the_newest_record(
    tmp_path: Path,
) -> None:
    text = "handle,date,followers\nkiln,01/02/2024,10\nkiln,02/03/2024,20\nkiln,05/04/2024,30\noat,01/02/2024,5\n"
    assert list(asked(tmp_path, text)) == ["date"]
    lines = "handle,date,followers\nkiln,01/02/2024,10\noat,02/03/2024,20\n"
    assert "captured_at" not in rows(tmp_path, lines)[0]


POSTS = """post_id,username,taken_at,like_count,comment_count,caption,followers
p1,kiln_days,2026-03-01T10:00:00Z,120,4,one,4000
p2,kiln_days,2026-03-04T10:00:00Z,90,2,two,4000
p3,oat_rider,2026-03-02T10:00:00Z,-1,9,three,900
"""


def test_table_of_posts_gives_posts_and_accounts(tmp_path: Path) -> None:
    assert [(row["handle"], row["followers"]) for row in rows(tmp_path, POSTS)] == [
        ("kiln_days", 4000), ("kiln_days", 4000), ("oat_rider", 900),
    ]  # fmt: skip
    posts = rows(tmp_path, POSTS, records="posts")
    assert [(post["post_id"], post["handle"], post.get("likes"), post["comments"]) for post in posts] == [
        ("p1", "kiln_days", 120, 4), ("p2", "kiln_days", 90, 2), ("p3", "oat_rider", None, 9),
    ]  # fmt: skip
