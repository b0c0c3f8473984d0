"""One person's accounts: linked only if they state each other."""

import time

import polars as pl
import pytest

from assets.metrics.computing import reference
from schemas.describe import polars_schema
from schemas.profiles import Profiles
from schemas.settings import Settings
from tests.factories.invented_accounts import Row, profile, run


def creators(settings: Settings, *profiles: Row) -> dict[str, tuple[str, int, str]]:
    """Returns by account its creator_id, the number of its accounts, and the reason."""
    frame = pl.DataFrame(list(profiles), schema=polars_schema(Profiles))
    found = run(settings, "creators", {"profiles": frame, "shared_hosts": reference("shared_hosts")})
    return {
        f"{row['platform']}:{row['profile_id']}": (row["creator_id"], row["creator_accounts"], row["creator_reason"])
        for row in found.to_dicts()
    }


def on(platform: str, name: str, **cells: object) -> Row:
    return profile(name, 5000, **{"platform": platform} | cells)


@pytest.mark.parametrize(
    "first,second,reason",
    [
        (
            {"external_url": "https://www.Anna-Bakes.example/"},
            {"external_url": "anna-bakes.example"},
            "same website as",
        ),
        ({"external_url": "https://linktr.ee/anna"}, {"external_url": "http://linktr.ee/anna?x=1"}, "same website as"),
        ({"contact_email": " Anna@Bakes.example"}, {"contact_email": "anna@bakes.example "}, "same contact as"),
        (
            {"external_url": "https://www.tiktok.com/@b"},
            {"biography": "cakes 🍰 also instagram.com/a"},
            "links to and from",
        ),
    ],
)
def test_mutually_linked_accounts_are_one_creator(settings: Settings, first: Row, second: Row, reason: str) -> None:
    found = creators(settings, on("instagram", "a", **first), on("tiktok", "b", **second), on("youtube", "c"))
    assert {name: row[:2] for name, row in found.items()} == {
        "instagram:a": ("instagram:a", 2),
        "tiktok:b": ("instagram:a", 2),
    }
    assert found["instagram:a"][2] == f"{reason} tiktok:b"
    assert "bakes.example" not in found["instagram:a"][2]  # a contact is never published


def test_one_way_link_counts_only_with_the_same_handle(settings: Settings) -> None:
    youtube = on("youtube", "UCabcdefghijklmnopqrstuv", handle="anna")
    fan = on("instagram", "fan", external_url="https://www.youtube.com/channel/UCabcdefghijklmnopqrstuv")
    assert creators(settings, youtube, fan) == {}
    own = on("instagram", "anna", external_url="https://youtube.com/@anna")
    found = creators(settings, youtube, own)
    assert found["instagram:anna"][2] == "links to its namesake youtube:UCabcdefghijklmnopqrstuv"
    assert found["youtube:UCabcdefghijklmnopqrstuv"][2] == "is linked from its namesake instagram:anna"


def test_many_links_do_not_cause_all_pairs_comparison(settings: Settings) -> None:
    """Links ten thousand accounts to one other each: comparing all pairs would take minutes."""
    size = 5000
    senders = [on("instagram", f"i{each}", biography=f"tiktok.com/@t{each}") for each in range(size)]
    answers = [on("tiktok", f"t{each}", biography=f"instagram.com/i{each}") for each in range(size)]
    assert len(creators(settings, *senders, *answers)) == 2 * size


def test_channel_can_be_linked_by_id(settings: Settings) -> None:
    channel = on("youtube", "UCabcdefghijklmnopqrstuv", handle="other", biography="see https://instagram.com/anna.")
    account = on("instagram", "anna", biography="https://youtube.com/channel/UCabcdefghijklmnopqrstuv")
    assert creators(settings, channel, account)["instagram:anna"][1] == 2


def test_same_name_alone_does_not_link(settings: Settings) -> None:
    same = {"display_name": "Anna Bakes", "biography": "cakes", "handle": "annabakes"}
    assert creators(settings, on("instagram", "1", **same), on("tiktok", "2", **same)) == {}


@pytest.mark.parametrize(
    "url",
    [
        "https://www.instagram.com/",
        "https://instagram.com/somebody_else",
        "https://youtube.com",
        "https://linktr.ee",
        "https://linktr.ee/",
        "https://bit.ly/3xyz",
        "https://www.amazon.de/shop/x",
        "http://",
        "not a url",
        "",
    ],
)
def test_shared_websites_do_not_link(settings: Settings, url: str) -> None:
    assert creators(settings, on("instagram", "a", external_url=url), on("tiktok", "b", external_url=url)) == {}


def test_agency_named_by_several_accounts_does_not_link(settings: Settings) -> None:
    agency = {"external_url": "https://agency.example", "contact_email": "info@agency.example"}
    crowd = [on("instagram", "a", **agency), on("instagram", "b", **agency), on("tiktok", "c", **agency)]
    assert creators(settings, *crowd) == {}
    own = {"external_url": "https://agency.example/talents/dora"}
    found = creators(settings, *crowd, on("instagram", "d", **own), on("tiktok", "e", **own))
    assert set(found) == {"instagram:d", "tiktok:e"}


def test_creator_with_two_accounts_on_one_platform_is_not_linked(settings: Settings) -> None:
    chain = [
        on("instagram", "a", external_url="https://one.example"),
        on("tiktok", "b", external_url="https://one.example", contact_email="b@mail.example"),
        on("youtube", "c", contact_email="b@mail.example", external_url="https://two.example"),
        on("instagram", "d", external_url="https://two.example"),
    ]
    assert {row[1] for row in creators(settings, *chain[:3]).values()} == {3}
    assert creators(settings, *chain) == {}


def test_unusual_profiles_do_not_link(settings: Settings) -> None:
    odd = {"handle": None, "external_url": "https://ünïcödé.example/ä", "biography": "@@@ tiktok.com/@ \u202e"}
    assert len(creators(settings, on("instagram", "a", **odd), on("tiktok", "b", **odd))) == 2
    assert creators(settings, on("instagram", "a", **odd)) == {}
    assert creators(settings, on("instagram", "a", external_url="https://instagram.com/a", handle="a")) == {}


def test_thousands_of_mutually_linked_accounts_are_not_one_creator(settings: Settings) -> None:
    """Links each account mutually to forty others; within three steps each reaches all: ten million pairs a step."""
    size = 1500
    offsets = [7 * number**3 % size for number in range(1, 41)]
    hostile = [
        *(on("instagram", f"i{at}", biography=" ".join(f"tiktok.com/@t{(at + each) % size}" for each in offsets))
          for at in range(size)),
        *(on("tiktok", f"t{at}", biography=" ".join(f"instagram.com/i{(at - each) % size}" for each in offsets))
          for at in range(size)),
    ]  # fmt: skip
    own = {"external_url": "https://dora.example"}
    began = time.monotonic()
    found = creators(settings, *hostile, on("instagram", "dora", **own), on("tiktok", "d", **own))
    assert set(found) == {"instagram:dora", "tiktok:d"}
    assert time.monotonic() - began < 10


def test_handle_shared_by_accounts_of_a_platform_does_not_link(settings: Settings) -> None:
    size = 3000
    senders = [on("instagram", f"i{each}", handle="anna", biography="tiktok.com/@anna") for each in range(size)]
    namesakes = [on("tiktok", f"t{each}", handle="anna") for each in range(size)]
    assert creators(settings, *senders, *namesakes) == {}
    assert set(creators(settings, senders[0], namesakes[0])) == {"instagram:i0", "tiktok:t0"}
