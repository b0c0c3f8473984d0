"""The words in which an account's rank is explained.

Belongs here: turning an `Explanation` into lines of text, with the formulas that the SQL follows and the account's own
numbers in them. Does not: getting at the numbers (`explain`).
"""

import math
from collections.abc import Iterator
from typing import Any

from assets.metrics.explain import Explanation
from schemas.account import NO_RATIO

Row = dict[str, Any]


def text(told: Explanation) -> str:
    """The explanation as lines of text."""
    parts = (_head, _ratio, _estimate, _authenticity, _score, _peers, _posts)
    return "\n\n".join("\n".join(part(told)) for part in parts)


def _head(told: Explanation) -> Iterator[str]:
    row = told.ranking
    place = f"rank {row['rank']} of {told.ranked}" if row["rank"] else "no rank"
    score = "no score" if row["score"] is None else f"score {row['score']:.2f}"
    name = f"{row['platform']} {row['handle'] or row['profile_id']} ({row['profile_id']})"
    yield f"{name}, {row['snapshot_date']}: {place}, {score}"
    # Letters of other scripts look like Latin ones: two accounts that read the same are two all the same.
    if odd := [f"{letter} U+{ord(letter):04X}" for letter in row["handle"] or "" if not letter.isascii()]:
        yield f"  letters of its handle beyond ASCII: {', '.join(odd)}"
    yield f"  {row['followers']:,} followers: tier {row['tier']}" + _ranks(row)
    if row["sector"] or row["tone"]:
        told_by = [f"{name} {row[name] or 'unknown'}{_by(row[f'{name}_basis'])}" for name in ("sector", "tone")]
        yield f"  {', '.join(told_by)}"
    if told.history:
        growth = (_percent(told.history["followers_growth_7d"]), _percent(told.history["followers_growth_30d"]))
        yield f"  growth of followers: {growth[0]} over 7 days, {growth[1]} over 30 days"
        if told.history["handle_before"]:
            yield f"  was called {told.history['handle_before']} in the snapshot before"
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
        if row["sample_basis"] == "posts"
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
    over = {"tier": "this tier's", "platform": "the platform's", "published": "published"}[prior["basis"]]
    yield (
        f"  typical of its size, by {over} {prior['accounts']} accounts: exp(μ + b (ln followers - c)) = "
        f"exp({prior['log_typical']:.4f} {_signed(prior['slope'])} × ({math.log(told.ranking['followers']):.4f} - "
        f"{prior['log_followers']:.4f})) = {_percent(row['typical_ratio'])}"
    )
    yield from _heard(told)
    yield f"  scatter of accounts around the typical τ² = {row['between_variance']:.4f}, of the few far out 16 τ²"
    yield "  m = τ² ÷ (τ² + v ÷ n') × y', by the posts that count, under four hypotheses, and how much each weighs:"
    names = {
        "near_all": "one of the many, no post viral",
        "near_rest": "one of the many, the highest post viral and left out",
        "far_all": "one of the few far out, no post viral",
        "far_rest": "one of the few far out, the highest post viral and left out",
    }
    for name, words in names.items():
        among, heard = name.split("_")
        if heard == "rest" and not row["has_posts"]:
            continue
        variance, noise = row["between_variance" if among == "near" else "far_variance"], row[f"{heard}_noise"]
        yield (
            f"    {row[f'{name}_weight'] / row['weight']:6.1%}  m = {variance:.4f} ÷ ({variance:.4f} + {noise:.4f}) × "
            f"{row[f'{heard}_level']:+.4f} = {row[f'{name}_level']:+.4f}  {words}"
        )
    plus = ", with e" if row["expected_lift"] else ""
    yield f"  together{plus} m = {row['log_lift']:+.4f}: lift = exp(m) = {row['lift']:.4f}"
    yield (
        f"  engagement_estimate = typical × lift = {_percent(row['typical_ratio'])} × {row['lift']:.4f} = "
        f"{_percent(row['engagement_estimate'])}"
    )
    yield f"  interval: {_percent(row['engagement_low'])} to {_percent(row['engagement_high'])}"


def _heard(told: Explanation) -> Iterator[str]:
    """What the account's posts, or the export's averages of them, say of it before anything is drawn together."""
    row, prior = told.estimate, told.prior
    usual, number = prior["within_variance"], told.engagement["averaged_posts"]
    if row["has_posts"]:
        yield f"  its posts: n = {row['posts']}, mean log ratio y = {row['average']:.4f}, highest {row['highest']:.4f}"
        yield f"  their scatter v = {row['variance']:.4f}, usual of posts s² = {usual:.4f}"
        why = "median of posts over their mean" + (", and its trend" if prior["drift_variance"] > 0 else "")
        if share := row["median_share"]:
            why += f", and {share:.4f} × the distance of its own median, {row['middle']:.4f}, from y"
    else:
        over = f" over {number} posts" if number else " over an unknown number of posts"
        yield f"  averages{over} count as one: n = 1, log ratio y = {row['average']:.4f}"
        viral = f"{prior['viral_share']:.4f} × (e^{prior['viral_lift']:.4f} - 1)²"
        several = (
            f"ln(1 + (e^s² - 1 + {viral}) ÷ {number}) + 2 × {prior['average_offset']:.4f}² ÷ "
            f"{prior['within_freedom']:.4f}"
            if number
            else "as usual of averages"
        )
        yield f"  its scatter v = {row['variance']:.4f}: {several}; usual of posts s² = {usual:.4f}"
        share = f" × (1 - 1 ÷ {number})" if number else ""
        why = f"averages hold viral posts: - {prior['average_offset']:.4f}{share}"
    expected = row["expected_lift"]
    if expected:
        yield f"  expected of accounts that post as much and scatter so: e = {expected:+.4f} over what is typical"
    correction = row["all_level"] - row["average"] + row["log_typical"] + expected
    terms = f"{row['average']:.4f} {_signed(correction)} {_signed(-row['log_typical'])}"
    if expected:
        terms += f" {_signed(-expected)}"
    less = " - e" if expected else ""
    yield f"  y' = y + correction - ln(typical){less} = {terms} = {row['all_level']:+.4f} ({why})"


def _signed(number: float) -> str:
    return f"{'-' if number < 0 else '+'} {abs(number):.4f}"


def _authenticity(told: Explanation) -> Iterator[str]:
    yield f"Authenticity {_number(told.ranking['authenticity'])} = product of 1 - weight × doubt"
    for sign in told.signs:
        if sign["doubt"] is None:
            yield f"  {sign['sign']:18} cannot be told: no {sign['evidence']}"
            continue
        left = f"1 - {sign['weight']:g} × {sign['doubt']:.4f} = {1 - sign['weight'] * sign['doubt']:.4f}"
        yield f"  {sign['sign']:18} {left}  {sign['evidence']} {_number(sign['value'])}{_usual(sign['usual'])}"
    if told.ranking["flags"]:
        yield f"  flags: {told.ranking['flags']}"


def _usual(norm: Row | None) -> str:
    if norm is None:
        return ""
    of = f"{norm['basis']}, {norm['accounts']} accounts" if norm["accounts"] else norm["basis"]
    return f", usual {norm['p25']:.4g} to {norm['p75']:.4g} ({of})"


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
