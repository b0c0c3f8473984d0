"""Plausibility rules for every reading of an export, checked over all records.

Belongs here: an account has one id and an id one handle; records of far fewer accounts are not profiles; a figure is
compared with its neighbours. Does not: the meaning of one column (`header_semantics`), or units (`figures`).
"""

import re
from dataclasses import replace

import polars as pl

from assets.inference.cells import share_of
from assets.inference.draft import HOLDS, Draft
from assets.inference.identity import NAMED, Taken
from assets.inference.proposal import Question
from assets.inference.times import time_expression
from schemas.quoting import identifier

# With fewer records a rule is inconclusive.
_FEW = 3
# Records of one account each repeat few handles: two platforms may share one.
_FOLDED = 0.7
_ROUNDED_ID = r"^\d{12,}0{4}$"
_PERIOD = r"(?i)watch time|impressions|click[- ]through|estimated revenue|wiedergabezeit|durée de visionnage"


def check_accounts(draft: Draft, *, of_posts: bool) -> None:
    """Drops an id that is not the account's, and asks where records are not accounts.

    Args:
        draft: The reading; its accounts are taken.
        of_posts: Whether each record is a post.
    """
    taken = {one.canonical: one for one in reversed(draft.taken)}
    handle, identity = taken.get("handle"), taken.get("profile_id")
    if handle and identity and handle.why == NAMED:
        # If there is an id, a name is only a name.
        _drop(draft, handle, "the id names the account")
        handle = None
    if handle and identity:
        handle, identity = _one_id_each(draft, handle, identity)
    key = identity or handle
    if key is None or of_posts:
        return
    keys = draft.texts(key.expression).drop_nulls()
    accounts = keys.n_unique()
    are_dated = bool(draft.named("post id", "created", "posted"))
    is_one = accounts == 1 and len(keys) >= (2 if draft.named("plain likes") else _FEW)
    if is_one or (len(keys) > _FEW and accounts <= len(keys) // 3 and are_dated):
        text = (
            f"{len(keys)} records describe {accounts} account{'s' * (accounts > 1)} by {key.column.name!r} "
            f"({keys[0]!r}, …): is a record a post, a day, or does the column belong to somebody else?"
        )
        draft.questions.append(Question("records", text, ()))


def _one_id_each(draft: Draft, handle: Taken, identity: Taken) -> tuple[Taken | None, Taken | None]:
    """Returns handle and id without the one that other records contradict."""
    pairs = pl.DataFrame(
        {"handle": draft.texts(handle.expression), "id": draft.texts(identity.expression)}
    ).drop_nulls()
    if pairs.height < 2:
        return handle, identity
    unique = pairs.unique()
    handles, ids = unique["handle"].n_unique(), unique["id"].n_unique()
    if ids >= HOLDS * pairs.height and handles <= _FOLDED * pairs.height:
        _drop(draft, identity, f"{ids} ids for {handles} handles: ids of the records, not of the accounts")
        return handle, None
    is_rounded = pairs["id"].str.contains(_ROUNDED_ID).all()
    if handles > ids and (is_rounded or ids < HOLDS * handles):
        why = "a spreadsheet has rounded their last digits" if is_rounded else "not the accounts' own"
        _drop(draft, identity, f"one id stands for several handles: {why}")
        return handle, None
    return handle, identity


def _drop(draft: Draft, one: Taken, why: str) -> None:
    draft.taken = [other for other in draft.taken if other is not one]
    draft.aside.setdefault(one.column.name, ("aside", why))
    draft.contradicted[one.canonical] = one.column.name
    draft.checks.append(f"{one.column.name!r} is not the {one.canonical}: {why}")


def check_records(draft: Draft) -> None:
    """Asks where records are comments under posts, or figures of a period and not levels."""
    of_comments = [
        column.name
        for column in draft.columns
        if re.match(r"(?i)^(comment(er)?s?[_ ]?(id|user|author|text|date|url)|reply[_ ]?(id|user))", column.name)
    ]
    if len(of_comments) > 1 and any(draft.named("post id", "post address", "shortcode")):
        draft.questions.append(
            Question(
                "records",
                f"{', '.join(map(repr, of_comments[:3]))} stand beside the post: the records are comments, and their "
                "likes are not those of posts; give the export of the posts",
                (),
            )
        )
    followers = next((one for one in draft.taken if one.canonical == "followers"), None)
    period = [column.name for column in draft.columns if re.search(_PERIOD, column.name)]
    if followers and period and not any(one.canonical.startswith("avg_") for one in draft.taken):
        draft.ask(
            followers.column,
            f"{period[0]!r} is of a period: are these the followers, or those gained in it?",
            (f"followers: {followers.expression}",),
        )
        draft.taken = [one for one in draft.taken if one is not followers]


def check_figures(draft: Draft) -> None:
    """Asks where averages contradict each other, and reads hidden followers as not given."""
    likes, comments = draft.values.get("avg_likes"), draft.values.get("avg_comments")
    if likes is not None and comments is not None:
        both = pl.DataFrame({"likes": likes, "comments": comments}).drop_nulls()
        if both.height >= _FEW and share_of(both["comments"] > both["likes"]) >= HOLDS:
            one = next((one for one in draft.taken if one.canonical == "avg_comments"), None)
            if one is not None:
                draft.ask(
                    one.column,
                    "more comments than likes in almost every record: are the columns shifted?",
                    (f"avg_comments: {one.expression}",),
                )
                draft.taken = [other for other in draft.taken if other is not one]
    hides = [
        column
        for column in draft.columns
        if column.is_flag and column.header.says("followers") and re.search(r"(?i)hidden|hides?", column.name)
    ]
    followers = next((one for one in draft.taken if one.canonical == "followers"), None)
    if hides and followers:
        is_hidden = f"coalesce(flag_of({identifier(hides[0].name)}), false)"
        draft.taken[draft.taken.index(followers)] = replace(
            followers,
            why=f"{followers.why}; not given where {hides[0].name!r}",
            expression=f"CASE WHEN NOT {is_hidden} THEN {followers.expression} END",
            also=(*followers.also, hides[0].name),
        )


def explain_unread(draft: Draft) -> None:
    """Names the column and one cell where a header promises followers or times and the cells cannot be read."""
    for about, concept, what in (("followers", "followers", "counts"), ("posted_at", "posted", "times")):
        place = next((number for number, question in enumerate(draft.questions) if question.about == about), None)
        if place is None:
            continue
        for column in draft.columns:
            says = column.header.says(concept) or (about == "posted_at" and column.header.says("date"))
            is_other = column.header.says_any("handle", "name", "id", "url", "captured")
            if says and not is_other and len(column.cells) and time_expression(column) is None:
                odd = column.cells.filter(~column.cells.str.contains(r"^[+-]?[\d.,' ]+[kKmMbB]?$"))
                if len(odd):
                    text = f"cells of {column.name!r} cannot be read as {what}, such as {odd[0]!r}"
                    draft.questions[place] = Question(column.name, text, ())
                    break
