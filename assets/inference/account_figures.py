"""Followers, averages and the reported ratio of accounts.

Belongs here: the choice of columns for figures that arithmetic over others decides (`figures`). Does not: tables of
posts (`post_columns`).
"""

import polars as pl

from assets.inference import figures
from assets.inference.cells import Column
from assets.inference.draft import HOLDS, Draft
from assets.inference.figures import Verdict
from assets.inference.header_semantics import QUANTITIES, Meaning
from assets.inference.proposal import Certainty, Question
from schemas.quoting import identifier

_AVERAGES = {
    f"average {quantity}": f"avg_{quantity}" for quantity in ("likes", "comments", "shares", "views", "engagement")
}
_LARGEST_RANKED = 10_000
_MOST_FOLLOWERS = 1e9
# Comments for each like, on average posts of almost any account.
_FEWEST_PER_LIKE, _MOST_PER_LIKE = 0.001, 0.5
# Upper bound of the share of viewers who like a post.
_MOST_PER_VIEW = 0.5


def take_followers(draft: Draft) -> None:
    """Takes the followers column, or adds a question."""
    column = draft.choice("followers")
    if column is None:
        return
    expression = draft.convert(column, "count_of", is_whole=True)
    if expression is None:
        return
    followers = draft.value("followers", expression)
    readable = followers.drop_nulls().len()
    if readable < HOLDS * len(column.cells):
        draft.ask(column, f"only {readable} of {len(column.cells)} cells can be read as counts", ())
        return
    largest = followers.max()
    if isinstance(largest, float) and largest > _MOST_FOLLOWERS:
        # "12 B" is 12 thousand in Turkish.
        name = identifier(column.name)
        thousands = expression.replace(name, rf"regexp_replace({name}, '\s*B$', 'K')")
        draft.ask(
            column,
            f"{largest:,.0f} followers, which nobody has: is its unit read rightly? In Turkish, B is a thousand (bin)",
            (f"followers: {thousands}",),
        )
        return
    named = {platform for other in draft.columns for platform in other.header.platforms}
    if column.header.says("total") and not column.header.platforms and len(named) > 1:
        draft.ask(column, "of all platforms together, or of one?", (f"followers: {expression}",))
        return
    if column.header.unknown:
        # "Male followers", "newsletter subscribers", "Followers M".
        words = " and ".join(repr(word) for word in column.header.unknown)
        units = (f"count_of({identifier(column.name)}, '{unit}')" for unit in ("thousands", "millions"))
        draft.ask(
            column,
            f"{words} is not understood: are these all the followers of an account, one by one?",
            (expression, *units),
        )
        return
    has_ranks = any(draft.meanings[other.name].note == "a rank" for other in draft.columns)
    if column.header.scale == 1 and has_ranks and isinstance(largest, float) and 0 < largest < _LARGEST_RANKED:
        name = identifier(column.name)
        draft.ask(
            column,
            "a ranking, and nobody in it has 10,000 followers: in thousands, or in millions?",
            (f"count_of({name}, 'thousands')", f"count_of({name}, 'millions')", f"count_of({name})"),
        )
        return
    draft.take(column, "followers", expression)


def take_averages(draft: Draft) -> None:
    """Takes the averages per post (likes, comments and others), and the figures beside them."""
    for meaning, canonical in _AVERAGES.items():
        column = draft.choice(meaning)
        if column is None:
            continue
        expression = draft.convert(column, "number_of", is_whole=False)
        if expression is None:
            continue
        values = draft.value(canonical, expression)
        followers = draft.values.get("followers")
        if meaning == "average engagement" and followers is not None:
            kind = _kind_of_engagement(draft, values, followers)
            if kind.reading != "counts":
                # "Engagement moyen" of 2.5 beside two million followers.
                del draft.values[canonical]
                if kind.reading == "ratio":
                    draft.meanings[column.name] = Meaning("ratio", kind.why)
                else:
                    draft.ask(column, kind.why, (*_ratios(column), f"{canonical}: {expression}"))
                continue
        if (
            meaning in ("average likes", "average comments", "average engagement")
            and followers is not None
            and not figures.is_plausible_average(values, followers)
        ):
            draft.ask(
                column,
                "more per post than there are followers, in most rows: a total, or followers in another unit?",
                (f"{canonical}: {expression}",),
            )
            continue
        if meaning == "average likes" and followers is not None and figures.are_fractions(values, followers):
            draft.ask(
                column,
                "less than one per post, and over a thousand followers, in most rows: a ratio, or in thousands?",
                (*_ratios(column), f"{canonical}: number_of({identifier(column.name)}, 'thousands')"),
            )
            continue
        certainty, why = _by_header(column)
        draft.take(column, canonical, expression, certainty=certainty, why=draft.meanings[column.name].note or why)
    _plain(draft)
    for canonical, meaning in (
        ("following", "following"),
        ("posts_count", "posts_count"),
        ("averaged_posts", "averaged_posts"),
    ):
        column = draft.choice(meaning, asks=False)
        if column:
            expression = draft.convert(column, "count_of", is_whole=True, asks=False)
            if expression:
                draft.value(canonical, expression)
                draft.take(column, canonical, expression)
    _totals(draft)


def _plain(draft: Draft) -> None:
    """Classifies columns named "likes", "comments" or "engagement" beside followers as averages or totals."""
    followers = draft.values.get("followers")
    likes, comments = draft.choice("plain likes"), draft.choice("plain comments")
    engagement = draft.choice("plain engagement")
    for column in (likes, comments, engagement):
        known = f"average {draft.meanings[column.name].name.removeprefix('plain ')}" if column else ""
        if column and draft.named(known):
            draft.aside[column.name] = ("aside", "the averages stand beside it")
    likes = likes if likes and likes.name not in draft.aside else None
    comments = comments if comments and comments.name not in draft.aside else None
    engagement = engagement if engagement and engagement.name not in draft.aside else None
    if engagement and followers is not None:
        _plain_engagement(draft, engagement, followers)
    if likes is None and comments is None:
        return
    if followers is None:
        for column in (likes, comments):
            if column:
                draft.ask(
                    column,
                    "an average per post, or a total? There are no followers to compare it with",
                    _average_or_total(draft, column),
                )
        return
    converted = {}
    for column in (likes, comments):
        if column:
            expression = draft.convert(column, "number_of", is_whole=False)
            if expression is None:
                return
            converted[column.name] = (expression, draft.value(column.name, expression))
    lead = likes or comments
    assert lead is not None  # noqa: S101 - one of the two is there
    # Sums over the posts in a vendor's sample, or over all of them.
    posts = draft.choice("averaged_posts", asks=False) or draft.choice("posts_count", asks=False)
    posts_expression = draft.numbers.expression(posts, "count_of", is_whole=True) if posts else None
    counts = draft.value("posts", posts_expression) if isinstance(posts_expression, str) else None
    ratio = draft.named("ratio")
    ratio_expression = (
        draft.numbers.expression(
            ratio[0], "ratio_of", is_whole=False, unit="percent" if ratio[0].has_percent_sign else "fraction"
        )
        if ratio
        else None
    )
    ratios = draft.value("ratio", ratio_expression) if isinstance(ratio_expression, str) else None
    if likes:
        verdict = figures.kind_of_likes(
            converted[likes.name][1], converted[comments.name][1] if comments else None, followers, counts, ratios
        )
    else:
        averages = draft.values.get("avg_likes")
        per_like = figures.quotient(converted[lead.name][1], averages).median() if averages is not None else None
        if not isinstance(per_like, float) or not _FEWEST_PER_LIKE <= per_like <= _MOST_PER_LIKE:
            draft.aside[lead.name] = ("aside", "comments: total or average is not said")
            return
        verdict = Verdict("average", is_sure=False, why=f"{per_like:.2g} for each of the average likes")
    if verdict.reading == "average" and not verdict.is_sure:
        verdict = _held_beside_views(draft, converted[lead.name][1], counts) or verdict
    if verdict.reading == "average" and not verdict.is_sure and draft.repeats_accounts:
        verdict = Verdict("", is_sure=False, why="Accounts come in several records each: is a record a post, or a day?")
    _settle_plain(draft, verdict, [column for column in (likes, comments) if column], converted, posts)


def _held_beside_views(draft: Draft, likes: pl.Series, posts: pl.Series | None) -> Verdict | None:
    """Returns evidence that likes are totals if as averages they would be most of a post's views; else nothing."""
    views = next(iter(draft.named("total views")), None)
    expression = draft.numbers.expression(views, "number_of", is_whole=False) if views else None
    if posts is None or not isinstance(expression, str):
        return None
    each = figures.quotient(likes, figures.quotient_rows(draft.evaluate(expression), posts)).median()
    if not isinstance(each, float) or each <= _MOST_PER_VIEW:
        return None
    return Verdict("total", is_sure=False, why=f"{each:.2g} times the views of a post: no average")


def _settle_plain(
    draft: Draft,
    verdict: Verdict,
    columns: list[Column],
    converted: dict[str, tuple[str, pl.Series]],
    posts: Column | None,
) -> None:
    for column in columns:
        quantity = draft.meanings[column.name].name.removeprefix("plain ")
        if verdict.reading == "average":
            draft.values[f"avg_{quantity}"] = converted[column.name][1]
            certainty: Certainty = "sure" if verdict.is_sure else "likely"
            draft.take(column, f"avg_{quantity}", converted[column.name][0], certainty=certainty, why=verdict.why)
        elif verdict.reading == "total":
            draft.meanings[column.name] = Meaning(f"total {quantity}", verdict.why)
            if column.header.unknown:
                # "Likes received": the period is unknown.
                words = " and ".join(map(repr, column.header.unknown))
                draft.aside[column.name] = ("aside", f"a total, and {words} is not understood")
            elif posts is None:
                draft.aside[column.name] = ("aside", f"a total ({verdict.why})")
        else:
            draft.ask(column, f"an average per post, or a total? {verdict.why}", _average_or_total(draft, column))


def _average_or_total(draft: Draft, column: Column) -> tuple[str, ...]:
    quantity = draft.meanings[column.name].name.rpartition(" ")[2]
    name = identifier(column.name)
    posts = draft.named("posts_count")
    total = (
        f"avg_{quantity}: average_of(number_of({name}), count_of({identifier(posts[0].name)}))"
        if posts
        else f"(a total: leave {name} out)"
    )
    return (f"avg_{quantity}: number_of({name})", total)


def _plain_engagement(draft: Draft, column: Column, followers: pl.Series) -> None:
    expression = draft.convert(column, "number_of", is_whole=False)
    if expression is None:
        return
    values = draft.value(column.name, expression)
    kind = _kind_of_engagement(draft, values, followers)
    if kind.reading == "ratio":
        if not draft.named("ratio"):
            draft.meanings[column.name] = Meaning("ratio", kind.why)
        else:
            draft.aside[column.name] = ("aside", "a ratio stands beside it")
        return
    typical = figures.quotient(values, followers).median()
    draft.ask(
        column,
        "likes and comments per post, or altogether?"
        + (f" Typically {typical:.2%} of followers" if isinstance(typical, float) else "")
        + ("" if kind.reading else "; or percent of followers?"),
        (
            *(() if kind.reading else _ratios(column)),
            f"avg_engagement: {expression}",
            f"(a total: leave {identifier(column.name)} out)",
        ),
    )


def _kind_of_engagement(draft: Draft, values: pl.Series, followers: pl.Series) -> Verdict:
    likes, comments = draft.values.get("avg_likes"), draft.values.get("avg_comments")
    return figures.kind_of_engagement(values, followers, likes, comments)


def _ratios(column: Column) -> tuple[str, ...]:
    """Returns the two readings of a ratio without a stated unit, as lines of a shape."""
    name = identifier(column.name)
    return tuple(f"reported_engagement_ratio: ratio_of({name}, '{unit}')" for unit in ("fraction", "percent"))


def _totals(draft: Draft) -> None:
    """Derives averages from totals and numbers of posts if the export has no averages."""
    followers = draft.values.get("followers")
    sample, all_posts = draft.choice("averaged_posts", asks=False), draft.choice("posts_count", asks=False)
    posts = sample or all_posts
    has_average = any(taken.canonical.startswith("avg_") for taken in draft.taken)
    for quantity in QUANTITIES:
        column = draft.choice(f"total {quantity}")
        if column is None:
            continue
        if (
            posts is None
            or has_average
            or followers is None
            or quantity not in ("likes", "comments", "shares", "views")
        ):
            draft.aside.setdefault(column.name, ("aside", "a total"))
            continue
        if sample and all_posts and column.header.says("total"):
            draft.aside.setdefault(column.name, ("aside", "a total: of the posts that were looked at, or of all?"))
            continue
        divisor = draft.numbers.expression(posts, "count_of", is_whole=True)
        expression = draft.numbers.expression(column, "number_of", is_whole=False)
        if not isinstance(expression, str) or not isinstance(divisor, str):
            draft.aside.setdefault(column.name, ("aside", "a total"))
            continue
        average = f"average_of({expression}, {divisor})"
        values = draft.value(f"avg_{quantity}", average)
        if quantity in ("likes", "comments") and not figures.is_plausible_average(values, followers):
            del draft.values[f"avg_{quantity}"]
            draft.aside.setdefault(column.name, ("aside", "a total, and over posts more than there are followers"))
            continue
        draft.take(
            column,
            f"avg_{quantity}",
            average,
            certainty="likely",
            why=f"total over {posts.name!r}" + ("" if sample else ", all posts ever"),
            also=(posts.name,),
        )


def take_ratio(draft: Draft) -> None:
    """Takes the export's own engagement ratio, in its unit."""
    column = draft.choice("ratio")
    if column is None:
        return
    raw = draft.numbers.expression(column, "ratio_of", is_whole=False, unit="percent")
    if isinstance(raw, Question):
        draft.questions.append(raw)
        draft.aside[column.name] = ("ambiguous", raw.text)
        return
    values = 100 * draft.evaluate(raw)
    followers = draft.values.get("followers")
    if followers is None:
        followers = pl.Series([None] * draft.frame.height, dtype=pl.Float64)
    other = _other_base(draft, values)
    if other:
        draft.aside[column.name] = ("aside", other)
        return
    verdict = figures.unit_of_ratio(values, _engagement(draft), followers, signed=column.has_percent_sign)
    if column.header.is_percent and not verdict.is_sure:
        verdict = Verdict("percent", is_sure=True, why="header")
    if not verdict.reading or (column.header.is_percent and verdict.reading == "fraction" and not verdict.is_sure):
        why = verdict.why + (", and its header says percent" if column.header.is_percent else "")
        draft.ask(column, f"fractions or percent? {why}", _ratios(column))
        return
    expression = raw.replace("'percent'", f"'{verdict.reading}'", 1)
    draft.values["ratio"] = values / (100 if verdict.reading == "percent" else 1)
    certainty, caveat = _by_header(column)
    draft.take(
        column,
        "reported_engagement_ratio",
        expression,
        certainty=certainty if verdict.is_sure else "likely",
        why=f"{verdict.reading}: {verdict.why}" + (f"; {caveat}" if certainty == "likely" else ""),
    )


def _by_header(column: Column) -> tuple[Certainty, str]:
    """Returns the confidence in a header, and the reason."""
    if not column.header.unknown:
        return "sure", "header"
    return "likely", f"header, of which {' and '.join(map(repr, column.header.unknown))} is not understood"


def _other_base(draft: Draft, ratios: pl.Series) -> str:
    """Returns the denominator of the ratio as text if it is not followers; "" if it may be followers."""
    engagement, followers = _engagement(draft), draft.values.get("followers")
    if engagement is None:
        return ""
    for quantity in ("views", "reach"):
        for column in draft.named(f"average {quantity}", f"plain {quantity}"):
            expression = draft.numbers.expression(column, "number_of", is_whole=False)
            if not isinstance(expression, str):
                continue
            over_it = figures.quotient_rows(engagement, draft.evaluate(expression))
            over_followers = None if followers is None else figures.quotient_rows(engagement, followers)
            for unit in (1.0, 100.0):
                follows = figures.agreement(ratios / unit, over_it)
                if follows >= HOLDS and (
                    over_followers is None or figures.agreement(ratios / unit, over_followers) < follows
                ):
                    return f"over {column.name!r}, not over followers, in {follows:.0%} of rows"
    return ""


def _engagement(draft: Draft) -> pl.Series | None:
    """Returns likes and comments per post, as far as they were read."""
    if "avg_engagement" in draft.values:
        return draft.values["avg_engagement"]
    likes, comments = draft.values.get("avg_likes"), draft.values.get("avg_comments")
    if likes is None:
        return None
    return likes + comments.fill_null(0) if comments is not None else likes
