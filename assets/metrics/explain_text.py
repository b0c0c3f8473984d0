"""Text of the explanation of an account's rank.

Belongs here: formatting an `Explanation` as lines of text, with the formulas of the SQL and the numbers of the account.
Does not: getting the numbers (`explain`).
"""

import math
from collections.abc import Iterator
from typing import Any

from assets.metrics.explain import Explanation
from schemas.account import NO_RATIO

Row = dict[str, Any]


def text(told: Explanation) -> str:
    """Formats the explanation as lines of text."""
    parts = (_head, _ratio, _estimate, _authenticity, _score, _peers, _posts)
    return "\n\n".join("\n".join(part(told)) for part in parts)


def _head(told: Explanation) -> Iterator[str]:
    row = told.ranking
    place = f"rank {row['rank']} of {told.ranked}" if row["rank"] else "no rank"
    score = "no score" if row["score"] is None else f"score {row['score']:.2f}"
    name = f"{row['platform']} {row['handle'] or row['profile_id']} ({row['profile_id']})"
    yield f"{name}, {row['snapshot_date']}: {place}, {score}"
    # Letters of other scripts look like Latin ones: two accounts that look the same remain two.
    if odd := [f"{letter} U+{ord(letter):04X}" for letter in row["handle"] or "" if not letter.isascii()]:
        yield f"  letters of its handle beyond ASCII: {', '.join(odd)}"
    yield f"  {row['followers']:,} followers: tier {row['tier']}" + _ranks(row)
    if row["sector"] or row["tone"]:
        told_by = [f"{name} {row[name] or 'unknown'}{_by(row[f'{name}_basis'])}" for name in ("sector", "tone")]
        yield f"  {', '.join(told_by)}"
    if told.history:
        growth = (_percent(told.history["followers_growth_7d"]), _percent(told.history["followers_growth_30d"]))
        yield f"  growth of followers: {growth[0]} over 7 days, {growth[1]} over 30 days"
        if told.history["previous_handle"]:
            yield f"  was called {told.history['previous_handle']} in the snapshot before"
    if told.creator:
        others = told.creator["creator_accounts"] - 1
        yield f"  one creator with {others} other accounts: {told.creator['creator_reason']}"
    yield f"  profile: {_place(told.profile)}"


def _ranks(row: Row) -> str:
    found = [(name, row[f"rank_in_{name}"]) for name in ("tier", "platform", "sector", "country")]
    return "".join(f", {place} in its {name}" for name, place in found if place)


def _by(basis: str | None) -> str:
    return " (by words of its biography and hashtags)" if basis == "lexicon" else ""


def _ratio(told: Explanation) -> Iterator[str]:
    row = told.engagement
    yield "Ratio"
    if row["engagement_ratio"] is None:
        yield f"  none: {NO_RATIO[row['engagement_null_reason']]} ({row['engagement_null_reason']})"
        return
    basis = (
        f"median of likes + comments of the newest {row['posts_sampled']} posts"
        if row["engagement_basis"] == "posts"
        else "the export's own average of likes + comments"
    )
    typical = row["engagement_ratio"] * row["followers"]
    figures = f"{typical:,.1f} ÷ {row['followers']:,} = {_percent(row['engagement_ratio'])}"
    yield f"  engagement_ratio = {basis} ÷ followers = {figures}"
    if row["hidden_like_posts"]:
        yield f"  {row['hidden_like_posts']} posts hide their likes and are left out"
    if row["reported_engagement_ratio"] is not None:
        yield f"  the export itself says {_percent(row['reported_engagement_ratio'])}"


def _estimate(told: Explanation) -> Iterator[str]:
    row, prior = told.estimate, told.prior
    yield "Estimate"
    if not row:
        yield "  none without a ratio"
        return
    peers = {
        "tier": f"{prior['accounts']} accounts of its platform and tier",
        "platform": "the accounts of its platform",
        "published": "published defaults",
    }[prior["basis"]]
    yield (
        f"  expected of its size, by {peers}: a + b (ln followers - c) = {prior['log_expected']:.4f} "
        f"{_signed(prior['slope'])} × ({row['log_followers']:.4f} - {prior['log_followers']:.4f}) = "
        f"{row['expected_level']:.4f}, a ratio of {_percent(row['expected_ratio'])}"
    )
    yield from _level(row)
    expected = _signed(-row["expected_level"])
    yield f"  residual: r = y - expected = {row['level']:.4f} {expected} = {row['residual']:+.4f}"
    yield "  shrunk by the variance between accounts t: r × t ÷ (t + noise), weighted by how likely each is:"
    for name, weight, group in (
        ("typical", 1 - row["outlier_weight"], "one of most accounts"),
        ("outlier", row["outlier_weight"], "an outlier"),
    ):
        variance = row["between_variance" if name == "typical" else "outlier_variance"]
        yield (
            f"    {weight:6.1%}  {row['residual']:+.4f} × {variance:.4f} ÷ ({variance:.4f} + {row['noise']:.4f}) = "
            f"{row[f'{name}_lift']:+.4f}  {group}"
        )
    yield f"  together: ln(lift) = {row['log_lift']:+.4f}, lift = {row['lift']:.4f}"
    yield (
        f"  engagement_estimate = expected × lift = {_percent(row['expected_ratio'])} × {row['lift']:.4f} = "
        f"{_percent(row['engagement_estimate'])}"
    )
    yield (
        f"  interval: {_percent(row['engagement_ci_lower'])} to {_percent(row['engagement_ci_upper'])}, from a "
        f"standard deviation of {row['log_stddev']:.4f} in logs; levels change between halves of a window by a "
        f"variance of {row['change_variance']:.4f}"
    )


def _level(row: Row) -> Iterator[str]:
    """Yields lines on the level of an account and its noise, from its posts or from the export's averages."""
    usual = f"s² = {row['post_variance']:.4f}, counting {row['counting_variance']:.4f}"
    if not row["level_posts"]:
        yield (
            f"  level from the average: y = ln(mean ratio) - usual distance = {row['log_mean']:.4f} "
            f"{_signed(-row['mean_offset'])} = {row['level']:.4f}"
        )
        yield (
            f"  noise of an average over {row['posts_in_mean']} posts: {row['mean_offset_variance']:.4f} + v ÷ "
            f"{row['posts_in_mean']} = {row['noise']:.4f}, v = {row['variance']:.4f} by its platform ({usual})"
        )
        return
    posts = row["level_posts"]
    yield f"  level of its posts: n = {posts}, y = {row['level']:.4f}, squared deviations SS = {row['level_ss']:.4f}"
    yield (
        f"  variance between its posts, shrunk towards that of its platform ({usual}) with d = {row['post_df']:.2f}: "
        f"v = (d (s² + counting) + SS) ÷ (d + n - 2) = {row['variance']:.4f}"
    )
    yield f"  noise of the level: v ÷ n = {row['noise']:.4f}"


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'} {abs(number):.4f}"


def _authenticity(told: Explanation) -> Iterator[str]:
    yield f"Authenticity {_number(told.ranking['authenticity'])} = product of 1 - weight × suspicion"
    for row in told.indicators:
        if row["suspicion"] is None:
            yield f"  {row['component']:25} unknown: no {row['indicator']}"
            continue
        factor = f"1 - {row['weight']:g} × {row['suspicion']:.4f} = {1 - row['weight'] * row['suspicion']:.4f}"
        yield f"  {row['component']:25} {factor}  {row['indicator']} {_number(row['value'])}{_range(row['baseline'])}"
    if told.ranking["flags"]:
        yield f"  flags: {told.ranking['flags']}"


def _range(baseline: Row | None) -> str:
    if baseline is None:
        return ""
    of = f"{baseline['basis']}, {baseline['accounts']} accounts" if baseline["accounts"] else baseline["basis"]
    return f", baseline {baseline['p25']:.4g} to {baseline['p75']:.4g} ({of})"


def _score(told: Explanation) -> Iterator[str]:
    row = told.ranking
    yield "Score"
    if row["score"] is None:
        yield "  none without an estimate"
        return
    factors = {name: 1 if row[name] is None else row[name] for name in told.weights}
    product = " × ".join(f"(1 - {weight:g} × (1 - {factors[name]:.4f}))" for name, weight in told.weights.items())
    merit = row["lift"] * math.prod(1 - weight * (1 - factors[name]) for name, weight in told.weights.items())
    yield f"  x = lift × {' × '.join(f'(1 - weight (1 - {name}))' for name in told.weights)}"
    yield f"    = {row['lift']:.4f} × {product} = {merit:.4f}"
    yield f"  score = 100 x ÷ (1 + x) = {row['score']:.4f}"
    days = told.engagement["days_since_last_post"]
    if days is not None:
        yield f"  recency = 1 ÷ (1 + (days ÷ 90)^4), its last post being {days} days old"
    if row["tier_percentile"] is not None:
        share = f"{_percent(row['tier_percentile'])} of the {row['tier_accounts']} accounts of its platform and tier"
        yield f"  its score is at least that of {share}"


def _peers(told: Explanation) -> Iterator[str]:
    yield "Beside it in its tier"
    if not told.peers:
        yield "  nobody: it has no rank"
    for peer in told.peers:
        mark = ">" if (peer["platform"], peer["rank"]) == (told.ranking["platform"], told.ranking["rank"]) else " "
        yield (
            f" {mark}{peer['rank_in_tier']:>5}  {peer['platform']} {peer['handle']}: {peer['followers']:,} followers, "
            f"score {peer['score']:.2f}, lift {peer['lift']:.3f}, authenticity {_number(peer['authenticity'])}, "
            f"recency {_number(peer['recency'])}"
        )


def _posts(told: Explanation) -> Iterator[str]:
    youngest, oldest = told.settled
    yield f"Posts ({youngest} to {oldest} days old and not pinned: they count; * in the sample of the ratio)"
    if not told.posts:
        yield "  none landed"
    for post in told.posts:
        mark = "*" if post["is_sampled"] else "+" if post["is_settled"] else " "
        counts = ", ".join(f"{_count(post[name])} {name}" for name in ("likes", "comments"))
        when = f"{post['posted_at']:%Y-%m-%d %H:%M}"
        yield f" {mark} {when}  {post['kind'] or 'post':10} {counts:28} {post['post_id']}  {_place(post)}"


def _place(row: Row) -> str:
    line = f", line {row['landed_line']}" if row["landed_line"] else ""
    return f"landing/{row['landed_file']}, record {row['landed_row']}{line}"


def _percent(ratio: float | None) -> str:
    return "unknown" if ratio is None else f"{ratio * 100:.3f} %"


def _number(value: float | None) -> str:
    return "unknown" if value is None else str(value).lower() if isinstance(value, bool) else f"{value:.4g}"


def _count(value: int | None) -> str:
    return "hidden" if value is None else f"{value:,}"
