"""The synthetic accounts, and their development over the days.

Belongs here: identity, posts and growth. Does not: vendors' formats. All accounts are synthetic: handles are made of
nouns, every address is on example.com, ids are random.
"""

import math
import random
from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist
from typing import Any

Record = dict[str, Any]

# Where the accounts have the sizes drawn for them; drift leads to all other dates, whatever `--first` is.
ORIGIN = datetime(2026, 10, 28, tzinfo=UTC)
# Followers from, to (exclusive); typical (likes + comments) / followers; share of verified accounts.
TIERS = {
    "nano": (150, 1_000, 0.12, 0.02),
    "micro": (1_000, 10_000, 0.07, 0.04),
    "mid": (10_000, 100_000, 0.036, 0.1),
    "macro": (100_000, 1_000_000, 0.023, 0.7),
    "mega": (1_000_000, 3_000_000, 0.017, 1.0),
}
# Standard deviations of the natural log of (likes + comments) / followers.
BETWEEN_ACCOUNTS, WITHIN_ACCOUNT = 0.5, 0.6
# Platform, ids and accounts per tier: 20 or more in the small three, from where on a tier has statistics of its own.
# The agency counts its own files; the others pass on the platform's ids, which are too long for a float.
SOURCES = {
    "agency": ("instagram", range(300, 20_000), {"nano": 79, "micro": 84, "mid": 53, "macro": 3, "mega": 1}),
    "scraper": ("instagram", range(10**16, 10**17), {"nano": 24, "micro": 26, "mid": 22, "macro": 2, "mega": 1}),
    "tiktok_team": ("tiktok", range(10**18, 8 * 10**18), {"nano": 25, "micro": 28, "mid": 24, "macro": 3, "mega": 1}),
}

# Per sector: nouns for handles, a biography, and what a scraper calls a business of that kind.
SECTORS = {
    "food": (("basil", "crumb", "ladle", "quince", "radish"), "Plain food, cooked slowly", "Food & Beverage"),
    "fitness": (("stride", "kettle", "plank", "tempo", "sprint"), "Short workouts, no mirror", "Fitness"),
    "books": (("folio", "margin", "vellum", "preface", "inkpot"), "One book a week", "Publisher"),
    "gardening": (("trowel", "compost", "seedling", "clover", "hedge"), "A small plot, mostly mud", "Gardening"),
    "parenting": (("pram", "puddle", "crayon", "mitten", "bedtime"), "Tired and cheerful", "Parenting"),
    "beauty": (("balm", "petal", "sheen", "tonic", "blush"), "Skin first", "Beauty"),
    "travel": (("ferry", "layover", "satchel", "harbour", "detour"), "By train wherever it goes", "Travel"),
    "gaming": (("pixel", "joypad", "sidequest", "respawn", "arcade"), "Indie games and patience", "Gaming"),
}
ENDINGS = ("_nook", ".lane", "_loft", ".club", "_notes", ".daily", "_corner", ".shed", ".post", "_attic", ".mill")
NAMES = [(sector, noun + end) for sector, (nouns, _, _) in SECTORS.items() for noun in nouns for end in ENDINGS]
# Country, language tag, cities, captions; a country as often as its weight, the last number, says.
PLACES: tuple[tuple[str, str, tuple[str, str], tuple[str, ...], int], ...] = (
    ("FR", "fr", ("Lyon", "Nantes"), ("Enfin prêt", "Petit essai", "Ça recommence", "Votre avis ?"), 6),
    ("DE", "de", ("Köln", "Leipzig"), ("Endlich fertig", "Kleiner Versuch", "Was meint ihr?", "Grüße"), 6),
    ("ES", "es", ("Valencia", "Bilbao"), ("Por fin", "Otra prueba", "¿Qué opináis?", "Mañana más"), 4),
    ("IT", "it", ("Torino", "Bari"), ("Finalmente", "Una prova", "Che ne dite?", "Così è meglio"), 4),
    ("PL", "pl", ("Łódź", "Gdańsk"), ("Wreszcie", "Mała próba", "Co myślicie?", "Już jutro"), 3),
    ("NL", "nl", ("Utrecht", "Breda"), ("Eindelijk klaar", "Klein proefje", "Wat vind jij?", "Alweer"), 3),
    ("BE", "nl-BE", ("Gent", "Leuven"), ("Eindelijk klaar", "Klein proefje", "Morgen meer"), 1),
    ("BE", "fr-BE", ("Liège", "Namur"), ("Enfin prêt", "Petit essai", "Dimanche lent"), 1),
    ("AT", "de-AT", ("Graz", "Linz"), ("Endlich fertig", "Schon wieder", "Grüße"), 2),
    ("PT", "pt-PT", ("Porto", "Braga"), ("Até que enfim", "Mais um teste", "Amanhã há mais"), 2),
    ("IE", "en-IE", ("Cork", "Galway"), ("At last", "A small trial", "Thoughts?", "Once more 🙂"), 2),
)


def rng(*name: object) -> random.Random:
    """Returns a random generator for a name; seeding with text is equal on every machine."""
    return random.Random("/".join(map(str, name)))


class Account:
    """One synthetic account. Values that change from day to day are methods of the date."""

    def __init__(
        self, source: str, tier: str, account_id: str, name: tuple[str, str], size: float, standing: float, mess: str
    ) -> None:
        """Draws the free attributes. `size`, `standing`: shares of the tier with fewer followers, less engagement."""
        draw = rng(account_id)
        low, high, typical, verified = TIERS[tier]
        self.mess = mess  # the errors of its source: the same every day, like real glitches
        self.platform, self.account_id = SOURCES[source][0], account_id
        self.sector, self.handle = name
        self.nouns, self.biography, self.category = SECTORS[self.sector]
        self.country, self.language, self.cities, self.captions, _ = draw.choices(
            PLACES, [place[-1] for place in PLACES]
        )[0]
        self.born = date(draw.randrange(1962, 2008), 1, 1) + timedelta(days=draw.randrange(365))
        self.followers_at_origin = low * math.pow(high / low, size)
        self.daily_growth = draw.gauss(0.0005, 0.0012)
        self.engagement_ratio = typical * math.exp(BETWEEN_ACCOUNTS * NormalDist().inv_cdf(standing))
        self.comments_per_like = 0.035 * math.exp(draw.gauss(0, 0.3))
        self.posts_shown = draw.choices(range(5, 10), (78, 12, 4, 3, 3))[0]
        # Days from post to post, evenly on the log scale: some post every day, some every other week.
        self.interval = math.exp(draw.uniform(math.log(1.2), math.log(100 / self.posts_shown)))
        self.sponsored_share = draw.choice((0, 0, 0.1, 0.3))
        self.is_pinning = draw.random() < 0.15
        self.is_business = draw.random() < 0.3
        self.is_verified = draw.random() < verified

    def followers(self, days: float) -> int:
        """Returns the followers so many days after `ORIGIN`: steady growth or loss, with a slow wave of 0.5 %."""
        wave = 0.005 * math.sin(days / 3 + self.interval)
        return round(self.followers_at_origin * math.exp(self.daily_growth * days + wave))

    def profile(self, day: date) -> Record:
        """Returns the account in the project's own plain shape."""
        draw = rng(self.account_id, "profile")
        days = (day - ORIGIN.date()).days
        return {
            "platform": self.platform,
            "profile_id": self.account_id,
            "handle": self.handle,
            "display_name": self.handle.replace("_", " ").replace(".", " ").title(),
            "profile_url": f"https://example.com/@{self.handle}",
            "biography": self.biography,
            "followers": self.followers(days),
            "following": round(math.exp(draw.gauss(6, 0.8))),
            "posts_count": max(self.posts_shown, draw.randrange(40, 900) + math.floor(days / self.interval)),
            "is_verified": self.is_verified,
            "sector": self.sector,
            "country": self.country,
            "city": draw.choice(self.cities),
            "language": self.language,
            "sex": draw.choices(("female", "male"), (7, 3))[0],
            "age_band": ("18-24", "25-34", "35-44", "45-54", "55+")[min((day.year - self.born.year - 15) // 10, 4)],
            "tone": draw.choice(("warm", "funny", "expert", "polemic")),
            "external_url": f"https://example.com/{self.handle}" if draw.random() < 0.25 else None,
            "captured_at": f"{day}T00:00:00Z",
        }

    def posts(self, day: date) -> list[Record]:
        """Returns the posts of an export of this day: the pinned post, if there is one, then the newest."""
        upcoming = math.ceil((day - ORIGIN.date()).days / self.interval) + 1
        numbers = [*([None] if self.is_pinning else []), *range(upcoming, upcoming - self.posts_shown - 3, -1)]
        posts = (self.post(number, day) for number in numbers)
        return [post for post in posts if post["posted_at"] < post["captured_at"]][: self.posts_shown]

    def post(self, number: int | None, day: date) -> Record:
        """Returns a post in the plain shape, by a number that rises with time (None: an old one, pinned on top)."""
        draw = rng(self.account_id, "post", number)
        # Less than half an interval to either side, so that time rises with the number.
        days = -draw.uniform(200, 600) if number is None else (number + draw.uniform(-0.4, 0.4)) * self.interval
        posted_at = ORIGIN + timedelta(days=days)
        is_sponsored = number is not None and draw.random() < self.sponsored_share
        is_tiktok = self.platform == "tiktok"

        words = [] if is_tiktok and draw.random() < 0.4 else [draw.choice(self.captions)]
        if is_sponsored and draw.random() < 0.5:
            words.append(f"@{draw.choice(self.nouns)}.shop")
        if draw.random() < 0.3:
            words.append(f"#{self.sector}")
        # Half of the paid TikTok posts carry the platform's own flag only; a scraper sees only the caption.
        if is_sponsored and not (is_tiktok and draw.random() < 0.5):
            words.append(draw.choice(("#werbung" if self.language.startswith("de") else "#sponsored", "#ad")))

        engagement = self.engagement_ratio * self.followers(days) * math.exp(draw.gauss(0, WITHIN_ACCOUNT))
        engagement *= 8 if draw.random() < 0.02 else 1  # goes viral
        engagement *= 0.85 if is_sponsored else 3 if number is None else 1
        # Half of the counts come within 10 hours, nearly all within two days, and slight growth afterwards.
        age = max((day - ORIGIN.date()).days - days, 0)
        engagement *= (1 - 0.85 * math.exp(-age / 0.8)) * (1 + 0.01 * math.log1p(age))
        comments_per_like = self.comments_per_like * math.exp(draw.gauss(0, 0.25))
        likes = engagement / (1 + comments_per_like)
        return {
            "platform": self.platform,
            "profile_id": self.account_id,
            # The time is in the upper bits, as on both platforms. Read as a float, the id loses its last digits.
            "post_id": str(int(posted_at.timestamp()) << 32 | draw.getrandbits(32)),
            "posted_at": f"{posted_at:%Y-%m-%dT%H:%M:%SZ}",
            "kind": draw.choices(("video", "image", "carousel"), (92, 8, 0) if is_tiktok else (30, 35, 35))[0],
            "caption": " ".join(words),
            "likes": round(likes),
            "comments": round(likes * comments_per_like),
            "shares": round(likes * 0.02 * math.exp(draw.gauss(0, 0.4))),
            "saves": round(likes * 0.03 * math.exp(draw.gauss(0, 0.4))),
            # Likes over views is impossible, so views stay well above them even where they scatter.
            "views": round(likes * max(1.5, 10 * math.exp(draw.gauss(0, 0.3)))),
            "is_pinned": number is None,
            "is_sponsored": is_sponsored,
            "captured_at": f"{day}T00:00:00Z",
        }


def population(seed: int, mess: dict[str, dict[str, str]]) -> dict[str, list[Account]]:
    """Draws all accounts, by source and then by handle. `mess`: by source and tier, a word each for its largest."""
    names = iter(rng(seed).sample(NAMES, len(NAMES)))
    people: dict[str, list[Account]] = {}
    for source, (_, ids, tiers) in SOURCES.items():
        draw = rng(seed, source)
        own_ids = map(str, draw.sample(ids, sum(tiers.values())))
        people[source] = []
        for tier, total in tiers.items():
            kinds = mess[source].get(tier, "").split() + [""] * total
            # Evenly spaced, the standings shuffled: with two dozen free draws a tier's median may be 10 % off.
            for place, standing in enumerate(draw.sample(range(total), total)):
                shares = 1 - (place + draw.random()) / total, (standing + 0.5) / total
                people[source].append(Account(source, tier, next(own_ids), next(names), *shares, kinds[place]))
        people[source].sort(key=lambda account: account.handle)
    return people
