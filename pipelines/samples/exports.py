"""The files of the three vendors, each in its own format and with its planted errors.

Belongs here: columns, keys, encodings and all planted errors. Does not: the accounts.
"""

import csv
import io
import json
import math
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import date, timedelta

from pipelines.samples.people import ORIGIN, WITHIN_ACCOUNT, Account, Record

People = dict[str, list[Account]]

# Kinds of planted errors: one account of the tier per kind. Each is documented where it is applied.
MESS = {
    "agency": {"nano": "all-zero all-zero repeated", "micro": "n/d negative cut surplus-cell age-150 repeated"},
    "scraper": {
        "nano": "some-hidden private nobody emoji capital no-text no-text",
        "micro": "hidden some-hidden some-hidden lots no-comments no-time no-text no-text shared shared shared shared",
        "mid": "likes-3 hidden some-hidden no-text shared shared shared shared",
    },
    "tiktok_team": {
        "nano": "blank several-lines",
        "micro": "formula cut over-views future stranger several-lines several-lines",
        "mid": "twice repeated several-lines",
    },
}
GONE = object()
# Values that replace those of a profile, or of its oldest post.
IN_PLACE: dict[str, Record] = {
    # Bad rows: "non disponible" in a column of numbers; a count that only a range check finds; the wrong century.
    "n/d": {"instagram_number_of_followers": "n/d"},
    "negative": {"instagram_number_of_followers": -4210},
    "age-150": {"birthdate": "01/01/1876", "Year of birth": 1876, "Age": 150},
    # A deleted account; a label of the page in place of its number; a line of a list that nobody filled in.
    "nobody": {"id": GONE, "username": GONE, "url": None, "fullName": "", "followersCount": 0, "latestPosts": []},
    "lots": {"followersCount": "lots"},
    "blank": {"profile_id": "", "handle": "", "profile_url": ""},
    # The page's text for a time; more likes than views, from counters read at different times.
    "no-time": {"timestamp": "3 weeks ago"},
    "over-views": {"views": 1},
    # Valid: posts that cannot be seen; disabled comments, which are not 0; missing or unusual text.
    "private": {"private": True, "latestPosts": GONE},
    "no-comments": {"commentsCount": None},
    "no-text": {"biography": GONE},
    "emoji": {"biography": "🌿🥖✨\nMaman de 2 👩‍👧‍👦 & «chef» du dimanche\n\n👇 c'est \"l'été\" ☀️"},
    "several-lines": {"biography": 'Hello 🌱\n"warm", most days\n✉️ by message'},
    "formula": {"display_name": '=HYPERLINK("https://example.com/win","Win")'},
}

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def messed(record: Record, kind: str) -> Record:
    """Applies a kind of planted error to a record: replaces the values of its keys, or removes the key."""
    values = {key: IN_PLACE.get(kind, {}).get(key, value) for key, value in record.items()}
    return {key: value for key, value in values.items() if value is not GONE}


def csv_text(rows: Iterable[Iterable[object]], line_end: str) -> str:
    """Writes CSV, quoted only where necessary."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=line_end).writerows(rows)
    return buffer.getvalue()


def agency_row(account: Account, day: date) -> Record:
    """Returns one account's averages, by column."""
    profile, born = account.profile(day), account.born
    posts = min(100, profile["posts_count"])  # the agency reads the newest hundred
    # A mean, not a median: over log-normal posts it is above the typical post. A wave of 2 % over weeks.
    mean = account.engagement_ratio * math.exp(WITHIN_ACCOUNT**2 / 2 + 0.02 * math.sin((day - ORIGIN.date()).days / 5))
    likes = round(mean * profile["followers"] * posts / (1 + account.comments_per_like))
    comments = round(likes * account.comments_per_like)
    return {
        "id": account.account_id,
        "sex": profile["sex"],
        "birthdate": f"{born:%d/%m/%Y}",
        "Year of birth": born.year,
        "Age": day.year - born.year - ((day.month, day.day) < (born.month, born.day)),
        "user_name": account.handle,
        "instagram_number_of_posts": posts,
        "instagram_number_of_followers": profile["followers"],
        "instagram_average_number_of_comments": comments / posts,
        "instagram_average_number_of_reactions": likes / posts,
        "instagram_average_engagement": (likes + comments) / posts,
        "instagram_average_engagement_rate": (likes + comments) / posts / profile["followers"],
    }


def agency_csv(people: People, day: date) -> bytes:
    """Writes Instagram averages in a French agency's format: CRLF, DD/MM/YYYY, `"3,375"` for 3.375, never 3,375."""
    # Some people are in two sources with the same id and handle, so that deduplication has to choose one.
    accounts = people["agency"] + [account for account in people["scraper"] if account.mess == "shared"]
    # Overlapping pages: the same row again, byte for byte.
    accounts += [account for account in accounts if account.mess == "repeated"]
    rows = [list(agency_row(accounts[0], day))]  # a record's keys: the header
    for account in accounts:
        row = messed(agency_row(account, day), account.mess).values()
        cells = [f"{cell:.10g}".replace(".", ",") if isinstance(cell, float) else str(cell) for cell in row]
        if account.mess == "all-zero":  # not found any more; 0 / 0 is no rate either, but the row is not a bad one
            cells[7:] = ["0"] * 5
        elif account.mess == "cut":  # a job that stopped in the middle of a row, before the averages
            del cells[8:]
        elif account.mess == "surplus-cell":  # the last decimal comma lost its quotes: the rate falls into two cells
            cells[-1:] = cells[-1].split(",")
        rows.append(cells)
    return csv_text(rows, "\r\n").removesuffix("\r\n").encode()


def scraper_post(account: Account, handle: str, post: Record) -> Record:
    """Builds one item of `latestPosts`."""
    post_id, likes, words = int(post["post_id"]), post["likes"], post["caption"].split()
    # Hidden by the owner on all or some posts, or mostly taken for the three people whom the page names.
    if account.mess == "hidden" or (account.mess == "some-hidden" and post_id % 3 == 0):
        likes = -1
    if account.mess == "likes-3" and post_id % 5 != 0:
        likes = 3
    code = urlsafe_b64encode(post_id.to_bytes(8, "big")).decode().rstrip("=")
    return {
        "id": post["post_id"],
        "type": {"image": "Image", "video": "Video", "carousel": "Sidecar"}[post["kind"]],
        "shortCode": code,
        "caption": post["caption"],
        "hashtags": [word[1:] for word in words if word[0] == "#"],
        "mentions": [word[1:] for word in words if word[0] == "@"],
        "url": f"https://example.com/p/{code}/",
        "commentsCount": post["comments"],
        "likesCount": likes,
        "videoViewCount": post["views"] if post["kind"] == "video" else GONE,
        "timestamp": post["posted_at"].replace("Z", ".000Z"),
        "ownerUsername": handle,
        "ownerId": account.account_id,
        "isPinned": post["is_pinned"] or GONE,  # as in the vendor's own export, on pinned posts only
    }


def scraper_json(people: People, day: date) -> bytes:
    """Writes Instagram profiles with nested posts, as a scraping service's dataset."""
    items = []
    for account in people["scraper"]:
        profile = account.profile(day)
        # Handles are case-insensitive.
        handle = account.handle.capitalize() if account.mess == "capital" else account.handle
        *latest, oldest = (scraper_post(account, handle, post) for post in account.posts(day))
        item = {
            "id": account.account_id,
            "username": handle,
            "url": f"https://example.com/{account.handle}",
            "fullName": profile["display_name"],
            "biography": profile["biography"],
            "externalUrl": profile["external_url"],
            "followersCount": profile["followers"],
            "followsCount": profile["following"],
            "isBusinessAccount": account.is_business,
            "businessCategoryName": account.category if account.is_business else None,
            "private": False,
            "verified": profile["is_verified"],
            "postsCount": profile["posts_count"],
            "latestPosts": [*(messed(post, "") for post in latest), messed(oldest, account.mess)],
        }
        items.append(messed(item, account.mess))
    return compact(items).encode()


def tiktok_profiles_csv(people: People, day: date) -> bytes:
    """Writes TikTok profiles in the project's own plain shape, with the byte order mark that spreadsheets write."""
    listed = [account for account in people["tiktok_team"] if account.mess != "stranger"]
    rows = [messed(account.profile(day), account.mess) for account in listed]
    # Yesterday's capture of the same account, further down: the order must not decide which one counts.
    rows += [account.profile(day - timedelta(days=1)) for account in listed if account.mess == "twice"]
    return ("\ufeff" + csv_text([list(rows[0]), *(row.values() for row in rows)], "\n")).encode()


def tiktok_posts_ndjson(people: People, day: date) -> bytes:
    """Writes TikTok posts in the project's own plain shape, without URLs."""
    lines: list[str] = []
    # Overlapping pages: the same posts again, further down.
    for account in [*people["tiktok_team"], *(a for a in people["tiktok_team"] if a.mess == "repeated")]:
        *posts, oldest = account.posts(day)
        if account.mess == "blank":
            continue
        if account.mess == "stranger":  # one post of an unknown profile: no followers to divide by
            posts = []
        elif account.mess == "future":  # scheduled, and listed by the team's tool as if it were out
            new = {"post_id": account.account_id, "posted_at": f"{day + timedelta(days=3)}T00:00:00Z"}
            posts.append(oldest | new)
        lines += map(compact, [*posts, messed(oldest, account.mess)])
        if account.mess == "cut":  # a writer that stopped in the middle of a record and went on after a restart
            lines[-1] = lines[-1][:150]
    # A proxy's error text in place of a page of records, and a blank line, which is not a record and so not an error.
    lines.insert(len(lines) // 2, "<html><body>502 Bad Gateway</body></html>\n")
    return "".join(f"{line}\n" for line in lines).encode()


EXPORTS = {
    "agency/{date}.csv": agency_csv,
    "scraper/{date}.json": scraper_json,
    "tiktok_team/profiles-{date}.csv": tiktok_profiles_csv,
    "tiktok_team/posts-{date}.ndjson": tiktok_posts_ndjson,
}
