"""Rows of the report, read from a published file.

Belongs here: the choice of rows from the published tables, and the number of points drawn. Does not: presentation
(`report_page`). Every SELECT has a total order, so that the same content gives the same report.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from assets.metrics.computing import reference

TOP = 300
# A chart of more accounts shows bins, and only the best as points.
POINTS = 1_500
BINS = 5_000
# Bins per decade, finest first: the first that gives few enough of them is used.
_GRIDS = (20, 12, 8, 5, 3, 2, 1)
RATIOS = ("engagement_ratio", "like_rate")
PLACES = 10
SEGMENTS = 150
MOVERS = 10
# Accounts that fall far down the list do not matter to a campaign.
_MOVERS_AMONG = 500
_NEAR_DAYS = 2
REASONS = 50
# Columns in the order of the page.
DEFINED = (
    "rank", "score", "tier", "engagement_ratio", "like_rate", "engagement_estimate", "engagement_ci_lower",
    "engagement_ci_upper", "lift", "authenticity", "recency", "flags", "posts_sampled", "engagement_basis",
    "sponsored_share", "data_age_days",
)  # fmt: skip

Row = dict[str, Any]


@dataclass(frozen=True)
class Movers:
    """Accounts that rose and fell between two dates.

    Attributes:
        since: The earlier date.
        rising: Accounts whose score rose most, each with its rank and score then and now, and its score of each day.
        falling: Accounts whose score fell most.
        entered: Number of newly ranked accounts.
        left: Number of accounts that are no longer ranked.
    """

    since: str
    rising: list[Row]
    falling: list[Row]
    entered: int
    left: int


@dataclass(frozen=True)
class Segment:
    """The leaders of one segment, and the number of segments of its dimension that are not shown."""

    dimension: str
    name: str
    leaders: list[Row]


@dataclass(frozen=True)
class Rows:
    """All rows of the report.

    Attributes:
        meta: The row of `_meta`.
        accounts: Number of published accounts.
        ranked: Platform, tier and number of micro-influencers.
        top: The first micro-influencers.
        tiers: Name, lowest and below of each tier, and whether it is ranked.
        points: Followers, ratios, rank and handle of accounts drawn one by one.
        bins: Accounts drawn as squares: ratio, platform, followers and ratio from and to, number.
        benchmarks: Platform, tier and metric: observed beside published.
        segments: Largest segments of each dimension.
        dimensions: Dimension to the number of its segments, shown or not.
        movers: None if no snapshot about a week before has the same parameters.
        interval: Share of estimates that lie in their interval; None where its width was not recorded.
        sources: State of each source.
        rejected: Source and reason: how many records on the newest date and in all; the most frequent.
        rejected_newest: All records rejected on the newest date.
        rejected_reasons: Number of pairs of source and reason, shown or not.
        definitions: Column to its meaning.
        indicators: Name and meaning of each indicator that engagement may not be earned.
    """

    meta: Row
    accounts: int
    ranked: list[Row]
    top: list[Row]
    tiers: list[Row]
    points: list[Row]
    bins: list[Row]
    benchmarks: list[Row]
    segments: list[Segment]
    dimensions: dict[str, int]
    movers: Movers | None
    interval: float | None
    sources: list[Row]
    rejected: list[Row]
    rejected_newest: int
    rejected_reasons: int
    definitions: dict[str, str]
    indicators: list[Row]


def read(published: Path) -> Rows:
    """Reads the rows of the report.

    Args:
        published: The published DuckDB file. It is opened once, so that all rows are of one generation.

    Raises:
        duckdb.Error: It is not a published file.
    """
    with duckdb.connect(str(published), read_only=True) as connection:
        ask = _Asked(connection)
        (meta,) = ask.rows("SELECT * FROM _meta")
        segments, dimensions = _segments(ask)
        points, bins = _drawn(ask)
        tiers = reference("tiers").to_dicts()
        return Rows(
            meta=meta | {"built_at": _minute(meta["built_at"])},
            accounts=ask.number("SELECT count(*) FROM accounts"),
            ranked=ask.rows(
                "SELECT platform, tier, count(*) AS accounts FROM micro_influencers GROUP BY ALL ORDER BY ALL"
            ),
            top=ask.rows(f"SELECT *, {_TYPICAL} FROM micro_influencers ORDER BY rank LIMIT {TOP}"),
            tiers=tiers,
            points=points,
            bins=bins,
            benchmarks=ask.rows(_BENCHMARKS, [[tier["tier"] for tier in tiers]]),
            segments=segments,
            dimensions=dimensions,
            movers=_movers(ask),
            interval=_interval(ask),
            sources=ask.rows("SELECT * FROM source_status ORDER BY source"),
            rejected=ask.rows(_REJECTED + f" LIMIT {REASONS}"),
            rejected_newest=ask.number(
                "SELECT count(*) FROM quarantine WHERE snapshot_date = (SELECT snapshot_date FROM _meta)"
            ),
            rejected_reasons=ask.number(f"SELECT count(*) FROM ({_REJECTED})"),
            definitions=_definitions(ask),
            indicators=ask.rows(
                "SELECT component, meaning FROM score_weights WHERE part = 'authenticity' "
                "ORDER BY weight DESC, component"
            ),
        )


class _Asked:
    """A connection that returns rows by column name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        answer = self._connection.execute(sql, parameters)
        names = [column[0] for column in answer.description or ()]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]

    def number(self, sql: str) -> int:
        return int(self._connection.execute(sql).fetchall()[0][0])


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _drawn(ask: _Asked) -> tuple[list[Row], list[Row]]:
    """Returns points and squares of the chart: every account is a point while they are few."""
    shown = "engagement_ratio > 0 AND followers > 0"
    points = (
        "SELECT platform, followers, engagement_ratio, like_rate, rank, coalesce(handle, profile_id) AS handle "
        f"FROM accounts WHERE {shown}"
    )
    total = ask.number(f"SELECT count(*) FROM accounts WHERE {shown}")
    if total <= POINTS:
        return ask.rows(f"{points} ORDER BY followers, platform, profile_id"), []
    few = ask.rows(f"{points} AND rank <= {TOP} ORDER BY rank")
    for grid in _GRIDS:
        squares = " UNION ALL ".join(
            f"SELECT '{ratio}' AS metric, platform, CAST(floor(log10(followers) * {grid}) AS INTEGER) AS x, "
            f"CAST(floor(log10({ratio}) * {grid}) AS INTEGER) AS y, count(*) AS accounts "
            f"FROM accounts WHERE {ratio} > 0 AND followers > 0 GROUP BY ALL"
            for ratio in RATIOS
        )
        if ask.number(f"SELECT count(*) FROM ({squares})") <= BINS:
            break
    rows = ask.rows(f"{squares} ORDER BY ALL")
    return few, [row | {"grid": grid} for row in rows]


def _segments(ask: _Asked) -> tuple[list[Segment], dict[str, int]]:
    """Returns the largest segments, the same number of each dimension."""
    counted = ask.rows(
        "SELECT dimension, count(DISTINCT segment) AS segments FROM segment_leaders GROUP BY ALL ORDER BY ALL"
    )
    dimensions = {row["dimension"]: row["segments"] for row in counted}
    if not dimensions:
        return [], {}
    found: dict[tuple[str, str], list[Row]] = {}
    for row in ask.rows(_LEADERS, [SEGMENTS // len(dimensions), PLACES]):
        found.setdefault((row["dimension"], row["segment"]), []).append(row)
    return [Segment(dimension, name, leaders) for (dimension, name), leaders in found.items()], dimensions


def _movers(ask: _Asked) -> Movers | None:
    """Compares the newest date with the one closest to a week before it."""
    days = ask.rows(_WEEK_BEFORE)
    if not days:
        return None
    both = [days[0]["earlier"], days[0]["newest"]]
    (counted,) = ask.rows(_ENTERED_AND_LEFT, both)
    rising = ask.rows(_MOVED + f" AND now.score > earlier.score ORDER BY change DESC, rank LIMIT {MOVERS}", both)
    falling = ask.rows(_MOVED + f" AND now.score < earlier.score ORDER BY change, rank LIMIT {MOVERS}", both)
    moved = rising + falling
    accounts = [[row[name] for row in moved] for name in ("platform", "profile_id")]
    scores = {(row["platform"], row["profile_id"]): row["scores"] for row in ask.rows(_SCORES, accounts)}
    for row in moved:
        row["scores"] = scores[row["platform"], row["profile_id"]]
    return Movers(str(both[0]), rising, falling, counted["entered"], counted["left_it"])


def _interval(ask: _Asked) -> float | None:
    widths = [row["interval_z"] for row in ask.rows("SELECT interval_z FROM parameters")]
    return math.erf(widths[0] / math.sqrt(2)) if widths and widths[0] else None


def _definitions(ask: _Asked) -> dict[str, str]:
    comments = ask.rows(
        "SELECT column_name, comment FROM duckdb_columns() "
        "WHERE table_name = 'micro_influencers' AND database_name = current_database() AND comment IS NOT NULL"
    )
    told = {row["column_name"]: row["comment"] for row in comments}
    return {name: told[name] for name in DEFINED if name in told}


# Expected value for an account of its size, by the definition of lift.
_TYPICAL = "engagement_estimate / nullif(lift, 0) AS typical"
_BENCHMARKS = """
    SELECT platform, tier, metric, accounts, median, p25, p75, published_value, published_source, published_year
    FROM tier_benchmarks
    WHERE metric IN ('engagement_ratio', 'like_rate')
    ORDER BY platform, metric, list_position(?, tier), published_year, published_source
"""
_LEADERS = """
    WITH chosen AS (
        SELECT dimension, segment, accounts FROM segment_ranks WHERE rank_in_segment = 1
        QUALIFY row_number() OVER (PARTITION BY dimension ORDER BY accounts DESC, segment) <= ?
    )
    SELECT leaders.dimension, leaders.segment, chosen.accounts, leaders.rank_in_segment, leaders.score, micro.*
    FROM segment_leaders AS leaders
    JOIN chosen ON leaders.dimension = chosen.dimension AND leaders.segment = chosen.segment
    JOIN (
        SELECT
            platform, profile_id, handle, profile_url, followers, engagement_estimate
        FROM micro_influencers
    ) AS micro ON leaders.platform = micro.platform AND leaders.profile_id = micro.profile_id
    WHERE leaders.rank_in_segment <= ?
    ORDER BY leaders.dimension, leaders.segment, leaders.rank_in_segment
"""
_WEEK_BEFORE = f"""
    WITH days AS (SELECT DISTINCT snapshot_date AS earlier FROM rank_history WHERE same_parameters IS NOT FALSE),
    last AS (SELECT snapshot_date AS newest FROM _meta)
    SELECT earlier, newest FROM days, last
    WHERE abs(newest - 7 - earlier) <= {_NEAR_DAYS}
    ORDER BY abs(newest - 7 - earlier), earlier LIMIT 1
"""
_THEN_AND_NOW = """
    (SELECT * FROM rank_history WHERE snapshot_date = ?) AS earlier
    {join} (SELECT * FROM rank_history WHERE snapshot_date = ?) AS now
    ON earlier.platform = now.platform AND earlier.profile_id = now.profile_id
"""
_MOVED = f"""
    SELECT
        micro.platform, micro.profile_id, micro.handle, micro.profile_url, micro.followers, micro.tier,
        earlier.rank AS rank_then, now.rank, earlier.score AS score_then, now.score,
        now.score - earlier.score AS change
    FROM {_THEN_AND_NOW.format(join="JOIN")}
    JOIN micro_influencers AS micro ON now.platform = micro.platform AND now.profile_id = micro.profile_id
    WHERE least(earlier.rank, now.rank) <= {_MOVERS_AMONG}
"""
_SCORES = """
    SELECT platform, profile_id, list({'day': snapshot_date, 'score': score} ORDER BY snapshot_date) AS scores
    FROM rank_history
    SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS platform, unnest(?::VARCHAR[]) AS profile_id) AS moved
        USING (platform, profile_id)
    GROUP BY platform, profile_id
"""
_ENTERED_AND_LEFT = f"""
    SELECT count(*) FILTER (WHERE earlier.rank IS NULL) AS entered, count(*) FILTER (WHERE now.rank IS NULL) AS left_it
    FROM {_THEN_AND_NOW.format(join="FULL JOIN")}
"""
_REJECTED = """
    SELECT
        source, records, reason, count(*) AS rows, max(snapshot_date) AS latest,
        count(*) FILTER (WHERE snapshot_date = (SELECT snapshot_date FROM _meta)) AS rows_newest
    FROM quarantine
    GROUP BY source, records, reason
    ORDER BY rows_newest DESC, rows DESC, source, records, reason
"""
