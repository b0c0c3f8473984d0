"""Arithmetic that decides between readings of figures: average or total, fraction or percent, units or millions.

Belongs here: constraints between followers, likes, comments and ratios. Does not: converting cells to numbers.
"""

import math
from dataclasses import dataclass

import polars as pl

from assets.inference.cells import share_of

# Range of a typical account of any size and platform: likes and comments per post over followers.
_LOWEST_RATIO, _HIGHEST_RATIO = 0.0005, 0.5
_LIKELY_RATIO = 0.003
# Lower bound of any account's rate per post, reached by accounts of many millions.
_LOWEST_AVERAGE = 0.00002
# Tolerance, and share of rows, for a reported ratio to agree with other columns.
_CLOSE, _OFTEN = 0.03, 0.6
_FEWEST = 3
_NEAR = 4.0
_EXACT_DIGITS = 1e-6
_THOUSAND, _LARGE = 1_000, 100_000


@dataclass(frozen=True)
class Verdict:
    """A reading chosen by arithmetic, or none.

    Attributes:
        reading: The chosen reading; "" if arithmetic is inconclusive.
        is_sure: Whether it is proven, and not only the plausible one.
        why: In words.
    """

    reading: str
    is_sure: bool
    why: str


def quotient(numerator: pl.Series, denominator: pl.Series) -> pl.Series:
    """Divides row by row where both are positive."""
    both = pl.DataFrame({"n": numerator, "d": denominator}).filter((pl.col("n") > 0) & (pl.col("d") > 0))
    return both["n"] / both["d"]


def agreement(first: pl.Series, second: pl.Series) -> float:
    """Returns the share of rows in which two columns agree within their rounding."""
    found = quotient(first, second)
    return share_of((found - 1).abs() <= _CLOSE)


def unit_of_ratio(ratio: pl.Series, engagement: pl.Series | None, followers: pl.Series, *, signed: float) -> Verdict:
    """Decides whether a column of ratios holds fractions or percent.

    Args:
        ratio: The column.
        engagement: Likes and comments per post by other columns, where there are any.
        followers: Followers.
        signed: Share of cells with a percent sign.
    """
    if signed > 0:
        if signed < 1 and ratio.drop_nulls().len() and signed < 0.9:
            return Verdict("", is_sure=False, why=f"only {signed:.0%} of its cells have a percent sign")
        if engagement is not None and agreement(ratio, quotient_rows(engagement, followers)) >= _OFTEN:
            return Verdict("", is_sure=False, why="percent signs, and fractions by likes, comments and followers")
        return Verdict("percent", is_sure=True, why="percent signs")
    typical = ratio.filter(ratio > 0).median()
    if engagement is not None:
        found = quotient(ratio, quotient_rows(engagement, followers))
        middle = found.median()
        if len(found) >= _FEWEST and isinstance(middle, float) and middle > 0:
            for unit, factor in (("fraction", 1.0), ("percent", 100.0)):
                close = share_of((found / factor - 1).abs() <= _CLOSE)
                if close >= _OFTEN:
                    return Verdict(
                        unit, is_sure=True, why=f"follows from likes, comments and followers in {close:.0%} of rows"
                    )
            for unit, factor in (("fraction", 1.0), ("percent", 100.0)):
                if 1 / _NEAR <= middle / factor <= _NEAR:
                    return Verdict(
                        unit,
                        is_sure=False,
                        why=f"about what likes and comments over followers give, × {middle / factor:.2g}",
                    )
    if not isinstance(typical, float):
        return Verdict("fraction", is_sure=False, why="all zero or empty")
    by_digits = _unit_by_digits(ratio, followers)
    as_percent = 100 * _LOWEST_RATIO <= typical <= 100 * _HIGHEST_RATIO
    as_fraction = _LOWEST_RATIO <= typical <= _HIGHEST_RATIO
    high = ratio.filter(ratio > 0).quantile(0.9) or 0.0
    if as_percent and as_fraction:
        # 0.05 to 0.5: low for percent, high for fractions.
        as_fraction = high <= 1
        # For a large account a ratio of 0.1 is high, and 0.1 % low.
        as_percent = typical >= 0.15 or high > 1 or _median(followers) >= _LARGE
    if by_digits and not (as_fraction if by_digits == "fraction" else as_percent):
        return Verdict(
            "", is_sure=False, why=f"times followers it is whole as a {by_digits}, which would be out of the ordinary"
        )
    if by_digits:
        return Verdict(
            by_digits, is_sure=True, why=f"as a {by_digits} it is a whole number of interactions in every row"
        )
    if as_percent != as_fraction:
        unit = "percent" if as_percent else "fraction"
        return Verdict(
            unit,
            is_sure=False,
            why=f"typical value {typical:.3g}; as a {'fraction' if as_percent else 'percent'} out of the ordinary",
        )
    return Verdict("", is_sure=False, why=f"typical value {typical:.3g}, possible as a fraction and as percent")


def quotient_rows(numerator: pl.Series, denominator: pl.Series) -> pl.Series:
    """Divides row by row; null unless both are positive."""
    return pl.select(pl.when((numerator > 0) & (denominator > 0)).then(numerator / denominator)).to_series()


def _unit_by_digits(ratio: pl.Series, followers: pl.Series) -> str:
    """Returns the unit in which ratio × followers is whole in every row, if there are enough digits to decide."""
    rows = pl.DataFrame({"r": ratio, "f": followers}).filter((pl.col("r") > 0) & (pl.col("f") > 1000))
    # At least five decimals: with fewer, rounding makes any product whole.
    rows = rows.filter((pl.col("r") * 1e5 - (pl.col("r") * 1e5).round()).abs() > 1e-4)
    if len(rows) < _FEWEST:
        return ""
    whole = {}
    for unit, factor in (("fraction", 1.0), ("percent", 100.0)):
        product = rows["r"] * rows["f"] / factor
        whole[unit] = share_of((product - product.round()).abs() <= _EXACT_DIGITS * product.clip(1))
    return next((unit for unit, share in whole.items() if share > 0.95 and min(whole.values()) < 0.5), "")


def kind_of_likes(
    likes: pl.Series, comments: pl.Series | None, followers: pl.Series, posts: pl.Series | None, ratio: pl.Series | None
) -> Verdict:
    """Decides whether a column named "likes" beside followers holds averages per post or totals.

    Args:
        likes: The column.
        comments: The column called just "comments", if any.
        followers: Followers.
        posts: Numbers of posts, if any.
        ratio: A reported ratio, as a fraction, if its unit is known for sure.
    """
    over = quotient(likes, followers)
    # A single account with more likes than followers decides.
    if (len(over) < _FEWEST and not (over > 1).all()) or over.is_empty():
        return Verdict("", is_sure=False, why="too few rows to tell an average from a total")
    typical = _median(over)
    engagement = likes + comments.fill_null(0) if comments is not None else likes
    totals = quotient_rows(likes, posts) if posts is not None else None
    per_post = _median(quotient(totals, followers)) if totals is not None else math.nan
    if ratio is not None:
        for factor in (1.0, 100.0):
            found = quotient(ratio / factor, quotient_rows(engagement, followers))
            if len(found) < _FEWEST:
                continue
            if share_of((found - 1).abs() <= _CLOSE) >= _OFTEN:
                return Verdict("average", is_sure=True, why="with comments over followers it gives the reported ratio")
            posts_in = 1 / found
            rounded = _median(posts_in)
            if rounded >= 1.5 and share_of((posts_in / round(rounded) - 1).abs() <= _CLOSE) >= _OFTEN:
                return Verdict(
                    "",
                    is_sure=False,
                    why=f"{round(rounded)} times what the reported ratio says: the sum over {round(rounded)} posts?",
                )
        each = quotient_rows(engagement, posts) if posts is not None else None
        if each is not None and agreement(quotient_rows(each, followers), ratio) >= _OFTEN:
            return Verdict("total", is_sure=True, why="over posts and followers it gives the reported ratio")
    if typical > 1:
        if totals is not None and _LOWEST_RATIO / 5 <= per_post <= 1:
            return Verdict(
                "total", is_sure=True, why=f"{typical:.3g} times followers: no average; per post {per_post:.2%} of them"
            )
        return Verdict("total", is_sure=False, why=f"{typical:.3g} times followers: no average")
    if typical > 0.3:
        return Verdict("", is_sure=False, why=f"{typical:.1%} of followers, much for an average and little for a total")
    if per_post >= _LIKELY_RATIO:
        return Verdict(
            "", is_sure=False, why=f"{typical:.2%} of followers, and {per_post:.2%} if shared out over the posts"
        )
    if typical >= _LOWEST_AVERAGE:
        return Verdict(
            "average", is_sure=False, why=f"{typical:.2g} of followers, as averages are, and far from what totals are"
        )
    return Verdict("", is_sure=False, why=f"{typical:.2%} of followers, little for an average and for a total")


def kind_of_engagement(
    values: pl.Series, followers: pl.Series, likes: pl.Series | None, comments: pl.Series | None
) -> Verdict:
    """Decides whether a column named "engagement" counts likes and comments per post, or is their ratio to followers.

    Args:
        values: The column.
        followers: Followers.
        likes: Likes per post by another column, if any.
        comments: Comments per post by another column, if any.

    Returns:
        "counts", "ratio", or "" where small accounts could have either.
    """
    if likes is not None:
        engagement = likes + comments.fill_null(0) if comments is not None else likes
        if agreement(values, engagement) >= _OFTEN:
            return Verdict("counts", is_sure=True, why="likes and comments give it")
        ratio = quotient_rows(engagement, followers)
        if max(agreement(values, ratio), agreement(values / 100, ratio)) >= _OFTEN:
            return Verdict("ratio", is_sure=True, why="likes and comments over followers give it")
    typical, over = _median(values.filter(values > 0)), _median(quotient(values, followers))
    if not typical <= 100 * _HIGHEST_RATIO:
        return Verdict("counts", is_sure=True, why="header")
    if over < _LOWEST_RATIO or typical < 1:
        return Verdict("ratio", is_sure=False, why="too small for a count")
    return Verdict(
        "", is_sure=False, why=f"typically {typical:.3g}: percent, or interactions that are {over:.2%} of followers?"
    )


def is_plausible_average(likes: pl.Series, followers: pl.Series) -> bool:
    """Returns whether likes per post do not exceed followers, in most rows."""
    found = quotient(likes, followers)
    return len(found) < _FEWEST or _median(found) <= 1


def are_fractions(likes: pl.Series, followers: pl.Series) -> bool:
    """Returns whether likes per post are less than one, for accounts with thousands of followers."""
    return _median(likes.filter(likes > 0)) < 1 and _median(followers) > _THOUSAND


def _median(values: pl.Series) -> float:
    middle = values.median()
    return float(middle) if isinstance(middle, (int, float)) else math.nan
