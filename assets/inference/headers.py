"""Parsing of column headers, in any language and spelling.

Belongs here: splitting a header into words, and matching them with `schemas/synonyms.csv`. Does not: the column's
content (`cells`), or its meaning (`header_semantics`).
"""

import csv
import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from schemas.column import PLATFORMS
from schemas.reference_data import csv_path

_MAX_WORDS = 4
# Concepts of keys that are ambiguous without the keys above them.
_GENERAL = frozenset({"count", "id", "url", "name", "total", "caption", "rate", "average"})
_OF_OBJECTS = frozenset(
    {
        "followers",
        "following",
        "likes",
        "comments",
        "shares",
        "saves",
        "views",
        "engagement",
        "posts",
        "actor",
        "handle",
        "image",
        "paging",
        "average",
    }
)
# No column name is longer, and parsing takes time quadratic in the length.
_LONGEST = 300
_SHORTEST_PART = 2
# Concepts whose words also match with one wrong letter.
_MISSPELT = frozenset({"followers", "comments", "engagement", "average", "handle"})
_SHORTEST_MISSPELT = 7
_NEAR = 0.91
_SCALES = {"million": 1e6, "thousand": 1e3, "billion": 1e9, "ten thousand": 1e4, "lakh": 1e5, "crore": 1e7}
_SCALE_LETTERS = {"k": 1e3, "m": 1e6, "mm": 1e6, "mn": 1e6, "b": 1e9, "bn": 1e9, "w": 1e4}
# Fullwidth and lenticular brackets.
_BRACKETS = str.maketrans("\uff08\uff09\uff3b\uff3d\u3010\u3011", "()[]()")
# Compounds that are also written as two words.
_WHOLE_NAMES = re.compile(r"(you|tik|linked|insta)[\s_]?(tube|tok|in(?=\b|[A-Z_])|gram)", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """A parsed header.

    Attributes:
        concepts: The concepts of its words, by `schemas/synonyms.csv`.
        platforms: Platforms that it names.
        unknown: Words that stand for nothing known.
        scale: The factor of its figures ("in millions"), or 1.
        is_percent: Whether its figures are percent.
        of_actor: Whether it stands within an object that describes the account: `author.fans`.
        languages: Languages that have its words.
    """

    concepts: frozenset[str]
    platforms: frozenset[str]
    unknown: tuple[str, ...]
    scale: float
    is_percent: bool
    of_actor: bool = False
    languages: frozenset[str] = frozenset()

    def says(self, *concepts: str) -> bool:
        """Returns whether it names all of these concepts."""
        return self.concepts.issuperset(concepts)

    def says_any(self, *concepts: str) -> bool:
        """Returns whether it names one of these concepts."""
        return not self.concepts.isdisjoint(concepts)


@cache
def understand(header: str) -> Header:
    """Parses a header, or any name of a file or sheet. In a path of a JSON document, the last key has priority."""
    # Merges of R add .x and .y to columns that both tables have.
    header = re.sub(r"^([A-Za-z][\w ]+)\.[xy]$", r"\1", header[:_LONGEST])
    *outer, last = header.split(".") if re.fullmatch(r"[\w\-]+(\.[\w\-]+)+", header) else [header]
    found = _understood(last)
    above = [_understood(key) for key in outer]
    # "count" under "edge_followed_by", "url" under "thumbnails", "youtube" under "followers", "value" under "likes".
    if found.concepts <= _GENERAL and (found.concepts or not found.unknown):
        found = replace(found, concepts=found.concepts.union(*(key.concepts & _OF_OBJECTS for key in above)))
    return replace(
        found,
        platforms=found.platforms.union(*(key.platforms for key in above)),
        of_actor=any("actor" in key.concepts for key in above),
    )


def _understood(header: str) -> Header:
    outside, inside = _parted(header)
    concepts: set[str] = set()
    unknown: list[str] = []
    languages: frozenset[str] = frozenset()
    scale = 1.0
    for words, is_aside in ((_words(outside), False), (_words(inside), True)):
        for word, found in _matched(words):
            if not is_aside:
                languages |= _languages().get(word, frozenset())
            if is_aside and word in _SCALE_LETTERS:
                scale = _SCALE_LETTERS[word]
            elif found:
                concepts |= found
            elif not word.isdigit() and word != "#":
                unknown.append(word)
    for concept in concepts & set(_SCALES):
        scale = _SCALES[concept]
    if "#" in header:
        concepts.add("count" if concepts else "rank")
    platforms = concepts & set(PLATFORMS)
    return Header(
        concepts=frozenset(concepts - platforms - set(_SCALES) - {"filler", "percent"}),
        platforms=frozenset(platforms),
        unknown=tuple(unknown),
        scale=scale,
        is_percent="percent" in concepts,
        languages=languages,
    )


def _parted(header: str) -> tuple[str, str]:
    """Splits off the text in brackets."""
    header = header.translate(_BRACKETS)
    inside = " ".join(re.findall(r"[(\[{]([^)\]}]*)[)\]}]", header))
    return re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", header), inside


def _plain(text: str) -> str:
    """Returns lower case, without accents and dots over or under letters."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def _words(text: str) -> list[str]:
    joined = _WHOLE_NAMES.sub(lambda found: f" {found[1]}{found[2]} ".lower(), text)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", joined)
    plain = re.sub(r"([%#ø])", r" \1 ", _plain(spaced))
    plain = re.sub(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)", " ", plain)
    return re.findall(r"[^\W_]+|[%#]", plain.replace("'", " ").replace("’", " "))


def _matched(words: list[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Maps words to concepts, longest known phrases first; unknown words to nothing."""
    vocabulary = _vocabulary()
    place = 0
    while place < len(words):
        for length in range(min(_MAX_WORDS, len(words) - place), 0, -1):
            phrase = tuple(words[place : place + length])
            if phrase in vocabulary:
                yield " ".join(phrase), vocabulary[phrase]
                place += length
                break
        else:
            yield words[place], _glued(words[place]) or _misspelt(words[place])
            place += 1


@cache
def _glued(word: str) -> frozenset[str]:
    """Returns the concepts of known words written as one, "followercount"; nothing if a part is unknown."""
    vocabulary = _vocabulary()
    best: list[frozenset[str] | None] = [frozenset()] + [None] * len(word)
    for end in range(1, len(word) + 1):
        for start in range(end - _SHORTEST_PART + 1):
            found = vocabulary.get((word[start:end],))
            before = best[start]
            # In scripts without spaces, two letters can be a word: 平均 in 平均点赞.
            is_word = end - start > _SHORTEST_PART or not word[start:end].isascii()
            if found and before is not None and is_word:
                best[end] = before | found
                break
    return best[-1] or frozenset()


@cache
def _misspelt(word: str) -> frozenset[str]:
    """Returns the concept of a long word of one figure with one letter wrong, "suscribers"; else nothing."""
    if len(word) < _SHORTEST_MISSPELT:
        return frozenset()
    near = difflib.get_close_matches(word, _often_misspelt(), n=1, cutoff=_NEAR)
    return _often_misspelt()[near[0]] if near and near[0][0] == word[0] else frozenset()


@cache
def _often_misspelt() -> dict[str, frozenset[str]]:
    return {
        words[0]: concepts
        for words, concepts in _vocabulary().items()
        if len(words) == 1 and len(words[0]) >= _SHORTEST_MISSPELT and concepts & _MISSPELT
    }


@cache
def _languages() -> dict[str, frozenset[str]]:
    """Maps normalised terms to their languages."""
    found: dict[str, frozenset[str]] = {}
    for row in _rows():
        for term in row["terms"].split("|"):
            words = " ".join(_words(term))
            found[words] = found.get(words, frozenset()) | {row["language"]}
    return found


@cache
def _rows() -> list[dict[str, str]]:
    with csv_path("synonyms").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _vocabulary() -> dict[tuple[str, ...], frozenset[str]]:
    """Maps the words of a term to all their concepts."""
    found: dict[tuple[str, ...], frozenset[str]] = {}
    for row in _rows():
        for term in row["terms"].split("|"):
            words = tuple(_words(term))
            found[words] = found.get(words, frozenset()) | {row["concept"]}
    return found
