"""Write the sample exports: three invented sources, one full snapshot per source and date.

Belongs here: the invented accounts, how their numbers move from day to day, the shapes of the three vendors,
and the dirt planted in each file. Does not belong here: anything that the pipeline needs in order to run. It
only ever sees the files.

    python samples/generate.py --to DIR --first 2026-10-28 --days 4 --seed 7

Nobody here exists. Handles are made of nouns, every address is on example.com, ids are random. A file depends
on the seed and on its own date only, so four days and thirty days agree byte for byte wherever they overlap.
Each account and each post has a generator of its own (see `rng`), so a change to one leaves the numbers of
all others alone.
"""

import argparse
import csv
import io
import json
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import NormalDist

ORIGIN = date(2026, 10, 28)
"""Where the accounts have the sizes of `TIERS`; drift leads to all other dates, whatever `--first` is."""

FOLLOWERS = NormalDist(mu=8.6, sigma=2.0)
"""Natural log of followers: half of the accounts lie under 5,400."""

TIERS: dict[str, tuple[int, int, float]] = {
    "nano": (150, 1_000, 0.12),
    "micro": (1_000, 10_000, 0.07),
    "mid": (10_000, 100_000, 0.036),
    "macro": (100_000, 1_000_000, 0.023),
    "mega": (1_000_000, 3_000_000, 0.017),
}
"""Followers from, to (exclusive) and the typical (likes + comments) / followers of the tier."""

# A post costs about 300 bytes, and the four committed days have a budget of 1.3 MB. These counts spend it on
# 20 or more accounts in each of the three small tiers, from where on a tier has statistics of its own.
TIER_COUNTS = {
    "agency": {"nano": 79, "micro": 84, "mid": 53, "macro": 3, "mega": 1},
    "scraper": {"nano": 24, "micro": 26, "mid": 22, "macro": 2, "mega": 1},
    "tiktok_team": {"nano": 26, "micro": 28, "mid": 25, "macro": 3, "mega": 1},
}

# Platform of a source, and its ids. The agency counts its own files; the others pass on the platform's ids,
# which are too long for a float.
SOURCES: dict[str, tuple[str, range]] = {
    "agency": ("instagram", range(300, 20_000)),
    "scraper": ("instagram", range(10**16, 10**17)),
    "tiktok_team": ("tiktok", range(67 * 10**17, 77 * 10**17)),
}

# Standard deviations of the natural log of (likes + comments) / followers.
BETWEEN_ACCOUNTS = NormalDist(sigma=0.5)
WITHIN_ACCOUNT = 0.6
VIRAL_SHARE = 0.02
VIRAL_LIFT = 8.0
SPONSORED_LIFT = 0.85
PINNED_LIFT = 3.0
LONGEST_LOOK_BACK = 100.0
"""Days: the oldest post of an export that is not pinned is about this old."""

AGENCY_HEADER = (
    "id",
    "sex",
    "birthdate",
    "Year of birth",
    "Age",
    "user_name",
    "instagram_number_of_posts",
    "instagram_number_of_followers",
    "instagram_average_number_of_comments",
    "instagram_average_number_of_reactions",
    "instagram_average_engagement",
    "instagram_average_engagement_rate",
)

PROFILE_HEADER = (
    "platform",
    "profile_id",
    "handle",
    "display_name",
    "profile_url",
    "biography",
    "followers",
    "following",
    "posts_count",
    "is_verified",
    "sector",
    "country",
    "city",
    "language",
    "sex",
    "age_band",
    "tone",
    "external_url",
    "captured_at",
)

# Per sector: nouns for handles, a biography, and what a scraper calls a business of that kind.
SECTORS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "food": (("basil", "crumb", "ladle", "quince", "radish"), "Plain food, cooked slowly", "Food & Beverage"),
    "fitness": (("stride", "kettle", "plank", "tempo", "sprint"), "Short workouts, no mirror", "Fitness"),
    "books": (("folio", "margin", "vellum", "preface", "inkpot"), "One book a week", "Publisher"),
    "gardening": (
        ("trowel", "compost", "seedling", "clover", "hedge"),
        "A small plot, mostly mud",
        "Gardening",
    ),
    "parenting": (("pram", "puddle", "crayon", "mitten", "bedtime"), "Tired and cheerful", "Parenting"),
    "beauty": (("balm", "petal", "sheen", "tonic", "blush"), "Skin first", "Beauty"),
    "travel": (("ferry", "layover", "satchel", "harbour", "detour"), "By train wherever it goes", "Travel"),
    "gaming": (("pixel", "joypad", "sidequest", "respawn", "arcade"), "Indie games and patience", "Gaming"),
}
HANDLE_ENDINGS = (
    "nook",
    "lane",
    "loft",
    "club",
    "notes",
    "daily",
    "corner",
    "shed",
    "post",
    "attic",
    "mill",
    "yard",
)

# Country, weight, language tags (BCP 47, two where a country speaks two), cities.
COUNTRIES: tuple[tuple[str, int, tuple[str, ...], tuple[str, ...]], ...] = (
    ("FR", 6, ("fr",), ("Lyon", "Nantes")),
    ("DE", 6, ("de",), ("Köln", "Leipzig")),
    ("ES", 4, ("es",), ("Valencia", "Bilbao")),
    ("IT", 4, ("it",), ("Torino", "Bari")),
    ("PL", 3, ("pl",), ("Łódź", "Gdańsk")),
    ("NL", 3, ("nl",), ("Utrecht", "Breda")),
    ("BE", 2, ("nl-BE", "fr-BE"), ("Gent", "Liège")),
    ("AT", 2, ("de-AT",), ("Graz", "Linz")),
    ("PT", 2, ("pt-PT",), ("Porto", "Braga")),
    ("IE", 2, ("en-IE",), ("Cork", "Galway")),
)
TONES = ("warm", "funny", "expert", "polemic")
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55+")

CAPTIONS: dict[str, tuple[str, ...]] = {
    "fr": ("Enfin prêt", "Petit essai", "Ça recommence", "Votre avis ?", "Dimanche lent"),
    "de": ("Endlich fertig", "Kleiner Versuch", "Schon wieder", "Was meint ihr?", "Grüße"),
    "es": ("Por fin", "Otra prueba", "¿Qué opináis?", "Domingo lento", "Mañana más"),
    "it": ("Finalmente", "Una prova", "Che ne dite?", "Così è meglio", "Ancora"),
    "pl": ("Wreszcie", "Mała próba", "Co myślicie?", "Znowu", "Już jutro"),
    "nl": ("Eindelijk klaar", "Klein proefje", "Wat vind jij?", "Alweer", "Morgen meer"),
    "pt": ("Até que enfim", "Mais um teste", "Que acham?", "Amanhã há mais", "De novo"),
    "en": ("At last", "A small trial", "Thoughts?", "Slow Sunday", "Once more 🙂"),
}
# How a paid post says so, where it does: Germans in their own word.
AD_TAGS = ("ad", "sponsored")
GERMAN_AD_TAGS = ("werbung", "ad")

SHORT_CODE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Post:
    """One post, with the counts that it grows towards."""

    number: int | None
    """Place in the account's series of posts: rises with time, 0 about `ORIGIN`, None for a pinned post."""
    post_id: int
    posted_at: datetime
    kind: str
    """image, video or carousel."""
    caption: str
    hashtags: tuple[str, ...]
    mentions: tuple[str, ...]
    is_sponsored: bool
    likes: float
    comments: float
    shares: float
    saves: float
    views: float

    @property
    def is_pinned(self) -> bool:
        """Whether the account keeps this old post on top."""
        return self.number is None

    def maturity(self, moment: datetime) -> float:
        """Share of the final counts that the post has at `moment`: half after 10 hours, 0.94 after two days.

        It never stops growing, but after a week the growth is slight.
        """
        age = (moment - self.posted_at) / timedelta(days=1)
        return (1 - 0.85 * math.exp(-max(age, 0) / 0.8)) * (1 + 0.01 * math.log1p(max(age, 0)))


@dataclass(frozen=True, slots=True)
class Account:
    """One invented account. What changes from day to day is a method that takes the date."""

    key: str
    """Names the generators of this account, with the seed in front."""
    platform: str
    account_id: str
    handle: str
    tier: str
    sector: str
    country: str
    city: str
    language: str
    tone: str
    sex: str
    born: date
    followers_at_origin: float
    daily_growth: float
    following: int
    lifetime_posts: int
    typical: float
    """Median of (likes + comments) / followers over the account's posts."""
    comment_share: float
    """Comments as a share of likes."""
    interval: float
    """Days from one post to the next."""
    posts_shown: int
    sponsored_share: float
    pins: bool
    is_verified: bool
    is_business: bool
    external_url: str | None
    cache: dict[int | None, Post] = field(default_factory=dict, compare=False, repr=False)
    """Posts made so far by number: 30 dates show mostly the same ones."""

    @property
    def name(self) -> str:
        """What stands above the biography."""
        return self.handle.replace("_", " ").replace(".", " ").title()

    @property
    def biography(self) -> str:
        """A line about the sector."""
        return SECTORS[self.sector][1]

    def followers(self, day: date) -> int:
        """Followers on a day: steady growth or loss, and a wave of half a percent for the weeks."""
        days = (day - ORIGIN).days
        wave = 0.005 * math.sin(2 * math.pi * days / 17 + self.comment_share * 1000)
        return round(self.followers_at_origin * math.exp(self.daily_growth * days + wave))

    def age(self, day: date) -> int:
        """Full years on a day."""
        return day.year - self.born.year - ((day.month, day.day) < (self.born.month, self.born.day))

    def posts_count(self, day: date) -> int:
        """Count the posts ever made, as the platform counts them."""
        return max(self.posts_shown, self.lifetime_posts + math.floor((day - ORIGIN).days / self.interval))

    def upcoming(self, day: date) -> int:
        """Give the number of a post that is not out yet on this day, though the one before it may be."""
        return math.ceil((day - ORIGIN).days / self.interval) + 1

    def posts(self, day: date) -> list[Post]:
        """List what an export of this day shows: a pinned post, then the newest before midnight (UTC)."""
        midnight = datetime.combine(day, time(), UTC)
        pinned = [post for post in [self.post(None)] if self.pins and post.posted_at < midnight]
        shown: list[Post] = []
        number = self.upcoming(day)
        while len(pinned) + len(shown) < self.posts_shown:
            post = self.post(number)
            if post.posted_at < midnight:
                shown.append(post)
            number -= 1
        return pinned + shown

    def post(self, number: int | None) -> Post:
        """Look up the post of this number (None: the pinned one), the same on every date and in every run."""
        if number not in self.cache:
            self.cache[number] = self.make_post(number)
        return self.cache[number]

    def make_post(self, number: int | None) -> Post:
        """Draw the post of this number."""
        draw = rng(self.key, "post", number)
        is_pinned = number is None
        if number is None:
            days = -draw.uniform(200, 600)
        else:
            # Less than half an interval to either side, so that time rises with the number.
            days = (number + draw.uniform(-0.4, 0.4)) * self.interval
        start = datetime.combine(ORIGIN, time(), UTC)
        posted_at = (start + timedelta(days=days)).replace(microsecond=0)
        is_sponsored = not is_pinned and draw.random() < self.sponsored_share

        ratio = self.typical * math.exp(draw.gauss(0, WITHIN_ACCOUNT))
        if draw.random() < VIRAL_SHARE:
            ratio *= VIRAL_LIFT
        if is_sponsored:
            ratio *= SPONSORED_LIFT
        if is_pinned:
            ratio *= PINNED_LIFT
        engagement = ratio * self.followers(posted_at.date())
        comment_share = self.comment_share * math.exp(draw.gauss(0, 0.25))
        likes = engagement / (1 + comment_share)
        # Likes over views is impossible, so views stay well above them even where they scatter.
        views = likes * max(1.5, 10 * math.exp(draw.gauss(0, 0.3)))

        if self.platform == "tiktok":
            kind = draw.choices(("video", "image"), (92, 8))[0]
        else:
            kind = draw.choices(("image", "video", "carousel"), (35, 30, 35))[0]
        language = self.language.split("-")[0]
        caption = draw.choice(CAPTIONS[language])
        if self.platform == "tiktok" and draw.random() < 0.4:
            caption = ""
        hashtags: list[str] = []
        if draw.random() < 0.3:
            hashtags.append(self.sector)
        # Half of the paid TikTok posts carry the platform's own flag only; a scraper sees but the caption.
        if is_sponsored and (self.platform == "instagram" or draw.random() < 0.5):
            hashtags.append(draw.choice(GERMAN_AD_TAGS if language == "de" else AD_TAGS))
        mentions = (
            [f"{draw.choice(SECTORS[self.sector][0])}.shop"] if is_sponsored and draw.random() < 0.5 else []
        )
        return Post(
            number=number,
            post_id=post_id(self.platform, posted_at, draw),
            posted_at=posted_at,
            kind=kind,
            caption=" ".join(
                [caption, *(f"@{name}" for name in mentions), *(f"#{tag}" for tag in hashtags)]
            ).strip(),
            hashtags=tuple(hashtags),
            mentions=tuple(mentions),
            is_sponsored=is_sponsored,
            likes=likes,
            comments=likes * comment_share,
            shares=likes * 0.02 * math.exp(draw.gauss(0, 0.4)),
            saves=likes * 0.03 * math.exp(draw.gauss(0, 0.4)),
            views=views,
        )


def rng(*name: object) -> random.Random:
    """Give everything that has a name a generator of its own.

    Seeding with text goes through SHA-512 and is equal on every machine and in every process.
    """
    return random.Random("/".join(map(str, name)))  # noqa: S311  invented data, nothing secret


def post_id(platform: str, posted_at: datetime, draw: random.Random) -> int:
    """Make a 19-digit id with the time in its upper bits, as both platforms do.

    A reader that takes it for a float loses the last digits.
    """
    if platform == "tiktok":
        return int(posted_at.timestamp()) << 32 | draw.getrandbits(32)
    return (int(posted_at.timestamp()) * 1000 - 1_314_220_021_721) << 23 | draw.getrandbits(23)


def short_code(number: int) -> str:
    """Write an id in base 64, which is what stands in the address of an Instagram post."""
    code = ""
    while number:
        number, digit = divmod(number, 64)
        code = SHORT_CODE_ALPHABET[digit] + code
    return code


def make_account(key: str, source: str, tier: str, standing: float, taken: set[str]) -> Account:
    """Draw one account.

    Args:
        key: Names its generators, the seed in front.
        source: A key of `SOURCES`.
        tier: A key of `TIERS`.
        standing: Share of the tier, between 0 and 1, that engages its followers less than this account does.
        taken: Ids and handles in use; the new ones are added.

    Returns:
        The account, with the size it has at `ORIGIN`.
    """
    draw = rng(key)
    platform, ids = SOURCES[source]
    low, high, ratio = TIERS[tier]
    # Log-normal cut to the tier, so that every tier has as many accounts as asked for.
    share = draw.uniform(FOLLOWERS.cdf(math.log(low)), FOLLOWERS.cdf(math.log(high)))
    followers = math.exp(FOLLOWERS.inv_cdf(share))
    sector = draw.choice(tuple(SECTORS))
    country, _, languages, cities = draw.choices(COUNTRIES, [weight for _, weight, _, _ in COUNTRIES])[0]
    handle = draw.choice(SECTORS[sector][0]) + draw.choice("_.") + draw.choice(HANDLE_ENDINGS)
    while handle in taken:
        handle += str(draw.randrange(10))
    account_id = str(draw.choice(ids))
    while account_id in taken:
        account_id = str(draw.choice(ids))
    taken.update((handle, account_id))
    posts_shown = draw.choices(range(5, 11), (78, 12, 4, 3, 2, 1))[0]
    if platform == "tiktok":
        posts_shown = min(posts_shown, 9)
    return Account(
        key=key,
        platform=platform,
        account_id=account_id,
        handle=handle,
        tier=tier,
        sector=sector,
        country=country,
        city=draw.choice(cities),
        language=draw.choice(languages),
        tone=draw.choice(TONES),
        sex=draw.choices(("female", "male"), (7, 3))[0],
        born=date(draw.randrange(1962, 2008), 1, 1) + timedelta(days=draw.randrange(365)),
        followers_at_origin=followers,
        daily_growth=draw.gauss(0.0005, 0.0012),
        following=round(math.exp(draw.gauss(6, 0.8))),
        lifetime_posts=draw.randrange(40, 900),
        typical=ratio * math.exp(BETWEEN_ACCOUNTS.inv_cdf(standing)),
        comment_share=0.035 * math.exp(draw.gauss(0, 0.3)),
        # Evenly on the log scale: some post every day, some every other week.
        interval=math.exp(draw.uniform(math.log(1.2), math.log(LONGEST_LOOK_BACK / posts_shown))),
        posts_shown=posts_shown,
        sponsored_share=draw.choice((0, 0, 0.1, 0.3)),
        pins=draw.random() < 0.15,
        is_verified=draw.random() < {"macro": 0.7, "mega": 1.0}.get(tier, 0.04),
        is_business=draw.random() < 0.3,
        external_url=f"https://example.com/{handle}" if draw.random() < 0.25 else None,
    )


def make_accounts(seed: int, source: str, taken: set[str]) -> dict[str, list[Account]]:
    """Draw a source's accounts, in lists by tier."""
    accounts = {}
    for tier, count in TIER_COUNTS[source].items():
        # Evenly spaced and shuffled: with two dozen accounts, free draws leave a tier's median 10 % off.
        places = rng(seed, source, tier).sample(range(count), count)
        accounts[tier] = [
            make_account(f"{seed}/{source}/{tier}/{i}", source, tier, (place + 0.5) / count, taken)
            for i, place in enumerate(places)
        ]
    return accounts


def flat(accounts: dict[str, list[Account]]) -> list[Account]:
    """All accounts of a source."""
    return [account for tier in accounts.values() for account in tier]


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def captured(day: date) -> datetime:
    """When the export of a date is made: an hour after the midnight up to which it has posts."""
    return datetime.combine(day, time(1), UTC)


def csv_line(cells: Sequence[object]) -> str:
    """One CSV record without its line end, quoted only where it has to be."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def compact(value: object) -> str:
    """JSON without spaces, letters as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class World:
    """All accounts of a seed, and which of them carry which dirt."""

    agency: list[Account]
    scraper: list[Account]
    tiktok: list[Account]
    dirt: dict[str, str]
    """Kind of dirt by `Account.key`; the functions that write the files say what each kind is for.

    An account keeps its dirt from day to day, as real glitches do.
    """
    stranger: Account
    """A TikTok account that no profile export contains."""


def make_world(seed: int) -> World:
    """Draw the accounts of all three sources."""
    taken: set[str] = set()
    agency, scraper, tiktok = (make_accounts(seed, source, taken) for source in TIER_COUNTS)
    stranger = make_account(f"{seed}/stranger", "tiktok_team", "micro", 0.5, taken)

    dirt: dict[str, str] = {}

    def soil(kind: str, accounts: Iterable[Account]) -> None:
        dirt.update((account.key, kind) for account in accounts)

    nano, micro = iter(agency["nano"]), iter(agency["micro"])
    soil("no followers", (next(nano), next(nano)))
    soil("followers n/d", [next(micro)])
    soil("negative followers", [next(micro)])
    soil("cut row", [next(micro)])
    soil("surplus column", [next(micro)])
    soil("age of 150", [next(micro)])
    soil("repeated row", (next(nano), next(micro)))

    # The constant of hidden likes shows only where comments are clearly more than it: the largest come first.
    mid = iter(sorted(scraper["mid"], key=lambda account: -account.followers_at_origin))
    nano, micro = iter(scraper["nano"]), iter(scraper["micro"])
    soil("hidden likes as 3", [next(mid)])
    soil("hidden likes", (next(mid), next(micro)))
    soil("some hidden likes", (next(mid), next(micro), next(micro), next(nano)))
    soil("private", [next(nano)])
    soil("no name and id", [next(nano)])
    soil("followers lots", [next(micro)])
    soil("no biography", (next(nano), next(nano), next(micro), next(micro), next(mid)))
    soil("comments null", [next(micro)])
    soil("time no date", [next(micro)])
    soil("emoji", [next(micro)])
    soil("capital", [next(micro)])
    # The same people with the same id and handle, so that one source has to supersede the other.
    shared = [next(source) for source in (micro, mid) for _ in range(4)]

    nano, micro, mid = iter(tiktok["nano"]), iter(tiktok["micro"]), iter(tiktok["mid"])
    soil("no id and handle", [next(nano)])
    soil("lines in biography", (next(nano), next(micro), next(micro), next(mid)))
    soil("listed twice", [next(mid)])
    soil("formula", [next(micro)])
    soil("cut line", [next(micro)])
    soil("likes over views", [next(micro)])
    soil("future post", [next(micro)])
    soil("repeated post", [next(mid)])

    def order(source: str, accounts: list[Account]) -> list[Account]:
        rng(seed, source, "order").shuffle(accounts)
        return accounts

    return World(
        agency=order("agency", [*flat(agency), *shared]),
        scraper=order("scraper", flat(scraper)),
        tiktok=order("tiktok_team", flat(tiktok)),
        dirt=dirt,
        stranger=stranger,
    )


def agency_row(account: Account, day: date) -> list[object]:
    """Write a clean row under `AGENCY_HEADER`, numbers still as numbers."""
    followers = account.followers(day)
    # The platform reads the newest hundred posts at most.
    posts = min(100, max(1, account.posts_count(day)))
    # A mean, not a median: over log-normal posts it lies above the typical post. A wave of 2 % over weeks.
    wave = 0.02 * math.sin((day - ORIGIN).days / 5 + account.interval)
    mean = account.typical * followers * math.exp(WITHIN_ACCOUNT**2 / 2 + wave)
    likes = mean * posts / (1 + account.comment_share)
    comments, reactions = round(likes * account.comment_share), round(likes)
    engagement = (comments + reactions) / posts
    return [
        account.account_id,
        account.sex,
        account.born.strftime("%d/%m/%Y"),
        account.born.year,
        account.age(day),
        account.handle,
        posts,
        followers,
        comments / posts,
        reactions / posts,
        engagement,
        engagement / followers,
    ]


def decimal_comma(cell: object) -> object:
    """Write a number as the agency does: ten significant digits, a decimal comma."""
    return f"{cell:.10g}".replace(".", ",") if isinstance(cell, float) else cell


def agency_csv(world: World, day: date) -> bytes:
    """`agency/{date}.csv`: Instagram, averages only, in the shape of a French agency platform.

    Decimal commas in a comma-separated file, so that `"3,375"` is 3.375 and never 3,375; CRLF; no final line
    end; birthdays DD/MM/YYYY.
    """
    followers = AGENCY_HEADER.index("instagram_number_of_followers")
    lines = [csv_line(AGENCY_HEADER)]
    repeated = []
    for account in world.agency:
        row = agency_row(account, day)
        kind = world.dirt.get(account.key)
        if kind == "no followers":
            # Not found any more: everything is 0, its own rate too, though 0 / 0 is nothing. It has no ratio,
            # but the row is not a bad one.
            row[followers:] = [0] * (len(row) - followers)
        elif kind == "followers n/d":
            # "non disponible" in a column of numbers.
            row[followers] = "n/d"
        elif kind == "negative followers":
            # A count below zero passes for a number everywhere but in a range check.
            row[followers] = -account.followers(day)
        elif kind == "age of 150":
            # A birthday typed with the wrong century: the year is wrong, all counts are right.
            row[2:5] = [f"01/01/{day.year - 150}", day.year - 150, 150]
        line = csv_line([decimal_comma(cell) for cell in row])
        if kind == "cut row":
            # An export job that stopped in the middle of a row: followers are there, the averages are not.
            line = csv_line(row[: followers + 1])
        elif kind == "surplus column":
            # Somebody lost the quotes round the last decimal comma, so the rate falls into two cells.
            head, rate = line.rstrip('"').rsplit('"', 1)
            line = head + rate
        elif kind == "repeated row":
            # The platform's pages overlap, so the same row comes again, to the last byte.
            repeated.append(line)
        lines.append(line)
    return "\r\n".join(lines + repeated).encode()


def scraper_post(account: Account, post: Post, day: date, kind: str | None) -> JsonObject:
    """Write an item of `latestPosts`, its likes hidden where that is the account's kind of dirt."""
    grown = post.maturity(captured(day))
    code = short_code(post.post_id)
    likes = round(post.likes * grown)
    number = post.number or 0
    # Likes that the owner hides come as -1: on every post, or on those where it was switched on.
    if kind == "hidden likes" or (kind == "some hidden likes" and number % 3 == 0):
        likes = -1
    # Without a login the page names three people who liked it, and a scraper takes the three for the count.
    # One post in five has its true number.
    if kind == "hidden likes as 3" and number % 5 != 0:
        likes = 3
    item: JsonObject = {
        "id": str(post.post_id),
        "type": {"image": "Image", "video": "Video", "carousel": "Sidecar"}[post.kind],
        "shortCode": code,
        "caption": post.caption,
        "hashtags": list(post.hashtags),
        "mentions": list(post.mentions),
        "url": f"https://example.com/p/{code}/",
        "commentsCount": round(post.comments * grown),
        "likesCount": likes,
    }
    if post.kind == "video":
        item["videoViewCount"] = round(post.views * grown)
    item["timestamp"] = post.posted_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    item["ownerUsername"] = account.handle
    item["ownerId"] = account.account_id
    # As in the vendor's own export, the key stands on pinned posts only.
    if post.is_pinned:
        item["isPinned"] = True
    return item


def scraper_item(account: Account, day: date, kind: str | None) -> JsonObject:
    """One profile with its latest posts inside, and the dirt of its kind."""
    latest = [scraper_post(account, post, day, kind) for post in account.posts(day)]
    item: JsonObject = {
        "id": account.account_id,
        "username": account.handle,
        "url": f"https://example.com/{account.handle}",
        "fullName": account.name,
        "biography": account.biography,
        "externalUrl": account.external_url,
        "followersCount": account.followers(day),
        "followsCount": account.following,
        "isBusinessAccount": account.is_business,
        "businessCategoryName": SECTORS[account.sector][2] if account.is_business else None,
        "private": False,
        "verified": account.is_verified,
        "postsCount": account.posts_count(day),
        "latestPosts": latest,
    }
    if kind == "private":
        # A private profile can be seen, its posts cannot: the key is not there at all.
        item["private"] = True
        del item["latestPosts"]
    elif kind == "no name and id":
        # A deleted account leaves an empty item with nothing to tell whose it was.
        del item["id"], item["username"]
        item.update(url=None, fullName="", biography="", followersCount=0, postsCount=0, latestPosts=[])
    elif kind == "followers lots":
        # A label of the page in place of its number.
        item["followersCount"] = "lots"
    elif kind == "no biography":
        # The vendor leaves out what it does not find. Not a bad row.
        del item["biography"]
    elif kind == "comments null":
        # Comments switched off on one post: not known, which is not 0.
        latest[-1]["commentsCount"] = None
    elif kind == "time no date":
        # The page's own words in place of a time.
        latest[-1]["timestamp"] = "3 weeks ago"
    elif kind == "emoji":
        # Letters beyond the basic plane, joined emoji, line ends and quotes, all of it allowed.
        item["biography"] = "🌿🥖✨\nMaman de 2 👩‍👧‍👦 & «chef» du dimanche\n\n👇 ici, c'est \"l'été\" ☀️"
    elif kind == "capital":
        # Handles do not know case, so this is the account of the same letters in lower case.
        item["username"] = account.handle.capitalize()
        for row in latest:
            row["ownerUsername"] = item["username"]
    return item


def scraper_json(world: World, day: date) -> bytes:
    """`scraper/{date}.json`: Instagram profiles with their posts inside, as a scraping service's dataset."""
    return compact(
        [scraper_item(account, day, world.dirt.get(account.key)) for account in world.scraper]
    ).encode()


def team_profile(account: Account, day: date) -> JsonObject:
    """Write a clean row of the plain profile shape, by column."""
    return {
        "platform": account.platform,
        "profile_id": account.account_id,
        "handle": account.handle,
        "display_name": account.name,
        "profile_url": f"https://example.com/@{account.handle}",
        "biography": account.biography,
        "followers": account.followers(day),
        "following": account.following,
        "posts_count": account.posts_count(day),
        "is_verified": str(account.is_verified).lower(),
        "sector": account.sector,
        "country": account.country,
        "city": account.city,
        "language": account.language,
        "sex": account.sex,
        "age_band": next(band for band in AGE_BANDS if account.age(day) <= int(band[3:] or 200)),
        "tone": account.tone,
        "external_url": account.external_url,
        "captured_at": stamp(captured(day)),
    }


def tiktok_profiles_csv(world: World, day: date) -> bytes:
    """`tiktok_team/profiles-{date}.csv`: TikTok profiles in the project's own plain shape."""
    rows, late = [], []
    for account in world.tiktok:
        row = team_profile(account, day)
        kind = world.dirt.get(account.key)
        if kind == "no id and handle":
            # A line of the team's list that nobody filled in: it cannot be anyone.
            row.update(profile_id="", handle="", profile_url="")
        elif kind == "lines in biography":
            # Line ends, commas and quotes inside a quoted cell: one record, several lines. Not a bad row.
            row["biography"] = f'{account.biography} 🌱\n{account.city}, "{account.tone}"\n✉️ by message'
        elif kind == "formula":
            # Runs when a spreadsheet opens it. Text like any other here; files for people must defuse it.
            row["display_name"] = '=HYPERLINK("https://example.com/win","Win")'
        elif kind == "listed twice":
            # Yesterday's capture is still in the list, further down: the order must not decide which counts.
            late.append(team_profile(account, day - timedelta(days=1)))
        rows.append(row)
    lines = [csv_line(PROFILE_HEADER), *(csv_line(list(row.values())) for row in rows + late)]
    # Spreadsheets put a byte order mark in front; read naively it becomes part of the first column's name.
    return ("\ufeff" + "\n".join(lines) + "\n").encode()


def team_post(account: Account, post: Post, day: date) -> JsonObject:
    """Write a clean record of the plain post shape."""
    grown = post.maturity(captured(day))
    return {
        "platform": account.platform,
        "profile_id": account.account_id,
        "post_id": str(post.post_id),
        "posted_at": stamp(post.posted_at),
        "kind": post.kind,
        "caption": post.caption,
        "likes": round(post.likes * grown),
        "comments": round(post.comments * grown),
        "shares": round(post.shares * grown),
        "saves": round(post.saves * grown),
        "views": round(post.views * grown),
        "is_pinned": post.is_pinned,
        "is_sponsored": post.is_sponsored,
        "captured_at": stamp(captured(day)),
    }


def tiktok_posts_ndjson(world: World, day: date) -> bytes:
    """`tiktok_team/posts-{date}.ndjson`: TikTok posts in the project's own plain shape, without addresses."""
    lines: list[str] = []
    repeated: list[str] = []
    for account in world.tiktok:
        kind = world.dirt.get(account.key)
        if kind == "no id and handle":
            continue
        posts = account.posts(day)
        records = [team_post(account, post, day) for post in posts]
        if kind == "likes over views":
            # Nobody likes what nobody saw: two counters of the same post read at different times.
            records[-1]["views"] = round(posts[-1].likes / 2)
        elif kind == "future post":
            # A scheduled post that the team's tool lists as if it were out.
            scheduled = replace(
                account.post(account.upcoming(day)), posted_at=captured(day) + timedelta(days=3)
            )
            records.append(team_post(account, scheduled, day))
        own = [compact(record) for record in records]
        if kind == "cut line":
            # A writer that stopped in the middle of a record and went on after a restart.
            own[-1] = own[-1][: len(own[-1]) // 2]
        elif kind == "repeated post":
            # Pages that overlap: the same post once more, further down.
            repeated.append(own[-1])
        lines += own
    # A post of someone in no profile: without followers there is nothing to divide by.
    lines.append(compact(team_post(world.stranger, world.stranger.posts(day)[-1], day)))
    # What a proxy says in place of a page of records, and the blank line of a file put together from parts. A
    # blank line is no record, so it is not a bad one.
    middle = len(lines) // 2
    lines[middle:middle] = ["<html><body>502 Bad Gateway</body></html>", ""]
    return "".join(f"{line}\n" for line in lines + repeated).encode()


FILES = {
    "agency/{date}.csv": agency_csv,
    "scraper/{date}.json": scraper_json,
    "tiktok_team/profiles-{date}.csv": tiktok_profiles_csv,
    "tiktok_team/posts-{date}.ndjson": tiktok_posts_ndjson,
}


def generate(to: Path, first: date, days: int, seed: int) -> list[Path]:
    """Write all files of `days` dates from `first` on.

    Args:
        to: Folder that gets one folder per source. Files of the same name are overwritten, others left alone.
        first: The first snapshot date.
        days: Number of dates.
        seed: Another seed gives other accounts.

    Returns:
        The files written, by date and then by source.
    """
    world = make_world(seed)
    written = []
    for day in (first + timedelta(days=offset) for offset in range(days)):
        for pattern, export in FILES.items():
            path = to / pattern.format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(export(world, day))
            written.append(path)
    return written


def main() -> None:
    """Read the command line, write the files and print the size of each."""
    parser = argparse.ArgumentParser(description="Write invented exports for a range of snapshot dates.")
    add = parser.add_argument
    add("--to", type=Path, default=Path(__file__).parent, metavar="DIR", help="where to (default: samples/)")
    add(
        "--first",
        type=date.fromisoformat,
        default=ORIGIN,
        metavar="DATE",
        help="first date (default: %(default)s)",
    )
    add("--days", type=int, default=4, metavar="N", help="number of dates (default: %(default)s)")
    add("--seed", type=int, default=7, metavar="N", help="which set of accounts (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.days < 1:
        parser.error("--days must be 1 or more")
    files = generate(arguments.to, arguments.first, arguments.days, arguments.seed)
    for path in files:
        print(f"{path.stat().st_size:>9,}  {path.relative_to(arguments.to)}")
    print(f"{sum(path.stat().st_size for path in files):>9,}  in {len(files)} files")


if __name__ == "__main__":
    main()
