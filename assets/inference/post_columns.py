"""Columns of a table of posts.

Belongs here: detecting such a table, and the meaning of its columns. Does not: the accounts of the posts.
"""

from assets.inference.draft import HOLDS, Draft
from assets.inference.header_semantics import QUANTITIES
from assets.inference.identity import Taken
from assets.inference.proposal import Question
from assets.inference.times import time_expression
from schemas.quoting import identifier, literal

_POST_TEXTS = ("caption", "hashtags", "mentions", "kind")
_POST_MARKS = ("posted", "post address", "post id", "shortcode", "caption")
_ID_IN_ADDRESS = r"(?:/(?:p|reel|reels|video|videos|status|shorts|posts|tv|pin)/|watch\?v=|youtu\.be/)([^/?&#\s]+)"
_FIGURES = ("likes", "comments", "shares", "saves", "views", "reach")


def is_table_of_posts(draft: Draft) -> bool:
    """Returns whether each record is a post."""
    marks = {meaning.name for meaning in draft.meanings.values()} & set(_POST_MARKS)
    has_figures = any(draft.named(f"plain {quantity}") for quantity in QUANTITIES)
    if any(draft.named(f"average {quantity}") for quantity in ("likes", "comments", "engagement")):
        return False
    return has_figures and (len(marks) >= 2 or bool(marks & {"post address", "post id", "shortcode"}))


def take_posts(draft: Draft) -> None:
    """Takes the columns of posts, from a table of them or a list within profiles."""
    for column in draft.columns:
        meaning = draft.meanings[column.name].name
        if column.header.of_actor and not draft.is_nested:
            continue
        if meaning.startswith("plain "):
            quantity = meaning.removeprefix("plain ")
            if quantity in _FIGURES:
                # Plays beside views are not a reason to reject the likes.
                rest = draft.choice(meaning, asks=quantity in ("likes", "comments"), of_actor=False)
                if rest is column:
                    macro = "likes_of" if quantity == "likes" else "count_of"
                    expression = draft.convert(column, macro, is_whole=True)
                    if expression:
                        draft.take(column, f"posts.{quantity}", expression)
    given = draft.named("plain likes given")
    if given and not any(taken.canonical == "posts.likes" for taken in draft.taken):
        expression = draft.convert(given[0], "likes_of", is_whole=True)
        if expression:
            draft.take(given[0], "posts.likes", expression)
    _post_identity(draft)
    for canonical in _POST_TEXTS:
        found = draft.named(canonical) or (draft.named("title") if canonical == "caption" else [])
        if found:
            macro = "list_of" if canonical in ("hashtags", "mentions") else "text_of"
            draft.take(found[0], f"posts.{canonical}", f"{macro}({identifier(found[0].name)})")
    for canonical in ("is_pinned", "is_sponsored"):
        found = draft.named(canonical)
        if found:
            draft.take(found[0], f"posts.{canonical}", f"flag_of({identifier(found[0].name)})")


def _post_identity(draft: Draft) -> None:
    """Takes the columns that identify posts, and their time."""
    accounts = {taken.column.name for taken in draft.taken if taken.canonical == "profile_id"}
    bare = [
        column
        for column in draft.named("id")
        if column.name not in accounts and not column.header.says("actor") and not column.header.of_actor
    ]
    links = draft.named("post address")
    ids = [*draft.named("post id"), *bare, *draft.named("shortcode")]
    taken = next((column for column in ids if column.distinct >= HOLDS and column.filled >= HOLDS), None)
    if taken is not None:
        draft.take(taken, "posts.post_id", f"text_of({identifier(taken.name)})")
    elif links:
        name = identifier(links[0].name)
        draft.take(
            links[0],
            "posts.post_id",
            f"nullif(regexp_extract({name}, {literal(_ID_IN_ADDRESS)}, 1), '')",
            certainty="likely",
            why="out of the address of the post",
        )
    else:
        draft.questions.append(Question("post_id", "no column tells posts apart", ()))
    if links:
        draft.taken.append(
            Taken(links[0], "posts.url", "sure", "header and cells", f"text_of({identifier(links[0].name)})")
        )
    posted = [*draft.named("posted"), *draft.named("date"), *draft.named("created")]
    for column in posted:
        if column.header.says("captured"):
            continue
        told = time_expression(column)
        if isinstance(told, str):
            draft.take(column, "posts.posted_at", told, why="header and cells")
            return
        if told is not None:
            draft.questions.append(told)
            draft.aside[column.name] = ("ambiguous", told.text)
            return
    draft.questions.append(Question("posted_at", "no column says when posts were published", ()))
