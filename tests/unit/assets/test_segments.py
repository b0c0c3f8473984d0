"""Segments, and the words for sector and tone: accounts in, ranks and topics out."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.metrics.computing import dimensions, reference
from schemas.config.sources_file import SourcesError
from schemas.describe import polars_schema
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.ranking import Ranking
from schemas.settings import Settings
from tests.factories.invented_accounts import Row, post, profile, run
from tests.factories.small_exports import Exports


def segments(settings: Settings, accounts: list[Row], *combinations: list[str]) -> dict[tuple[str, str], list[Any]]:
    """Returns (id, rank, accounts, percentile) of the members by (dimension, segment), best first."""
    rows = [
        profile(f"{number:03}", 5000) | {"rank": number + 1, "score": 50.0, "tier": "micro"} | cells
        for number, cells in enumerate(accounts)
    ]
    ranking = pl.DataFrame(rows, schema=polars_schema(Ranking))
    found = run(settings, "segments", {"ranking": ranking, "dimensions": dimensions(combinations)})
    told: dict[tuple[str, str], list[Any]] = {}
    for row in found.sort("rank_in_segment").to_dicts():
        told.setdefault((row["dimension"], row["segment"]), []).append(
            (row["profile_id"], row["rank_in_segment"], row["accounts"], row["percentile"])
        )
    return told


def test_rank_in_segment_follows_rank(settings: Settings) -> None:
    accounts = [{"sector": "food" if number % 2 else "travel", "country": "FR"} for number in range(10)]
    found = segments(settings, accounts)
    assert found["sector", "food"] == [
        ("001", 1, 5, 1.0), ("003", 2, 5, 0.8), ("005", 3, 5, 0.6), ("007", 4, 5, 0.4), ("009", 5, 5, 0.2),
    ]  # fmt: skip
    assert len(found["country", "FR"]) == len(found["platform", "instagram"]) == 10


def test_small_segments_and_unranked_accounts_are_excluded(settings: Settings) -> None:
    accounts: list[Row] = [{"sector": "rare"}] * 4 + [{"sector": "large", "rank": None}] * 5 + [{"sector": None}] * 5
    found = segments(settings, accounts)
    assert list(found) == [("platform", "instagram")]
    assert len(found["platform", "instagram"]) == 9


def test_configured_combinations_are_segments(settings: Settings) -> None:
    accounts = [{"sector": "food", "country": "FR" if number < 6 else None} for number in range(9)]
    found = segments(settings, accounts, ["sector", "country"], ["country", "tier", "sex"])
    assert [each[0] for each in found["sector+country", "food | FR"]] == ["000", "001", "002", "003", "004", "005"]
    assert not [dimension for dimension, _ in found if "sex" in dimension]


@pytest.mark.parametrize("written", ["sector", [["sector"]], [["sector", "colour"]], [["sector", "sector"]], [[["a"]]]])
def test_invalid_combination_is_reported(tmp_path: Path, written: object) -> None:
    exports = Exports(tmp_path).source("a", "a.csv", platform="instagram")
    exports.segments = written
    with pytest.raises(SourcesError, match="segments"):
        exports.sources()


def topics(
    settings: Settings, profiles: list[Row], posts: list[Row] | None = None
) -> dict[str, tuple[str | None, str | None]]:
    """Returns sector and tone by account, from words."""
    frames = {
        "profiles": pl.DataFrame(profiles, schema=polars_schema(Profiles)),
        "posts": pl.DataFrame(posts or [], schema=polars_schema(Posts)),
        "lexicon": reference("lexicon"),
    }
    return {row["profile_id"]: (row["sector"], row["tone"]) for row in run(settings, "topics", frames).to_dicts()}


@pytest.mark.parametrize(
    "words,sector,tone",
    [
        ("Sourdough baker & chef. Daily diary", "food", "personal"),
        ("RÉCETTES de cuisine maison… gourmandise", "food", None),
        ("Podróże i Wandern | reisen | voyage 🌍", "travel", None),
        ("chef and travel", None, None),  # equally many words of both
        ("Nothing to see here", None, None),
        ("Chefin von Kochland", None, None),  # only whole words count
        ("日本語だけ", None, None),
    ],
)
def test_sector_and_tone_are_inferred_from_unambiguous_words(
    settings: Settings, words: str, sector: str | None, tone: str | None
) -> None:
    found = topics(settings, [profile("a", 5000, biography=words)])
    assert found.get("a", (None, None)) == (sector, tone)


def test_hashtags_count_and_exported_values_take_precedence(settings: Settings) -> None:
    profiles = [profile("tags", 5000), profile("said", 5000, sector="Knitting", tone="dry", biography="chef recipes")]
    posts = [post("tags", age, 10, hashtags="vegan foodie") for age in (3, 4)] + [post("said", 3, 1, hashtags="food")]
    assert topics(settings, profiles, posts) == {"tags": ("food", None)}


def test_lexicon_words_belong_to_one_topic() -> None:
    words = reference("lexicon").select("kind", "topic", "word").unique()
    assert words.group_by("kind", "word").len().filter(pl.col("len") > 1).is_empty()
    assert (words["word"].str.to_lowercase() == words["word"]).all()
    assert words["word"].str.contains(r"^[\p{L}\p{N}]+$").all()
