"""Normalization of handles, countries and languages from exports."""

import unicodedata
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.standard_forms import standardised
from schemas.standard_names import country_code, language_code
from tests.factories.small_exports import Exports, csv_bytes


@pytest.mark.parametrize(
    "code, names",
    [
        ("US", ["US", "us", " USA ", "U.S.A.", "840", "🇺🇸", "United States", "the United States of America",
                "Estados Unidos", "États-Unis", "Vereinigte Staaten", "США", "アメリカ合衆国", "美国"]),
        ("GB", ["GB", "UK", "GBR", "Great Britain", "England", "United Kingdom", "Royaume-Uni", "🇬🇧"]),
        ("DE", ["Germany", "GERMANY", "Deutschland", "Allemagne", "Alemania", "Niemcy", "ドイツ", "DEU"]),
        ("CI", ["Ivory Coast", "Côte d’Ivoire", "Cote d'Ivoire"]),
        ("KR", ["South Korea", "Korea, Republic of", "대한민국"]), ("KP", ["North Korea", "Nordkorea"]),
        ("CD", ["Congo - Kinshasa", "DR Congo"]), ("NE", ["Niger"]), ("NG", ["Nigeria"]), ("GE", ["Georgia"]),
        ("NL", ["The Netherlands", "Holland", "Niederlande"]), ("TR", ["Turkey", "Türkiye"]),
        ("CZ", ["Czechia", "Czech Republic"]), ("BA", ["Bosnia & Herzegovina", "Bosnia and Herzegovina"]),
        ("HK", ["Hong Kong"]), ("XK", ["Kosovo"]), ("NO", ["no"]), ("IN", ["In", "India", "Indien"]),
    ],
)  # fmt: skip
def test_country_is_recognized_by_code_flag_and_name(code: str, names: list[str]) -> None:
    assert {name: country_code(name) for name in names} == dict.fromkeys(names, code)


@pytest.mark.parametrize(
    "name",
    ["", " ", "unknown", "Worldwide", "Europe", "EU", "ZZ", "AC", "QO", "California", "Paris", "Kongo", "América", "SU",
     "YU", "US, GB", "en-US", "CÃ´te d'Ivoire", "🏴", "12", "x" * 10_000, "'; DROP TABLE", "\x00"],
)  # fmt: skip
def test_ambiguous_or_unknown_country_is_not_normalized(name: str) -> None:
    assert country_code(name) is None


@pytest.mark.parametrize(
    "code, names",
    [
        ("en", ["en", "EN", "eng", "English", "englisch", "anglais", "Inglés"]),
        ("en-US", ["en-US", "en_us", "English (US)", "English (United States)", "American English"]),
        ("en-GB", ["English - UK", "British English"]), ("pt-BR", ["pt-br", "Portuguese (Brazil)"]),
        ("fr", ["fra", "fre", "French", "Français", "Französisch"]), ("de", ["ger", "deu", "Deutsch", "allemand"]),
        ("zh-Hans", ["zh-hans", "Simplified Chinese", "Chinese (Simplified)"]), ("zh-Hant-TW", ["zh_Hant_TW"]),
        ("he", ["iw", "he", "Hebrew"]), ("es", ["español", "Spanish"]), ("es-419", ["es-419"]),
        ("ja", ["日本語", "Japanese"]), ("ar", ["العربية"]), ("nb", ["Bokmål"]), ("no", ["Norwegian"]),
    ],
)  # fmt: skip
def test_language_is_recognized_by_tag_and_name(code: str, names: list[str]) -> None:
    assert {name: language_code(name) for name in names} == dict.fromkeys(names, code)


@pytest.mark.parametrize("name", ["", "unknown", "xx", "en-ZZ", "en; fr", "emoji", "English (somewhere)", "US", "123"])
def test_ambiguous_or_unknown_language_is_not_normalized(name: str) -> None:
    assert language_code(name) is None


@given(st.text(max_size=30))
def test_code_is_recognized_as_itself(name: str) -> None:
    for code in (country_code, language_code):
        found = code(name)
        assert found is None or code(found) == found


@pytest.mark.parametrize(
    "handle, normal",
    [
        ("anna", "anna"), (None, None), ("ａｎｎａ＿１", "anna_1"), ("ＡＮＮＡ", "anna"), ("𝓪𝓷𝓷𝓪", "anna"), ("＠anna", "anna"),
        ("élise", "élise"), ("e\u0301lise", "élise"), ("\u200banna\ufeff", "anna"), ("an\u00adna", "anna"),
        ("ﬁona", "fiona"), ("анна", "анна"), ("\u200b", None), ("名前", "名前"),
    ],
)  # fmt: skip
def test_handle_spellings_normalize_to_one(handle: str | None, normal: str | None) -> None:
    rows = pl.DataFrame({"handle": ["plain", handle, None]}, schema={"handle": pl.String})
    assert standardised(rows)["handle"].to_list() == ["plain", normal, None]


@given(st.lists(st.none() | st.text(min_size=1, max_size=10), max_size=10))
def test_normal_handle_is_unchanged(handles: list[str | None]) -> None:
    rows = pl.DataFrame({"handle": handles}, schema={"handle": pl.String})
    once = standardised(rows)
    for found in once["handle"].drop_nulls():
        assert unicodedata.is_normalized("NFKC", found.lower()) or not found.isprintable()
        assert found


def test_import_keeps_the_original_handle_with_the_normalized_one(tmp_path: Path) -> None:
    given_ = [
        "@Anna",
        "https://www.instagram.com/Ben/?hl=de",
        "\nCleo",
        "ＤＯＲＡ",
        "emil",
        "https://www.youtube.com/@%C3%89mile",
    ]
    rows = [(handle, 10, "Deutschland", "German (Germany)", "Atlantis") for handle in given_]
    exports = Exports(tmp_path).source("only", "a.csv", platform="instagram")
    exports.write("a.csv", csv_bytes([("handle", "followers", "country", "language", "city"), *rows]))
    imported = exports.run()
    assert imported.accounts("handle", "handle_original") == [
        ("anna", "@Anna"), ("ben", "https://www.instagram.com/Ben/?hl=de"), ("cleo", "Cleo"), ("dora", "ＤＯＲＡ"),
        ("emil", "emil"), ("émile", "https://www.youtube.com/@%C3%89mile"),
    ]  # fmt: skip
    assert {row["country"] for row in imported.profiles} == {"DE"}
    assert {row["language"] for row in imported.profiles} == {"de-DE"}
    assert {row["city"] for row in imported.profiles} == {"Atlantis"}


def test_unrecognized_value_is_kept(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("only", "a.csv", platform="instagram")
    exports.write("a.csv", csv_bytes([("handle", "followers", "country", "language"), ("a", 1, "Kongo", "Elvish")]))
    assert exports.run().accounts("country", "language") == [("Kongo", "Elvish")]


def test_posts_join_their_account_by_normalized_handle(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("only", "a.csv", posts_url="p.csv", platform="instagram")
    exports.write("a.csv", csv_bytes([("profile_id", "handle", "followers"), ("7", "ａｎｎａ", 10)]))
    exports.write("p.csv", csv_bytes([("handle", "post_id", "posted_at"), ("Anna", "1", "2026-10-20")]))
    (post,) = exports.run().posts
    assert (post["profile_id"], post["handle"]) == ("7", "anna")
