"""Proposal of a shape for an unknown export: the meaning and unit of each column, and the open questions.

Belongs here: combining meanings, identity, numbers and arithmetic. Does not: opening files, or printing.
"""

import re
from dataclasses import replace

import polars as pl

from assets.inference import identity, plausibility
from assets.inference.account_figures import take_averages, take_followers, take_ratio
from assets.inference.cells import Column
from assets.inference.draft import HOLDS, Draft
from assets.inference.header_semantics import QUANTITIES
from assets.inference.identity import Taken
from assets.inference.post_columns import is_table_of_posts, take_posts
from assets.inference.proposal import ColumnReading, Proposal, Question
from assets.inference.times import time_expression
from schemas.quoting import identifier
from schemas.shape import Records, Selection, Shape, canonical_columns

_PLAIN_TEXTS = (
    "biography",
    "country",
    "city",
    "language",
    "sex",
    "tone",
    "sector",
    "age_band",
    "external_url",
    "contact_email",
)

_OPTIONAL = {
    *_PLAIN_TEXTS,
    *("display_name", "profile_url", "is_verified", "is_private", "is_business", "age", "following", "posts_count"),
    *("caption", "hashtags", "mentions", "kind", "url", "is_pinned", "is_sponsored"),
}
# Highest ratio between follower counts of one account in one export.
_OTHER_ACCOUNT = 1.2
_FEW_NAMES = 0.005
# Days within which the records of one export are captured.
_LONGEST_SPAN = 366


def propose(
    frame: pl.DataFrame, layout: Shape, *, platform: str | None = None, names: tuple[str, ...] = ()
) -> Proposal:
    """Proposes a reading of an export.

    Args:
        frame: The export, one column of text per column, in the order of the file.
        layout: The format, encoding, delimiter and the like of the file. Its other keys are not used.
        platform: The platform of sources.yaml or of the command line.
        names: Names that may contain the platform, nearest first: of the file, of its folder.

    Returns:
        The proposal.
    """
    return _proposal(Draft(frame, layout, platform, names))


def propose_nested(proposal: Proposal, path: str, items: pl.DataFrame) -> Proposal | None:
    """Adds the posts that are nested in a list within each profile.

    Args:
        proposal: The proposal for the profiles.
        path: The path of the list in a profile.
        items: Its records, of all profiles, as `propose` takes them.

    Returns:
        The proposal with the posts, or None where the items are not posts, or not for sure.
    """
    shape = proposal.shape
    if shape is None or shape.profiles is None or not items.height:
        return None
    found = _nested_posts(Draft(items, shape, shape.platform or "", ()))
    if found is None:
        return None
    taken, columns = found
    whose = {
        name: re.sub(r'"((?:[^"]|"")+)"', r'profile."\1"', shape.profiles.select[name])
        for name in ("profile_id", "handle", *(() if shape.platform else ("platform",)))
        if name in shape.profiles.select
    }
    selection = _selection({name.removeprefix("posts."): one for name, one in taken.items()}, "posts")
    posts = selection.model_copy(update={"nested": path, "select": whose | selection.select})
    return Proposal(
        shape.model_copy(update={"posts": posts}),
        [*proposal.columns, *columns],
        proposal.questions,
        [*proposal.checks, f"posts in {path!r}"],
    )


def _proposal(draft: Draft) -> Proposal:
    if not draft.frame.height or not draft.columns:
        return Proposal(None, questions=[Question("records", "there are none under the header", ())])
    told = identity.platform_of(draft.columns, draft.meanings, draft.declared, draft.names)
    if isinstance(told, Question):
        draft.questions.append(told)
        draft.platform, column, why = "", None, ""
    else:
        draft.platform, column, why = told
        if column:
            draft.taken.append(column)
        else:
            draft.checks.append(f"platform {draft.platform}: {why}")
    is_posts = is_table_of_posts(draft)
    _accounts(draft, of_posts=is_posts)
    plausibility.check_accounts(draft, of_posts=is_posts)
    take_followers(draft)
    _check_names(draft)
    if is_posts:
        take_posts(draft)
    else:
        take_averages(draft)
        take_ratio(draft)
        _attributes(draft)
        plausibility.check_figures(draft)
    plausibility.check_records(draft)
    return _finished(draft)


def _nested_posts(draft: Draft) -> tuple[dict[str, Taken], list[ColumnReading]] | None:
    """Returns the columns of posts if these are posts and no question about them is open."""
    draft.platform = draft.declared or ""
    draft.is_nested = True
    if not any(draft.named(f"plain {quantity}", f"plain {quantity} given") for quantity in QUANTITIES):
        return None
    take_posts(draft)
    taken = {one.canonical: one for one in reversed(draft.taken)}
    if draft.questions or not {"posts.post_id", "posts.posted_at"} <= set(taken):
        return None
    return taken, [
        replace(column, column=f"… {column.column}") for column in _finished(draft).columns if column.taken_for
    ]


def _accounts(draft: Draft, *, of_posts: bool) -> None:
    found = identity.accounts(draft.columns, draft.meanings, draft.platform, of_posts=of_posts)
    draft.taken += found
    if not any(taken.canonical in ("handle", "profile_id") for taken in found):
        serial = next((column for column in draft.named("id") if column.is_index or column.is_serial), None)
        if serial:
            draft.ask(
                serial,
                "numbers the records, and nothing else names the accounts: does it stay the same in every export?",
                (f"profile_id: text_of({identifier(serial.name)})",),
            )
            return
        draft.questions.append(Question("account", "no column names the account", ()))


def _check_names(draft: Draft) -> None:
    """Asks if a name is used as the handle, so that two accounts of one name would be merged."""
    taken = {one.canonical: one for one in reversed(draft.taken)}
    handle, followers = taken.get("handle"), draft.values.get("followers")
    if handle is None or followers is None or "profile_id" in taken or handle.why != identity.NAMED:
        return
    accounts = pl.DataFrame(
        {
            "name": draft.frame[handle.column.name].cast(pl.String).str.to_lowercase(),
            "platform": draft.frame[taken["platform"].column.name] if "platform" in taken else draft.platform,
            "followers": followers,
        }
    )
    several = (
        accounts.drop_nulls()
        .group_by("name", "platform")
        .agg(pl.col("followers").min().alias("least"), pl.col("followers").max().alias("most"))
        .filter(pl.col("most") > _OTHER_ACCOUNT * pl.col("least"))
    )
    names = ", ".join(several["name"].sort().head(3))
    if 0 < several.height <= _FEW_NAMES * accounts.height:
        draft.checks.append(f"{several.height} names stand for several accounts, of which one stays: {names}")
    elif several.height:
        draft.ask(
            handle.column,
            f"names stand for handles, and {several.height} of them stand for several accounts "
            f"({names}); which column tells accounts apart?",
            (),
        )


def _attributes(draft: Draft) -> None:
    for canonical in _PLAIN_TEXTS:
        found = [column for column in draft.named(canonical) if column.name not in draft.aside]
        if found:
            best = max(
                found,
                key=lambda column: (
                    column.filled >= 0.5,
                    -len(column.header.concepts) - len(column.header.unknown),
                ),
            )
            macro = "list_of" if best.share(r"^\[") >= HOLDS else "text_of"
            draft.take(best, canonical, f"{macro}({identifier(best.name)})")
            for other in found:
                if other is not best:
                    draft.aside[other.name] = ("aside", f"{best.name!r} is read")
    for canonical in ("is_verified", "is_private", "is_business"):
        found = draft.named(canonical)
        if found:
            draft.take(found[0], canonical, f"flag_of({identifier(found[0].name)})")
    age = draft.choice("age", asks=False)
    if age:
        expression = draft.convert(age, "count_of", is_whole=True, asks=False)
        if expression:
            draft.take(age, "age", expression)
    _captured(draft)


def _captured(draft: Draft) -> None:
    for column in draft.named("date"):
        told = time_expression(column)
        if isinstance(told, str):
            days = draft.texts(f"CAST({told} AS DATE)").drop_nulls().str.to_date()
            if len(days) and (days.max() - days.min()).days > _LONGEST_SPAN:  # type: ignore[operator,union-attr]
                draft.aside[column.name] = ("aside", "its dates span years: not when the records were captured")
                continue
            draft.take(column, "captured_at", told, why="header and cells")
            return
        if draft.repeats_accounts and told is not None:
            # It decides which record of an account is its newest.
            draft.questions.append(told)
            draft.aside[column.name] = ("ambiguous", told.text)
            return


def _finished(draft: Draft) -> Proposal:
    taken: dict[str, Taken] = {}
    for one in draft.taken:
        taken.setdefault(one.canonical, one)
    has_posts = "posts.post_id" in taken and "posts.posted_at" in taken
    profiles = {name: one for name, one in taken.items() if not name.startswith("posts.")}
    posts = {name.removeprefix("posts."): one for name, one in taken.items() if name.startswith("posts.")}
    is_asked = any(
        draft.meanings[name].name == "followers"
        for name, (certainty, _) in draft.aside.items()
        if certainty == "ambiguous"
    )
    has_records = any(question.about == "records" for question in draft.questions)
    is_of_posts = is_table_of_posts(draft) and bool(profiles)
    if "followers" not in profiles and not has_posts and not is_asked and not has_records and not is_of_posts:
        draft.questions.append(Question("followers", "no column says how many followers an account has", ()))
    plausibility.explain_unread(draft)
    shape = _shape(draft, profiles, posts if has_posts else {})
    readings = [_reading(draft, column, taken) for column in draft.columns]
    return Proposal(shape, readings, draft.questions, draft.checks, contradicted=draft.contradicted)


def _shape(draft: Draft, profiles: dict[str, Taken], posts: dict[str, Taken]) -> Shape:
    numbers = draft.numbers.shape()
    common = {name: profiles[name] for name in ("handle", "profile_id", "platform") if name in profiles}
    wants_profiles = "followers" in profiles or not posts
    return draft.layout.model_copy(
        update={
            "name": "auto",
            "description": "Inferred from the file.",
            "decimal": numbers.decimal,
            "thousands": numbers.thousands,
            "platform": draft.platform or None,
            "profiles": _selection(profiles, "profiles") if wants_profiles else None,
            "posts": _selection(common | posts, "posts", in_profiles_file=wants_profiles) if posts else None,
        }
    )


def _reading(draft: Draft, column: Column, taken: dict[str, Taken]) -> ColumnReading:
    # Of an address that identifies the platform as well, the reason that it is the handle.
    for canonical, one in sorted(taken.items(), key=lambda item: item[0] == "platform"):
        if one.column is column:
            return ColumnReading(column.name, canonical, one.certainty, one.why, column.sample)
    certainty, why = draft.aside.get(column.name, ("aside", draft.meanings[column.name].note or "not needed"))
    meaning = draft.meanings[column.name].name
    if certainty == "aside" and why == "not needed" and meaning.startswith(("total ", "plain ")):
        why = f"{meaning.partition(' ')[2]}: total or average is not said"
    return ColumnReading(column.name, "", certainty, why, column.sample)


def _selection(taken: dict[str, Taken], records: Records, *, in_profiles_file: bool = False) -> Selection:
    columns: list[str] = []
    optional: list[str] = []
    # An export without its figures is another export; one without a biography is not.
    for canonical, one in sorted(taken.items(), key=lambda item: item[0] in _OPTIONAL):
        for name in [one.column.name, *one.also]:
            if name not in columns + optional:
                (optional if canonical in _OPTIONAL else columns).append(name)
    select = {name: one.expression for name, one in taken.items()}
    # Any shape reads a column by its canonical name: "avg_engagement" that holds a ratio must not be.
    other = [name for name in canonical_columns(records) if name in columns + optional and name not in select]
    return Selection(
        columns=columns,
        optional=optional,
        select=select | {name: "NULL" for name in other if name != "handle_original"},
        in_profiles_file=in_profiles_file,
    )
