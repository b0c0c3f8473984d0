"""Candidate meaning of each column, from its header first and from its cells if the header is ambiguous.

Belongs here: one column at a time. Does not: choosing between columns, or between readings that depend on other columns
(`figures`, `identity`).
"""

import re
from dataclasses import dataclass

from assets.inference.cells import Column

# Quantities of posts, in the order in which a header with several of them is read.
QUANTITIES = ("likes", "comments", "shares", "saves", "views", "reach", "engagement")

# Words that turn a quantity into one without a canonical column.
_OTHER = {
    "change": "a change, not a level",
    "extreme": "an extreme or an estimate",
    "quality": "a part of it, or of the audience",
    "paid": "of advertising",
    "score": "a score",
    "rank": "a rank",
    "price": "a price",
}
_MOSTLY_SIGNED = 0.5
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")
_POST_ADDRESS = r"(?i)/(p|reel|reels|video|videos|status|shorts|posts|tv|pin)/|watch\?v=|youtu\.be/|/photo"
# Attributes with one meaning in any table, with their concept; the first match counts.
_TEXTS = (
    ("hashtags", "hashtags"),
    ("mentions", "mentions"),
    ("caption", "caption"),
    ("biography", "biography"),
    ("country", "country"),
    ("city", "city"),
    ("language", "language"),
    ("sex", "sex"),
    ("tone", "tone"),
    ("currency", "currency"),
    ("sector", "sector"),
)
_FLAGS = (
    ("verified", "is_verified"),
    ("private", "is_private"),
    ("business", "is_business"),
    ("pinned", "is_pinned"),
    ("sponsorship", "is_sponsored"),
)


@dataclass(frozen=True)
class Meaning:
    """Candidate meaning of a column.

    Attributes:
        name: A canonical column; `average likes`, `total likes` or `plain likes` and so on for quantities of posts;
            `ratio`; `handle`, `name`, `title`, `actor`, `id`, `profile address`, `post address`, `shortcode`, `date`,
            `posted`, `created`, `platform`; or "" where nothing is made of it.
        note: Why it is ignored, or a remark on the reading.
        second: Whether another column of the same meaning has priority, such as one over newest posts only.
    """

    name: str
    note: str = ""
    second: bool = False


def meaning_of(column: Column) -> Meaning:
    """Returns the candidate meaning of one column on its own."""
    header = column.header
    if not len(column.cells):
        return Meaning("", "empty")
    if re.match(r"_(fivetran_id|airbyte|sdc|dlt)", column.name):
        return Meaning("", "of the connector")
    if re.fullmatch(r"column_\d+", column.name):
        return _without_header(column)
    quantity = _quantity(column)
    if quantity:
        return quantity
    if header.says_any("image", "phone", "birth", "tier", "paging") and not header.says_any("handle"):
        return Meaning("", "not needed")
    if header.says_any("rank") and column.is_number:
        return Meaning("", "a rank")
    return _attribute(column)


def _without_header(column: Column) -> Meaning:
    if column.is_index:
        return Meaning("", "numbers the records")
    if column.is_address:
        return Meaning("profile address")
    if column.looks_like_handles >= 0.97 and column.has_letters >= 0.97 and not column.is_flag:
        return Meaning("actor", "has no header")
    return Meaning("", "has no header")


def _quantity(column: Column) -> Meaning | None:
    """Returns the meaning of a column of figures; None if its header names no quantity."""
    header = column.header
    named = [quantity for quantity in QUANTITIES if header.says(quantity)]
    is_percent = header.is_percent or column.has_percent_sign > _MOSTLY_SIGNED
    is_ratio = header.says("engagement rate") or (header.says("engagement") and (header.says("rate") or is_percent))
    if not (named or is_ratio or header.says_any("followers", "following", "posts", "likes given")):
        return None
    if header.says("posts", "id") and not named:
        return None
    if header.says("id") and named:
        return Meaning("", "an id")
    if not column.is_number:
        return None if column.numeric_share < 0.5 else Meaning("", "its cells are not all numbers")
    other = next((note for concept, note in _OTHER.items() if header.says(concept)), "")
    # "Followers as of October 2026" are the followers; those of 2023 are not.
    year = None if header.says("captured") else _YEAR.search(column.name)
    if is_ratio:
        if header.says_any("views", "reach"):
            return Meaning("", "a ratio over views or reach, not over followers")
        parts = [quantity for quantity in named if quantity not in ("engagement", "views", "reach")]
        if len(parts) == 1 and header.says_any("engagement", "engagement rate"):
            return Meaning("", f"a rate of {parts[0]} alone")
        return Meaning("", other) if other else Meaning("ratio", second=header.says("recent"))
    if other or year:
        return Meaning("", other or f"of the year {year[0] if year else ''}")
    if is_percent:
        return Meaning("", "percent, and no number of them")
    if column.share(r"[$€£¥₹₺]") > _MOSTLY_SIGNED:
        return Meaning("", "an amount of money")
    if header.says("followers") and named:
        # "Likes per 1,000 followers"; of engagement it is the ratio.
        return Meaning("ratio") if "engagement" in named else Meaning("", "for each follower")
    if header.says("followers"):
        # "Nombre" is a name in Spanish and a number in French.
        is_about = header.says_any("id", "handle", "url") or (header.says("name") and not header.says("count"))
        if is_about or header.says_any("rate", "average", "median", "recent", "created"):
            return Meaning("", "not how many followers there are")
        return Meaning("followers", second=header.says_any("sample", "page likes"))
    if header.says("following") and not named:
        return Meaning("following")
    if header.says("likes given") and not named:
        return Meaning("plain likes given")
    if len(named) > 1 and set(named) - {"likes", "comments"}:
        named = [quantity for quantity in named if quantity not in ("likes", "engagement")] or named
    if named:
        return _of_posts("engagement" if len(named) > 1 else named[0], column)
    if header.says("sample"):
        return Meaning("averaged_posts")
    if header.says_any("rate", "average", "recent", "posted", "id", "date"):
        return Meaning("", "how often it posts")
    # For example a price is named by "post" as well.
    largest = column.cells.str.len_chars().quantile(0.5) or 0
    if column.is_flag:
        return Meaning("", "yes or no")
    return Meaning("", "too large for numbers of posts") if largest > 6 else Meaning("posts_count")


def _of_posts(quantity: str, column: Column) -> Meaning:
    header = column.header
    if header.says("rate") and not header.says("average"):
        return Meaning("", f"a rate of {quantity}")
    if header.says_any("average", "median"):
        if header.says("rate") and quantity == "engagement":
            return Meaning("ratio", second=header.says("recent"))
        note = "a median, taken for the average" if header.says("median") else ""
        return Meaning(f"average {quantity}", note, second=header.says_any("recent", "median"))
    if header.says("total"):
        return Meaning(f"total {quantity}")
    if header.says("recent"):
        return Meaning("", f"{quantity} of the latest time only")
    return Meaning(f"plain {quantity}")


def _attribute(column: Column) -> Meaning:
    header = column.header
    if column.is_email:
        return Meaning("contact_email") if header.says("email") else Meaning("", "not needed")
    is_record_date = header.says("date") and not header.says_any("posts", "posted", "created") and not header.unknown
    if header.says_any("extreme", "quality", "score", "change") or (header.says("recent") and not is_record_date):
        return Meaning("", "of a part only, or of the audience")
    is_platform = header.says_any("platform", "source") or (header.concepts <= {"actor"} and not header.unknown)
    if column.platforms_named and is_platform:
        return Meaning("platform")
    if column.is_channel_id:
        return Meaning("id")
    if column.is_address or header.says("url"):
        if column.share(_POST_ADDRESS) > 0.5:
            return Meaning("post address")
        if header.says("website"):
            return Meaning("external_url")
        is_own = column.platforms_linked or header.says_any("actor", "url", "handle")
        if column.is_address and is_own and not header.says_any("posts", "image"):
            return Meaning("profile address")
        return Meaning("actor") if header.says("actor") else Meaning("", "not needed")
    if header.says("handle"):
        return Meaning("handle")
    if header.says("email"):
        return Meaning("", "not e-mail addresses")
    for concept, canonical in _FLAGS:
        if header.says(concept):
            return Meaning(canonical) if column.is_flag else Meaning("", "its cells are not all yes or no")
    if header.says("shortcode"):
        return Meaning("shortcode")
    if header.says("website"):
        return Meaning("external_url")
    if header.says("posted"):
        return Meaning("posted")
    if header.says("created"):
        return Meaning("created")
    if header.says("date"):
        return Meaning("date")
    if header.says("id") and not header.says_any(
        "sector", "paid", "language", "country", "mentions", "comments", "image"
    ):
        return Meaning("post id" if header.says("posts") else "id")
    for concept, canonical in _TEXTS:
        if header.says(concept) and header.says("paid"):
            return Meaning("", "of advertising")
        if header.says(concept):
            is_of_figures = header.says_any(*QUANTITIES, "followers", "engagement rate")
            if concept == "sector" and (is_of_figures or column.is_graded):
                return Meaning("", "classes of size or engagement, no topics")
            is_text = not column.is_number and not column.is_flag
            return Meaning(canonical) if is_text else Meaning("", "no words")
    if header.says("age"):
        return Meaning("age") if column.is_number else Meaning("age_band")
    if header.says("price"):
        return Meaning("", "a price without a currency")
    if header.says("kind"):
        return Meaning("kind")
    if header.says("name"):
        return Meaning("name")
    if header.says("title"):
        return Meaning("title")
    if header.says_any("actor") or (header.platforms and not header.unknown and not header.concepts):
        return Meaning("actor") if not column.is_flag else Meaning("", "yes or no")
    return Meaning("", "not needed" if header.concepts else "unknown header")
