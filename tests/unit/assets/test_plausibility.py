"""General rules of inference: columns of somebody else, records that are not accounts, unusual cells."""

from pathlib import Path

import pytest

from tests.factories.inferred_exports import aside, asked, inferred, rows


def lines(*records: str) -> str:
    """Builds a CSV of these lines."""
    return "\n".join([*records, ""])


def handles(folder: Path, text: str, platform: str | None = "instagram") -> list[object]:
    """Returns the handles of an export without ambiguity."""
    return [row.get("handle") for row in rows(folder, text, platform=platform)]


def test_constant_handle_is_not_the_accounts_handle(tmp_path: Path) -> None:
    text = lines(
        "Brand handle,Creator,Creator followers",
        "@bigkiln,oat_rider,12500",
        "@bigkiln,loom_lane,8700",
        "@bigkiln,moss_ferry,23400",
    )
    assert handles(tmp_path, text) == ["oat_rider", "loom_lane", "moss_ferry"]
    assert all("bigkiln" not in row.get("display_name", "") for row in rows(tmp_path, text))


def test_id_that_differs_in_each_record_is_not_the_accounts_id(tmp_path: Path) -> None:
    records = [
        f"{7_000_000 + 10 * account + number},{name},{followers}"
        for account, (name, followers) in enumerate((("oat_rider", 12500), ("loom_lane", 8700), ("moss", 900)))
        for number in range(3)
    ]
    found = rows(tmp_path, lines("id,username,followers", *records))
    assert all("profile_id" not in row for row in found)
    assert {row["handle"] for row in found} == {"oat_rider", "loom_lane", "moss"}


def test_records_of_few_accounts_with_times_are_ambiguous(tmp_path: Path) -> None:
    records = [f"{number},179500000{number},{name},9{number}00" for name in ("oat", "loom") for number in range(5)]
    assert "records" in asked(tmp_path, lines("nr,create_time,user_name,n_followers", *records))


def test_ids_rounded_by_a_spreadsheet_are_ignored(tmp_path: Path) -> None:
    text = lines(
        "author_id,username,followers",
        "7158414720537230000,oat_rider,12500",
        "7158414720537230000,loom_lane,8700",
        "7158414720539230000,moss_ferry,23400",
    )
    assert [row.get("profile_id") for row in rows(tmp_path, text)] == [None] * 3
    assert "rounded" in aside(tmp_path, text)["author_id"]


def test_two_platforms_may_share_a_handle(tmp_path: Path) -> None:
    text = lines(
        "id,platform,username,followers",
        *(f"{1000 + number * 7},instagram,name{number},{900 + number}" for number in range(6)),
        "9001,tiktok,name3,700",
    )
    assert [row["profile_id"] for row in rows(tmp_path, text, platform=None)][-1] == "9001"


@pytest.mark.parametrize(
    "cell, handle",
    [
        ("https://x.com/intent/user?user_id=5", None),
        ("https://www.instagram.com/explore/", None),
        ("https://vm.tiktok.com/ZM8abc/", None),
        ("https://instagram.com/_u/oat_rider", "oat_rider"),
        ("@oat_rider (IG)", "oat_rider"),
        ("IG: oat_rider", "oat_rider"),
        ("@oat_rider / TikTok @oat", "oat_rider"),
        ("Oat Rider", "oat rider"),
    ],
)
def test_labels_and_urls_without_an_account_are_ignored(tmp_path: Path, cell: str, handle: str | None) -> None:
    text = lines("handle,followers", "loom_lane,8700", "moss_ferry,23400", f"{cell},12500")
    assert handles(tmp_path, text)[-1] == handle


@pytest.mark.parametrize("cell", ['"=""7158414720537200001"""', "'7158414720537200001"])
def test_ids_stored_as_spreadsheet_text_are_read(tmp_path: Path, cell: str) -> None:
    text = lines("user_id,username,followers", f"{cell},oat_rider,12500", '"=""71584147205372""",loom_lane,8700')
    assert rows(tmp_path, text)[0]["profile_id"] == "7158414720537200001"


@pytest.mark.parametrize(
    "cell, followers",
    [
        ("'12500", 12500),
        (">12K", 12000),
        ("<=9K", 9000),
        ("٨٫٧ ألف", 8700),
        ('"8,7 тис."', 8700),
        ("٤٬١٠٠", 4100),
    ],
)
def test_symbols_and_words_around_counts_are_parsed(tmp_path: Path, cell: str, followers: int) -> None:
    text = lines("username,followers", f"oat_rider,{cell}", f"loom_lane,{cell}")
    assert rows(tmp_path, text)[0]["followers"] == followers


def test_invalid_counts_are_named(tmp_path: Path) -> None:
    text = lines("Handle,Subscribers", "@oat_rider,TBD", "@loom_lane,soon", "@moss,TBD", "@kiln,9.9K")
    assert "'TBD'" in asked(tmp_path, text)["Subscribers"]


def test_hidden_followers_are_null(tmp_path: Path) -> None:
    text = lines(
        "username,subscriber_count,hidden_subscriber_count",
        "oat_rider,12500,False",
        "loom_lane,0,True",
        "moss_ferry,4100,False",
    )
    assert [row.get("followers") for row in rows(tmp_path, text, platform="youtube")] == [12500, None, 4100]


def test_grades_are_not_a_sector(tmp_path: Path) -> None:
    text = lines("username,followers,category", "oat_rider,12500,High", "loom_lane,8700,Low", "moss,900,Medium")
    assert "grades" in aside(tmp_path, text)["category"] or "classes" in aside(tmp_path, text)["category"]


def test_more_comments_than_likes_in_every_record_is_ambiguous(tmp_path: Path) -> None:
    text = lines(
        "username,followers,avg_likes,avg_comments",
        "oat_rider,51000,2740,4560",
        "loom_lane,48000,1990,3040",
        "moss_ferry,36000,4490,5920",
    )
    assert "more comments than likes" in asked(tmp_path, text)["avg_comments"]


def test_followers_of_a_period_are_ambiguous(tmp_path: Path) -> None:
    text = lines(
        "Channel,Views,Watch time (hours),Subscribers",
        *(f"UC{letter * 22},{number}000,31.{number},13{number}" for number, letter in enumerate("abcd")),
    )
    assert "of a period" in asked(tmp_path, text, platform="youtube")["Subscribers"]


def test_comments_are_not_posts(tmp_path: Path) -> None:
    text = lines(
        "post_url,comment_user,comment_date,comment_id,likes_number",
        *(f"https://www.instagram.com/p/C{n}x/,fan_{n},2026-11-1{n}T10:00:00Z,17{n},{n}" for n in range(4)),
    )
    assert "comments" in asked(tmp_path, text)["records"]


def test_name_next_to_an_id_is_not_a_handle(tmp_path: Path) -> None:
    text = lines("channel_id,title,subs", f'UC{"a" * 22},"Oat Rider, LLC",66900', f"UC{'b' * 22},Loom Lane,42900")
    first, *_ = rows(tmp_path, text, platform="youtube")
    assert (first["profile_id"], first["display_name"], first.get("handle")) == (
        f"UC{'a' * 22}",
        "Oat Rider, LLC",
        None,
    )


def test_complete_list_of_posts_takes_precedence_over_best_of_list(tmp_path: Path) -> None:
    def video(number: int, likes: int) -> str:
        when = f"2026-11-{number + 1:02}T10:00:00Z"
        return f'{{"id": "v{number}", "published_at": "{when}", "like_count": {likes}, "comment_count": 2}}'

    best, every = (", ".join(video(number, 4000 // count) for number in range(count)) for count in (3, 20))
    text = f'{{"channel": {{"id": "UC{"g" * 22}", "subscribers": 20000}}, "best": [{best}], "videos": [{every}]}}'
    shape = inferred(tmp_path, text, "export.json", None).proposal.shape
    assert shape is not None
    assert shape.posts is not None
    assert shape.posts.nested == "videos"


def test_items_that_repeat_the_account_do_not_match_a_shipped_shape(tmp_path: Path) -> None:
    item = '{{"id": "{0}", "type": "Image", "likesCount": 54, "commentsCount": 8, "timestamp": "2026-02-11T21:00:00.000Z", '
    account = '"url": "https://www.instagram.com/oat_rider/", "username": "oat_rider", "followersCount": 1293, "followsCount": 1}'
    text = "[" + ", ".join(item.format(number) + account for number in (9001, 9002)) + "]"
    assert "records" in asked(tmp_path, text, "export.json")


def test_column_repeated_in_urls_is_the_handle(tmp_path: Path) -> None:
    text = lines(
        "nickname,name,video_url,followers",
        "oat,oat_rider,https://www.tiktok.com/@oat_rider/video/1,12500",
        "loom,loom_lane,https://www.tiktok.com/@loom_lane/video/2,8700",
        "moss,moss_ferry,https://www.tiktok.com/@moss_ferry/video/3,900",
    )
    assert handles(tmp_path, text, platform="tiktok") == ["oat_rider", "loom_lane", "moss_ferry"]


@pytest.mark.parametrize(
    "cell, time",
    [
        ('"05.11.2026, 10:15 Uhr"', "2026-11-05 10:15"),
        ('"Nov 5, 2026"', "2026-11-05 00:00"),
        ("20261105", "2026-11-05 00:00"),
    ],
)
def test_common_time_formats_are_parsed(tmp_path: Path, cell: str, time: str) -> None:
    header = "username,followers,post_id,published,likes,comments"
    text = lines(header, f"oat_rider,12500,p1,{cell},60,5", f"oat_rider,12500,p2,{cell},61,5")
    assert rows(tmp_path, text, records="posts")[0]["posted_at"].strftime("%Y-%m-%d %H:%M") == time


def test_dates_spanning_years_are_not_capture_times(tmp_path: Path) -> None:
    text = lines(
        "handle,followers,date", "oat_rider,51000,2006-03-13", "loom,48000,2012-01-05", "moss,36000,2019-05-01"
    )
    assert "captured_at" not in rows(tmp_path, text)[0]


def test_merge_suffixes_and_value_objects_are_handled(tmp_path: Path) -> None:
    text = lines("username.x,followers.x,avg_likes.x", "oat_rider,12500,625", "loom_lane,8700,435")
    assert rows(tmp_path, text)[0] == {
        "platform": "instagram", "handle": "oat_rider", "followers": 12500, "avg_likes": 625.0,
    }  # fmt: skip
    nested = '[{"username": "oat", "followers": 12500, "avg_likes": {"value": 625}},' * 1
    nested += '{"username": "loom", "followers": 8700, "avg_likes": {"value": 435}}]'
    told = inferred(tmp_path, nested, "export.json").proposal
    assert {column.taken_for for column in told.columns} >= {"handle", "followers", "avg_likes"}
