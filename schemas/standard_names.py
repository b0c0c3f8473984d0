"""Names of countries and languages to codes of ISO 3166 and BCP 47.

Belongs here: resolving one name. An unknown or ambiguous name has no code.
Names in other languages come from Unicode's CLDR through Babel, further names from `country_names.csv`.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global

from schemas.reference_data import csv_path

# Languages of most exports; each adds its names of all countries and languages. English has precedence.
_LOCALES = re.findall(
    r"\w+",
    "ar bg bn ca cs da de el es et fa fi fil fr he hi hr hu id it ja ko lt lv ms nb nl pl pt pt_PT ro ru sk sl sr sv "
    "th tr uk ur vi zh zh_Hant",
)
# Codes of CLDR that are not countries in ISO 3166-1. Kosovo's XK is in wide use, and stays.
_NO_COUNTRIES = frozenset(re.findall(r"\w+", "AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ"))
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
_QUALIFIED = re.compile(r"(.+?)\s*(?:\((.+)\)|[-–,]\s+(.+))")


@lru_cache(maxsize=1 << 16)
def country_code(name: str) -> str | None:
    """Returns the ISO 3166-1 alpha-2 code of a country.

    Args:
        name: A code of two or three letters, a flag, or a name in one of many languages.

    Returns:
        The code, or None where the name is unknown or ambiguous.
    """
    flag = _FLAG.fullmatch(name.strip())
    text = "".join(chr(ord(letter) - 0x1F1E6 + ord("A")) for letter in flag[0]) if flag else name.strip()
    code = text.upper().replace(".", "")
    if code in _countries():
        return code
    aliases = get_global("territory_aliases").get(code, ())
    if len(aliases) == 1 and aliases[0] in _countries():
        return str(aliases[0])
    return _english_countries().get(_key(text)) or _foreign_countries().get(_key(text))


@lru_cache(maxsize=1 << 16)
def language_code(name: str) -> str | None:
    """Returns the BCP 47 tag of a language.

    Args:
        name: A tag or code (`pt-BR`, `fr_FR`, `ger`) or a name in one of many languages, optionally followed by a
            country or script.

    Returns:
        The tag, or None where the name is unknown or ambiguous.
    """
    text = name.strip()
    if tag := _TAG.fullmatch(text):
        language, script, region = tag.groups()
        known = _language(language)
        country = country_code(region) if region and not region.isdecimal() else region
        if known and (country or not region):
            return "-".join(part for part in (known, script and script.title(), country) if part)
    if found := _language_of(text):
        return found
    if qualified := _QUALIFIED.fullmatch(text):
        base, qualifier = _language_of(qualified[1]), qualified[2] or qualified[3]
        detail = country_code(qualifier) or _english_scripts().get(_key(qualifier))
        return f"{base}-{detail}" if base and detail and "-" not in base else None
    return None


def _key(name: str) -> str:
    """Normalises a name: no case, accents, punctuation or article."""
    letters = (letter for letter in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", "".join(letters)).strip().removeprefix("the ")


@cache
def _countries() -> frozenset[str]:
    return (
        frozenset(str(code) for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code))) - _NO_COUNTRIES
    )


def _language(code: str) -> str | None:
    """Returns the shortest code of a language, or None."""
    aliases: Mapping[str, str] = get_global("language_aliases")
    short = aliases.get(code.lower(), code.lower())
    return short if short in Locale("en").languages else None


def _language_of(name: str) -> str | None:
    found = _english_languages().get(_key(name)) or _foreign_languages().get(_key(name))
    return found and (_language(found) or found)


@cache
def _english_countries() -> Mapping[str, str]:
    with csv_path("country_names").open(encoding="utf-8", newline="") as file:
        extra = {_key(row["name"]): row["code"] for row in csv.DictReader(file)}
    return _names(["en"], _territories) | extra


@cache
def _foreign_countries() -> Mapping[str, str]:
    return _names(_LOCALES, _territories)


@cache
def _english_languages() -> Mapping[str, str]:
    return _names(["en"], _languages)


@cache
def _foreign_languages() -> Mapping[str, str]:
    return _names(_LOCALES, _languages)


@cache
def _english_scripts() -> Mapping[str, str]:
    return _names(["en"], lambda locale: dict(locale.scripts))


def _territories(locale: Locale) -> dict[str, str]:
    return {code: name for code, name in locale.territories.items() if code in _countries()}


def _languages(locale: Locale) -> dict[str, str]:
    return {code.replace("_", "-"): name for code, name in locale.languages.items()}


def _names(locales: Sequence[str], named: Callable[[Locale], Mapping[str, str]]) -> dict[str, str]:
    """Maps normalised names to codes, without ambiguous names."""
    codes: dict[str, set[str]] = {}
    for locale in locales:
        for code, name in named(Locale.parse(locale)).items():
            codes.setdefault(_key(name), set()).add(code)
    return {key: min(found) for key, found in codes.items() if len(found) == 1 and key}
