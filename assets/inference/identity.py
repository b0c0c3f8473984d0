"""Identity of the account of a record: handle, id, name, and the platform.

Belongs here: choosing the columns that identify accounts. Does not: figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.inference.cells import Column, share_of
from assets.inference.header_semantics import Meaning
from assets.inference.headers import understand
from assets.inference.proposal import Certainty, Question
from schemas.column import PLATFORMS
from schemas.did_you_mean import meant
from schemas.quoting import identifier, literal

_HANDLES = 0.97
NAMED = "no column of handles: the name stands for it"
# Patterns that `platform_of` of macros.sql reads as well.
_READ_BY_MACRO = ("twitter", "x(twitter)", "twitter/x", "x/twitter", "ig", "insta", "tt", "tik-tok", "yt", "fb")
_MOSTLY_HANDLES = 0.8
_FEW = 3
_ENDS_WITH_HANDLE = r"\s\(?@([\w.\-]+)\)?$"
_FACEBOOK_ID = r"profile\.php\?(?:.*&)?id=(\d+)"
_CHANNEL = r"youtube\.com/channel/(UC[\w\-]{22})"


@dataclass(frozen=True)
class Taken:
    """A column assigned to a canonical one; `also` are the other columns that its expression reads."""

    column: Column
    canonical: str
    certainty: Certainty
    why: str
    expression: str
    also: tuple[str, ...] = ()


def accounts(
    columns: Sequence[Column], meanings: Mapping[str, Meaning], platform: str, *, of_posts: bool
) -> list[Taken]:
    """Returns the columns that identify the account: `handle`, `profile_id`, `display_name` and `profile_url`, if any.

    Handles are detected by cells more than by headers: rankings put them under "name" and "real name".
    """
    by_meaning: dict[str, list[Column]] = {}
    for column in columns:
        other = column.header.platforms - {platform} if platform else set()
        if not other:
            by_meaning.setdefault(meanings[column.name].name, []).append(column)
    named, called = by_meaning.get("handle", []), [*by_meaning.get("actor", []), *by_meaning.get("name", [])]
    ids = by_meaning.get("id", [])
    # "Video title".
    called = [column for column in called if not column.header.says("posts") or column.header.says("actor")]
    if of_posts:
        # Names and ids without an owner belong to the posts.
        ids = [
            column for column in ids if column.header.says("actor") or column.header.of_actor or column.is_channel_id
        ]
        called = [column for column in called if column.header.says("actor") or column.header.of_actor]
    else:
        called += [column for column in by_meaning.get("title", []) if not column.header.says("posts")]
    followers = next(iter(by_meaning.get("followers", [])), None)
    if followers:
        # Of the same object: business_discovery.id, not the id of the requesting account.
        ids = sorted(ids, key=lambda column: -_shared(column.name, followers.name))
    found: list[Taken] = []
    addresses = [*by_meaning.get("profile address", []), *by_meaning.get("post address", [])]
    named, called = _repeated_in(addresses, named, called)
    handle = _handle(named, called, by_meaning.get("profile address", []))
    if handle and handle.column.share(_CHANNEL) >= _HANDLES:
        # An id, which is case-sensitive.
        found.append(Taken(handle.column, "profile_id", "sure", "channel ids in addresses", _channel(handle.column)))
    elif handle:
        found.append(handle)
    used = {taken.column.name for taken in found}
    rest = [
        column
        for column in called + named
        if column.name not in used
        and not column.is_number
        and not column.header.says("url")
        and (column.rows < _FEW or column.cells.n_unique() > 1)
    ]
    if rest:
        best = min(rest, key=lambda column: (not column.header.says("name"), -column.filled))
        found.append(_text(best, "display_name"))
    elif handle and handle.certainty == "likely" and handle.column in called:
        found.append(Taken(handle.column, "display_name", "likely", "the name", _of(handle.column, "text_of")))
    for column in by_meaning.get("profile address", []):
        if column.is_address:
            found.append(_text(column, "profile_url"))
            break
    numbered = next((column for column in addresses if column.share(_FACEBOOK_ID) > 0), None)
    if numbered and not ids and not any(taken.canonical == "profile_id" for taken in found):
        expression = f"nullif(regexp_extract({identifier(numbered.name)}, {literal(_FACEBOOK_ID)}, 1), '')"
        found.append(Taken(numbered, "profile_id", "sure", "ids in addresses", expression))
    identity = _id([*ids, *called, *named], has_handle=handle is not None)
    if identity and identity.column.name not in used and not any(taken.canonical == "profile_id" for taken in found):
        found.append(identity)
    return found


def _repeated_in(
    addresses: list[Column], named: list[Column], called: list[Column]
) -> tuple[list[Column], list[Column]]:
    """Returns the columns of handles; only the one that addresses in the same records repeat, if there is one."""
    for address in addresses:
        handles = address.handles_in_addresses
        if handles is None:
            continue
        for column in [*named, *called]:
            cells = column.all_cells.str.strip_chars("@").str.to_lowercase()
            both = handles.is_not_null() & cells.is_not_null()
            is_enough = column.rows > 1 and int(both.sum()) >= column.rows / 2
            if is_enough and share_of((handles == cells).filter(both)) >= _HANDLES:
                return [column], [other for other in [*named, *called] if other is not column]
    return named, called


def _shared(first: str, second: str) -> int:
    """Counts the leading keys that two paths have in common."""
    count = 0
    for one, other in zip(first.split(".")[:-1], second.split(".")[:-1], strict=False):
        if one != other:
            break
        count += 1
    return count


def _handle(named: list[Column], called: list[Column], addresses: list[Column]) -> Taken | None:
    good = [column for column in named if column.looks_like_handles >= _MOSTLY_HANDLES and column.has_letters >= 0.5]
    # One value over all records belongs to another account: the brand's, or that of the exporting user.
    varied = [column for column in [*good, *called] if column.cells.n_unique() > 1]
    if varied:
        good = [column for column in good if column.rows < _FEW or column.cells.n_unique() > 1]
        addresses = [column for column in addresses if column.rows < _FEW or column.cells.n_unique() > 1]
    if good:
        # "@handle" first, then the column with the fewest other words in its header.
        best = max(
            good,
            key=lambda column: (
                column.is_at_handle,
                column.filled >= 0.5,
                -_words_of_others(column),
                column.looks_like_handles,
                column.distinct,
            ),
        )
        return Taken(best, "handle", "sure", "header and cells", _of(best, "handle_of"))
    at = [column for column in called if column.is_at_handle]
    linked = [column for column in addresses if column.platforms_linked and column.filled >= 0.5]
    if at or linked:
        best = (at or linked)[0]
        why = "cells begin with @" if at else "cells are addresses of accounts"
        return Taken(best, "handle", "sure", why, _of(best, "handle_of"))
    like = [
        column
        for column in called
        if column.looks_like_handles >= _HANDLES
        and column.has_letters >= _MOSTLY_HANDLES
        and not column.is_index
        and not column.is_channel_id
    ]
    if like:
        best = max(like, key=lambda column: (column.looks_like_handles, column.distinct))
        return Taken(best, "handle", "likely", "cells look like handles", _of(best, "handle_of"))
    ending = [column for column in [*named, *called] if column.share(_ENDS_WITH_HANDLE) >= _MOSTLY_HANDLES]
    if ending:
        # "Kiln Days @kiln_days", "Kiln Days (@kiln_days)".
        found = f"regexp_extract(text_of({identifier(ending[0].name)}), {literal(_ENDS_WITH_HANDLE)}, 1)"
        return Taken(ending[0], "handle", "sure", "cells end with @ and a handle", f"handle_of({found})")
    words = [
        column
        for column in [*named, *called]
        if column.has_letters >= 0.5
        and column.filled >= 0.5
        and not column.is_number
        and not column.is_channel_id
        and not column.is_address
    ]
    if words:
        best = max(words, key=lambda column: (column.looks_like_handles > 0.5, column.distinct, column.filled))
        return Taken(best, "handle", "likely", NAMED, _of(best, "handle_of"))
    return None


def _words_of_others(column: Column) -> int:
    """Counts words of a header that make it another account's handle: "brand_handle", "added_by_username"."""
    return len(column.header.unknown) + len(column.header.concepts - {"handle", "name", "actor", "id", "url", "count"})


def _id(columns: Sequence[Column], *, has_handle: bool) -> Taken | None:
    for column in columns:
        if column.is_channel_id:
            return Taken(column, "profile_id", "sure", "channel ids of YouTube", _of(column, "text_of"))
    for column in columns:
        header = column.header
        if not header.says("id") or column.filled < 1 or column.share(r"(?i)^\d+\.\d*e\+?\d+$") > 0:
            continue
        if column.is_index or column.is_serial or header.says("posts"):
            # Record numbers change from export to export, and are not ids of accounts.
            continue
        return Taken(column, "profile_id", "likely" if not has_handle else "sure", "header", _of(column, "text_of"))
    return None


def _of(column: Column, macro: str) -> str:
    name = identifier(column.name)
    if macro == "handle_of" and column.totals:
        # Rows of totals are not accounts; the import refuses them because they name none.
        totals = ", ".join(literal(total) for total in column.totals)
        return f"CASE WHEN lower(text_of({name})) NOT IN ({totals}) THEN handle_of({name}) END"
    return f"{macro}({name})"


def _channel(column: Column) -> str:
    return f"nullif(regexp_extract(text_of({identifier(column.name)}), {literal(_CHANNEL)}, 1), '')"


def _text(column: Column, canonical: str) -> Taken:
    return Taken(column, canonical, "sure", "header and cells", _of(column, "text_of"))


def platform_of(
    columns: Sequence[Column], meanings: Mapping[str, Meaning], declared: str | None, names: Sequence[str]
) -> tuple[str, Taken | None, str] | Question:
    """Returns the platform of the accounts.

    Args:
        columns: The columns.
        meanings: Column to its meaning.
        declared: The platform of sources.yaml or of the command line.
        names: Names that may contain the platform: of the file, of its folder, of a sheet; nearest first.

    Returns:
        The platform or "", the column that holds it or None, and why. Or the question.
    """
    by_record = _platform_by_record(columns, meanings)
    if declared in PLATFORMS:
        # A record's own platform has priority, and the declared one is for the others: unless each platform has columns
        # of its own, beside which "primary network" is about the person.
        is_wide = any(
            column.header.platforms and meanings[column.name].name in ("followers", "handle") for column in columns
        )
        return declared or "", None if is_wide else by_record, "declared"
    if declared:
        column = next((column for column in columns if column.name == declared), None)
        if column is None:
            unknown = f"declared as the column {declared!r}, which the file does not have"
            asked = meant(declared, PLATFORMS).rstrip()
            return Question("platform", f"{unknown}; {asked}" if asked else unknown, ())
        return "", Taken(column, "platform", "sure", "declared", _platform_expression(column)), "declared"
    if by_record:
        return "", by_record, by_record.why
    for column in columns:
        if (
            column.header.says("platform")
            and not column.header.says_any("handle", "id")
            and not column.header.unknown
            and column.are_names
        ):
            cells = ", ".join(column.cells.unique().sort().head(3))
            return Question("platform", f"{column.name!r} says {cells}: none that is known", ())
    evidence: dict[str, list[str]] = {}
    followed = {p for column in columns if meanings[column.name].name == "followers" for p in column.header.platforms}
    bare = next((c for c in columns if meanings[c.name].name == "followers" and not c.header.platforms), None)
    if bare and followed and not bare.header.unknown:
        named = " and ".join(sorted(followed))
        return Question(
            "platform",
            f"beside followers of {named} there are {bare.name!r}: of which platform?",
            tuple(f"platform: {platform}" for platform in sorted({*followed, "instagram"})),
        )
    for column in columns:
        meaning = meanings[column.name].name
        is_only_handle = meaning == "handle" and sum(one.name == "handle" for one in meanings.values()) == 1
        if column.filled < _MOSTLY_HANDLES and not column.is_number and not is_only_handle:
            # If some of the accounts are there as well.
            continue
        if meaning in ("profile address", "post address", "handle", "actor"):
            for platform in column.platforms_linked:
                evidence.setdefault(platform, []).append(f"addresses in {column.name!r}")
        for platform in column.platforms_pictured:
            evidence.setdefault(platform, []).append(f"addresses of pictures in {column.name!r}")
        if column.is_channel_id:
            evidence.setdefault("youtube", []).append(f"channel ids in {column.name!r}")
        is_own = meaning not in ("", "external_url") or column.header.says_any("url", "actor")
        if is_own and not (meaning == "" and column.is_flag):
            for platform in column.header.platforms:
                evidence.setdefault(platform, []).append(f"header {column.name!r}")
    if len(evidence) == 1:
        ((platform, told_by),) = evidence.items()
        by_name = understand(names[0]).platforms if names else frozenset()
        if by_name and platform not in by_name and told_by[0].startswith("header"):
            others = " and ".join(sorted(by_name))
            return Question(
                "platform",
                f"{platform} by {told_by[0]}, and {others} by the name {names[0]!r}",
                tuple(f"platform: {name}" for name in sorted({platform, *by_name})),
            )
        return platform, None, told_by[0]
    for name in names:
        told = understand(name).platforms
        if len(told) == 1 and (not evidence or told <= set(evidence)):
            return next(iter(told)), None, f"the name {name!r}"
    linked = {p for p, why in evidence.items() if any(word.startswith(("addresses", "channel")) for word in why)}
    if len(linked) == 1 and len(followed) <= 1:
        (platform,) = linked
        return platform, None, evidence[platform][0]
    choices = tuple(f"platform: {platform}" for platform in sorted(evidence) or ("instagram", "tiktok", "youtube"))
    if evidence:
        named_by = "; ".join(f"{platform} by {why[0]}" for platform, why in sorted(evidence.items()))
        return Question(
            "platform", f"several platforms side by side ({named_by}): say which accounts are meant", choices
        )
    return Question("platform", "nothing in the file tells the platform", choices)


def _platform_by_record(columns: Sequence[Column], meanings: Mapping[str, Meaning]) -> Taken | None:
    """Returns the column that gives the platform of each record: a name, or the only address."""
    for column in columns:
        if meanings[column.name].name == "platform" and column.platforms_named:
            why = f"cells: {', '.join(sorted(set(column.platforms_named.values())))}"
            return Taken(column, "platform", "sure", why, _platform_expression(column))
    addresses = [column for column in columns if meanings[column.name].name == "profile address"]
    if len(addresses) != 1 or not addresses[0].platforms_mixed or addresses[0].header.platforms:
        return None
    (column,) = addresses
    name = identifier(column.name)
    cases = " ".join(
        f"WHEN regexp_matches(text_of({name}), {literal(pattern)}) THEN {literal(platform)}"
        for platform, pattern in sorted(column.platforms_mixed.items())
    )
    why = f"addresses of {', '.join(sorted(column.platforms_mixed))}"
    return Taken(column, "platform", "sure", why, f"CASE {cases} END")


def _platform_expression(column: Column) -> str:
    name = identifier(column.name)
    odd = {
        cell.lower(): platform
        for cell, platform in column.platforms_named.items()
        if cell.lower().replace(" ", "") not in (platform, *_READ_BY_MACRO)
    }
    if not odd:
        return f"platform_of({name})"
    cases = " ".join(f"WHEN {literal(cell)} THEN {literal(platform)}" for cell, platform in sorted(odd.items()))
    return f"CASE lower(text_of({name})) {cases} ELSE platform_of({name}) END"
