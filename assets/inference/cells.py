"""Statistics of the cells of one column, over all of them and never one by one.

Belongs here: number formats, and detection of handles, addresses, dates, flags. Does not: the meaning of a column
(`header_semantics`).
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import polars as pl

from assets.inference.headers import Header, understand

Mark = Literal[".", ","]

# Cells that mean a null, as `is_blank` of macros.sql reads them.
_BLANK = r"(?i)^(-|--|–|—|n/?a'?|n\.a\.|n/?d|nan|none|null|#(n/a|value!|ref!|div/0!|name\?|num!|null!))?$"
_SPACES = " \t\n\v\f\r\u00a0"
# Text around a number, and units in words, as `bare_of` of macros.sql reads them.
_BEFORE = r"^(?:(?:[~≈$€£¥₹₺'’]|[<>]=?|[≤≥])\s*)+"
_AFTER = (
    r"(?i)(?:\s*(?:\+|[$€£¥₹₺]|(?:de |d['’])?(?:followers?|subscribers?|fans|abonn[ée]s|abonnenten|abonnent|seguidores"
    r"|suscriptores|inscritos|iscritti|takipçi|abone|volgers|obserwujących|подписчик(?:ов|а)?|pengikut|フォロワー|粉丝"
    r"|人|명|likes|comments|views|videos|posts)))+$"
)
_UNITS = (
    (r"(?i)^(.*\d)\s*(?:tsd|thousand|tys|тыс|тис|bin|mila|rb|ribu|nghìn|千|천|ألف|الف|آلاف|हज़ार)\.?$", "K"),
    (
        r"(?i)^(.*\d)\s*(?:mio|mln|mn|mi|mill|million|millions|millionen|millones|milhões|milioni|jt|juta|triệu|млн|مليون|ملايين)\.?$",
        "M",
    ),
    (r"(?i)^(.*\d)\s*(?:mrd|bn|billion|billions|milliarden|млрд)\.?$", "B"),
    (r"(?i)^(.*\d)\s*(?:万|萬|만|w)$", "e4"),
    (r"(?i)^(.*\d)\s*(?:lakhs?|lacs?|लाख)\.?$", "e5"),
    (r"(?i)^(.*\d)\s*(?:crores?|cr|करोड़)\.?$", "e7"),
    (r"^(.*\d)\s*(?:亿|億|억)$", "e8"),
)
# A thousand in Spanish and Portuguese, and a million in informal English.
_MIL = r"(?i)(\d)\s*mil\b\.?"
_DIGITS = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९０１２３４５６７８９٫٬"
_SUFFIX = r"\s*[kKmMbB]?"
_NUMBER = rf"^[+-]?(?:\d[\d.,' \u00a0\u2009\u202f’]*|[.,]\d+)(?:[eE][+-]?\d{{1,2}})?{_SUFFIX}\s*%?$"
_MOSTLY = 0.9
_MOST_PLATFORMS = 40
_GRADES = (
    r"(?i)^(very )?(high|low|medium|mid|average|good|excellent|poor|small|large|big|top|nano|micro|macro|mega|celebrity"
    r"|tier ?\d|[a-d][+-]?|hoch|mittel|niedrig|élevé|moyen|faible|alto|medio|bajo)([ -](tier|influencer))?$"
)
_NO_HANDLES = (
    *("p", "reel", "reels", "tv", "stories", "explore", "intent", "search", "i", "hashtag", "share", "watch"),
    "channel",
)
_ADDRESS_HANDLE = r"(?i)(?:tiktok\.com/@|youtube\.com/@|instagram\.com/|(?:twitter|x)\.com/)([\w.\-]+)"
# As people write them: "Total", "TOTAL (3 creators)", "Summe: 12", "Total influencers".
_TOTALS = (
    r"^(subtotal .*|zwischensumme.*|sous-total.*"
    r"|(grand |sub)?(totals?|sums?|averages?|mean|median|summe|gesamt|gesamtsumme|insgesamt|durchschnitt|mittelwert"
    r"|somme|moyenne|promedio|média|toplam|ortalama|totale|total général|total general|итого|合计|合計|総計))"
    r"\s*:?\s*([(:].*|(of |de )?(all )?(accounts|creators|influencers|profiles|channels|rows|influenceurs|creadores))?"
    r"\s*:?\s*\d*$"
)


@dataclass(frozen=True)
class Marks:
    """Number format of a column.

    Attributes:
        decimal: The decimal mark that the cells prove, or None where none does.
        thousands: The thousands mark that they prove, or "".
        open: The mark that stands before three digits in every cell, so that it could be either; "" where none does.
        lakhs: Whether thousands are grouped the Indian way, 12,34,567.
        conflict: Whether cells prove contrary things.
    """

    decimal: Mark | None
    thousands: str
    open: str
    lakhs: bool
    conflict: bool


def share_of(flags: pl.Series) -> float:
    """Returns the share of true among non-nulls; 0 if there are none."""
    share = flags.mean()
    return share if isinstance(share, float) else 0.0


class Column:
    """One column of an export: its header and its cells as text."""

    def __init__(self, name: str, cells: pl.Series) -> None:
        """Takes a column as the reader names it, with its cells in the order of the records."""
        self.name = name
        self.rows = len(cells)
        trimmed = cells.cast(pl.String).str.strip_chars(_SPACES)
        self._all = trimmed
        self.cells = trimmed.filter(trimmed.is_not_null() & ~trimmed.str.contains(_BLANK))
        self.header: Header = understand(name)

    @cached_property
    def filled(self) -> float:
        """Returns the share of cells that are not blank."""
        return len(self.cells) / self.rows if self.rows else 0.0

    @cached_property
    def distinct(self) -> float:
        """Returns the share of filled cells that are distinct."""
        return self.cells.n_unique() / len(self.cells) if len(self.cells) else 0.0

    def share(self, pattern: str) -> float:
        """Returns the share of filled cells that match."""
        return share_of(self.cells.str.contains(pattern))

    @cached_property
    def sample(self) -> str:
        """Returns the first filled cells."""
        return " · ".join(cell if len(cell) <= 24 else f"{cell[:23]}…" for cell in self.cells.head(3))

    @cached_property
    def is_number(self) -> bool:
        """Returns whether the cells are numbers, possibly with words and signs around them."""
        return self.numeric_share >= _MOSTLY

    @cached_property
    def numeric_share(self) -> float:
        """Returns the share of filled cells that are numbers."""
        return share_of(self._bare.str.contains(_NUMBER))

    @cached_property
    def is_wrapped(self) -> bool:
        """Returns whether text that the macros do not read surrounds the numbers: "$ 12", "10K+", "3 followers"."""
        return self.is_number and not self._bare.equals(self.cells)

    @cached_property
    def says_mil(self) -> bool:
        """Returns whether "mil" follows digits."""
        return self.share(_MIL) > 0

    @cached_property
    def has_percent_sign(self) -> float:
        """Returns the share of cells with a percent sign."""
        return self.share(r"%\s*$")

    @cached_property
    def has_suffix(self) -> float:
        """Returns the share of cells with K, M or B after the digits."""
        return share_of(self._bare.str.contains(r"\d(\s*[kKmMbB]|e[4578])$"))

    @cached_property
    def _bare(self) -> pl.Series:
        cells = self.cells.str.replace_many(list(_DIGITS), list("0123456789" * 4 + ".,"))
        cells = cells.str.replace(_MIL, "${1}K").str.replace(_BEFORE, "").str.replace(_AFTER, "")
        for pattern, letter in _UNITS:
            cells = cells.str.replace(pattern, f"${{1}}{letter}")
        return cells

    @cached_property
    def marks(self) -> Marks:
        """Returns the number format."""
        digits = self._bare.str.replace(r"[\s]*%$", "").str.replace(r"(?i)e[+-]?\d{1,2}$", "")
        digits = digits.str.replace_all("[ \u00a0\u2009\u202f]", " ").str.replace_all("’", "'")
        thousands: set[str] = set()
        decimals: set[str] = set()
        could_be: set[str] = set()
        ungrouped = bool(digits.str.contains(r"^[+-]?\d{4,}$").any())
        for mark, other in ((".", ","), (",", ".")):
            escaped = f"[{mark}]"
            grouped = rf"[1-9]\d{{0,2}}(?:{escaped}\d{{3}})"
            tests = {
                "decimal": rf"^[+-]?(?:0*{escaped}\d+|\d*{escaped}(?:\d{{1,2}}|\d{{4,}})|\d{{4,}}{escaped}\d{{3}})"
                rf"{_SUFFIX}$|{escaped}\d+\s*[mMbB]$|[{other}' ]\d{{3}}{escaped}\d+{_SUFFIX}$",
                "thousands": rf"^[+-]?{grouped}{{2,}}{_SUFFIX}$|^[+-]?{grouped}+[{other}]\d+{_SUFFIX}$",
                "open": rf"^[+-]?{grouped}\s*[kK]?$",
            }
            found = {kind: bool(digits.str.contains(pattern).any()) for kind, pattern in tests.items()}
            if found["decimal"]:
                decimals.add(mark)
            if found["thousands"]:
                thousands.add(mark)
            if found["open"]:
                could_be.add(mark)
        for mark in " '":
            if digits.str.contains(rf"^[+-]?[1-9]\d{{0,2}}(?:{mark}\d{{3}})+(?:[.,]\d+)?$").any():
                thousands.add(mark)
        lakhs = bool(digits.str.contains(r"^[+-]?\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?$").any())
        if lakhs:
            thousands.add(",")
            decimals.discard(",")
            could_be.discard(",")
        decimal = next(iter(decimals)) if len(decimals) == 1 else None
        for mark in could_be & {".", ","}:
            if decimal and decimal != mark:
                thousands.add(mark)
        left = {mark for mark in could_be if mark not in thousands and mark != decimal}
        conflict = len(decimals) > 1 or len(thousands) > 1 or bool(decimals & thousands) or len(left) > 1
        # "15000" beside "3.375": thousands separators are used in all cells or in none.
        if could_be & thousands and ungrouped and not decimals:
            conflict = True
        return Marks(
            decimal=decimal if decimal in (".", ",") else None,  # type: ignore[arg-type]
            thousands=next(iter(thousands), ""),
            open="" if conflict else next(iter(left), ""),
            lakhs=lakhs,
            conflict=conflict,
        )

    @cached_property
    def precision(self) -> pl.Series:
        """Returns the value of one step of the last shown digit, per record: 100,000 of "1.2M", 1,000 of "3K"."""
        text = self._all.str.replace(r"\s*%$", "")
        decimals = text.str.extract(r"[.,](\d{1,2}|\d{4,})\s*[kKmMbB]?$").str.len_chars().fill_null(0)
        unit = text.str.extract(r"\d\s*([kKmMbB])$").str.to_lowercase()
        factor = unit.replace_strict({"k": 1e3, "m": 1e6, "b": 1e9}, default=1.0, return_dtype=pl.Float64)
        return pl.select(factor * pl.lit(10.0).pow(-decimals.cast(pl.Float64))).to_series()

    @cached_property
    def has_long_ungrouped(self) -> bool:
        """Returns whether whole numbers over 999 have no thousands separator."""
        return bool(self._bare.str.contains(r"^[+-]?\d{4,}$").any())

    @cached_property
    def looks_like_handles(self) -> float:
        """Returns the share of cells that could be handles."""
        return self.share(r"^@?[A-Za-z0-9._\-]{1,60}$")

    @cached_property
    def has_letters(self) -> float:
        """Returns the share of cells with a letter."""
        return self.share(r"\p{L}")

    @cached_property
    def is_channel_id(self) -> bool:
        """Returns whether the cells are YouTube channel ids."""
        return self.share(r"^UC[\w\-]{22}$") >= _MOSTLY

    @cached_property
    def is_at_handle(self) -> bool:
        """Returns whether the cells begin with "@"."""
        return self.share(r"^@\S+$") >= _MOSTLY

    @cached_property
    def is_address(self) -> bool:
        """Returns whether the cells are web addresses."""
        return (
            self.share(
                r"(?i)^(https?://|www\.)\S+$|^(?:[a-z]+\.)*(instagram|tiktok|youtube|twitter|x|facebook|twitch)\.(com|tv)/\S+$"
            )
            >= _MOSTLY
        )

    @cached_property
    def is_email(self) -> bool:
        """Returns whether the cells are e-mail addresses."""
        return self.share(r"^[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}$") >= _MOSTLY

    @cached_property
    def is_graded(self) -> bool:
        """Returns whether the cells are grades of size or quality: high, medium, low, nano, micro."""
        return len(self.cells) > 0 and self.share(_GRADES) >= _MOSTLY

    @cached_property
    def is_flag(self) -> bool:
        """Returns whether the cells are yes or no, in words that `flag_of` reads."""
        return len(self.cells) > 0 and self.share(r"(?i)^(true|false|t|f|yes|no|y|n|1|0)$") == 1.0

    @cached_property
    def is_index(self) -> bool:
        """Returns whether the cells count the records: 0, 1, 2, … or 1, 2, 3, …."""
        if self.filled < 1 or self.rows < 2 or not self.cells.str.contains(r"^\d{1,9}(\.0)?$").all():
            return False
        numbers = self.cells.str.replace(r"\.0$", "").cast(pl.Int64)
        return bool((numbers.diff().drop_nulls() == 1).all()) and numbers[0] in (0, 1)

    @cached_property
    def is_serial(self) -> bool:
        """Returns whether the cells count the records, possibly with gaps: 1, 2, 3, 8, 9, …."""
        if len(self.cells) < 3 or not self.cells.str.contains(r"^\d{1,9}(\.0)?$").all():
            return False
        numbers = self.cells.str.replace(r"\.0$", "").cast(pl.Int64)
        return bool((numbers.diff().drop_nulls() >= 0).all()) and int(numbers[-1]) <= 10 * self.rows

    @cached_property
    def platforms_named(self) -> dict[str, str]:
        """Maps cells to platforms if the cells are names of platforms; else empty."""
        cells = self.cells.unique().sort()
        if not 0 < len(cells) <= _MOST_PLATFORMS:
            return {}
        found = {}
        for cell in cells:
            told = understand(cell)
            is_plain = not told.unknown and told.concepts <= {"actor", "posts", "platform"}
            if len(told.platforms) == 1 and is_plain:
                found[cell] = next(iter(told.platforms))
            elif re.fullmatch(r"(?i)x( \(twitter\)|/twitter)?|twitter ?[(/] ?x\)?", cell):
                found[cell] = "x"
        # Under "platform" one known name is enough, and the others are platforms outside the contract.
        return found if len(found) > len(cells) / 2 or self.header.says("platform") else {}

    @cached_property
    def are_names(self) -> bool:
        """Returns whether the cells are few words that many records share, like names of platforms."""
        return 0 < self.cells.n_unique() <= _MOST_PLATFORMS and self.has_letters == 1.0 and not self.is_address

    @cached_property
    def platforms_mixed(self) -> dict[str, str]:
        """Maps platforms to address patterns if most cells are addresses of accounts, but on several platforms."""
        shares = {platform: self.share(_address(pattern)) for platform, pattern in _ADDRESSES.items()}
        found = {platform: _address(_ADDRESSES[platform]) for platform, share in shares.items() if share > 0}
        return found if len(found) > 1 and sum(shares.values()) >= _MOSTLY else {}

    @cached_property
    def platforms_linked(self) -> set[str]:
        """Returns the platforms that the addresses in the cells belong to."""
        return {platform for platform, pattern in _ADDRESSES.items() if self.share(_address(pattern)) >= 0.5}

    @cached_property
    def platforms_pictured(self) -> set[str]:
        """Returns the platforms whose servers host the pictures at the addresses in the cells."""
        if not self.is_address:
            return set()
        return {platform for platform, pattern in _PICTURES.items() if self.share(rf"(?i)^https?://{pattern}") >= 0.5}

    @property
    def all_cells(self) -> pl.Series:
        """Returns the cells of all records, trimmed."""
        return self._all

    @cached_property
    def handles_in_addresses(self) -> pl.Series | None:
        """Returns the handle of each address in lower case; None if the cells are not addresses with handles."""
        found = self._all.str.extract(_ADDRESS_HANDLE, 1).str.to_lowercase().replace(list(_NO_HANDLES), None)
        return found if share_of(found.is_not_null()) >= 0.5 else None

    @cached_property
    def totals(self) -> list[str]:
        """Finds cells that label totals, such as people write above, between and below the rows of a table."""
        found = self._all.drop_nulls().str.to_lowercase()
        return sorted(set(found.filter(found.str.contains(_TOTALS))))


def _address(pattern: str) -> str:
    return rf"(?i)^(?:https?://)?(?:www\.|m\.|vm\.|[a-z]{{2}}\.)?{pattern}"


_PICTURES = {
    "instagram": r"[\w.\-]*cdninstagram\.com/|[\w.\-]*fbcdn\.net/v/t51\.",
    "tiktok": r"[\w.\-]*(tiktokcdn|tiktokcdn-\w+|tiktok)\.com/",
    "youtube": r"(yt3\.ggpht|yt3\.googleusercontent|i\.ytimg)\.com/",
    "x": r"pbs\.twimg\.com/",
}
_ADDRESSES = {
    "instagram": r"instagram\.com/",
    "tiktok": r"tiktok\.com/",
    "youtube": r"(?:youtube\.com|youtu\.be)/",
    "x": r"(?:twitter|x)\.com/",
    "facebook": r"(?:www\.|m\.)?(?:facebook|fb)\.com/",
    "twitch": r"twitch\.tv/",
    "linkedin": r"linkedin\.com/",
    "pinterest": r"pinterest\.[a-z.]+/",
    "snapchat": r"snapchat\.com/",
    "threads": r"threads\.net/",
}
