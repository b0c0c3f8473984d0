"""Explanation of an account's rank: every figure behind it, from the score down to landed rows.

Belongs here: collecting an account's rows from the lake's tables of a date, and the intermediate results of the ranking
SQL. Does not: the text (`explain_text`), or any figure of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl

from assets.importing.open_files import open_files
from assets.landing import store
from assets.metrics import parameters
from assets.metrics.computing import reference
from assets.reading.formats import UnreadableFileError
from assets.reading.record_lookup import raw_records
from assets.sql import read_step
from assets.storage import outdated
from assets.storage.engine import connect
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.priors import Priors
from schemas.quoting import literal, parquet
from schemas.settings import Settings
from schemas.shape import Records

Row = dict[str, Any]

NEIGHBOURS = 3
SUGGESTIONS = 5
_TABLES = (
    "ranking",
    "engagement",
    "estimates",
    "authenticity",
    "history",
    "creators",
    "priors",
    "baselines",
    "profiles",
    "posts",
)


class ExplainError(Exception):
    """The account does not exist, or there is no data to explain it from; the message lists what exists."""


@dataclass(frozen=True)
class Explanation:
    """All figures behind one account's rank.

    Attributes:
        ranking: Its row of `ranking`.
        ranked: Number of micro-influencers.
        engagement: Its row of `engagement`.
        estimate: Its row of `estimates` and of the step `posterior`; empty without a ratio.
        prior: The account prior of its platform and tier.
        indicators: Each component of authenticity: its suspicion and weight, the indicator it is computed from, that
            indicator's value, and the quartiles of its platform and tier.
        weights: Component of the score to its weight.
        peers: The accounts beside it in its tier, best first, itself among them.
        posts: Its posts, newest first: age, counts, whether they count, and where they landed.
        history: Its row of `history`, where it has one.
        creator: Its row of `creators`, where it has one.
        profile: Origin of its profile: file, record and line.
        settled: Youngest and oldest age, in days, of posts that count.
    """

    ranking: Row
    ranked: int
    engagement: Row
    estimate: Row
    prior: Row
    indicators: Sequence[Row]
    weights: Mapping[str, float]
    peers: Sequence[Row]
    posts: Sequence[Row]
    history: Row
    creator: Row
    profile: Row
    settled: tuple[int, int]


def explain(
    settings: Settings,
    sources: SourcesFile,
    platform: str,
    handle: str,
    day: date | None = None,
    *,
    largest_file: int | None = None,
) -> Explanation:
    """Collects the figures behind an account's rank.

    Args:
        settings: Settings with the lake.
        sources: The configured sources, and the shapes of landed files.
        platform: Its platform.
        handle: Its handle, with or without @, or its id.
        day: Snapshot date; the newest one that is ranked unless given.
        largest_file: Look up lines in landed files up to this size only, in bytes; in any unless given.

    Raises:
        ExplainError: No such account, or no such date.
    """
    lake = Lake(settings.lake)
    day = _day(lake, day)
    if outdated.is_outdated(lake, day):
        raise ExplainError(outdated.message(settings, [day]))
    with connect(settings, settings.lake) as connection:
        for table in _TABLES:
            path = lake.path(table, day)
            if table == "creators" and not path.exists():  # the ranking does not depend on it
                connection.execute("CREATE TEMP VIEW creators AS SELECT '' AS platform, '' AS profile_id WHERE false")
                continue
            if not path.exists():
                raise ExplainError(
                    f"{day} has no table {table}; run `{settings.command(f'backfill --from {day} --to {day}')}`"
                )
            connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM {parquet([path])}")
        account = _account(connection, platform.lower(), handle, day)
        key = f"platform = {literal(account['platform'])} AND profile_id = {literal(account['profile_id'])}"
        cell = f"platform = {literal(account['platform'])} AND tier = {literal(account['tier'])}"

        def rows(table: str, where: str = key) -> list[Row]:
            return list(connection.sql(f"SELECT * FROM {table} WHERE {where}").pl().iter_rows(named=True))

        engagement = rows("engagement")[0]
        prior = rows("priors", cell)[0]
        age = "date_diff('day', CAST(posted_at AS DATE), snapshot_date) - data_age_days"
        # The parameters that the date was computed with. Until release 0.2.0 they were not recorded.
        used = sources.metrics.model_dump()
        used |= {name: value for name, value in parameters.of(lake, day).items() if value is not None}
        settled = (int(used["settle_days"]), int(used["window_days"]))
        posts = (
            connection.sql(
                f"SELECT post_id, posted_at, kind, likes, comments, shares, views, is_sponsored, {age} AS age, "
                f"{age} BETWEEN {settled[0]} AND {settled[1]} AND NOT coalesce(is_pinned, false) AS is_settled, "
                f"source, landed_file, landed_row, data_age_days FROM posts WHERE {key} "
                "ORDER BY posted_at DESC, post_id"
            )
            .pl()
            .to_dicts()
        )
        sampled = [post for post in posts if post["is_settled"]][: engagement["posts_sampled"]]
        for post in posts:
            post["is_sampled"] = post in sampled
        where = _Lines(settings, sources, day, largest_file)
        profile = {name: engagement[name] for name in ("source", "landed_file", "landed_row", "data_age_days")}
        return Explanation(
            ranking=account,
            ranked=connection.execute("SELECT count(rank) FROM ranking").fetchall()[0][0],
            engagement=engagement,
            estimate=_estimate(settings, engagement, prior) | next(iter(rows("estimates")), {}),
            prior=prior,
            indicators=_indicators(rows("authenticity")[0], rows("baselines", cell)),
            weights={row["component"]: row["weight"] for row in _weights("score")},
            peers=_peers(connection, account),
            posts=where.found(posts, "posts"),
            history=next(iter(rows("history")), {}),
            creator=next(iter(rows("creators")), {}),
            profile=where.found([profile], "profiles")[0],
            settled=settled,
        )


def _day(lake: Lake, day: date | None) -> date:
    days = lake.dates("ranking")
    if not days:
        raise ExplainError("no date has been ranked yet; run `smallvoices nightly`")
    if day and day not in days:
        near = min(days, key=lambda each: abs(each - day))
        raise ExplainError(f"{day} is not ranked; the nearest date that is: {near} (of {days[0]} to {days[-1]})")
    return day or days[-1]


def _account(connection: duckdb.DuckDBPyConnection, platform: str, handle: str, day: date) -> Row:
    name = handle.strip().removeprefix("@").lower()
    found = connection.execute(
        "SELECT profile_id FROM ranking WHERE platform = $platform "
        "AND (handle = $name OR profile_id IN ($given, '@' || $name)) ORDER BY profile_id",
        {"platform": platform, "name": name, "given": handle.strip()},
    ).fetchall()
    if len(found) > 1:
        ids = ", ".join(row[0] for row in found)
        raise ExplainError(f"several {platform} accounts of {day} are called {name}; name one by its id: {ids}")
    if not found:
        raise ExplainError(_unknown(connection, platform, name, day))
    where = f"platform = {literal(platform)} AND profile_id = {literal(found[0][0])}"
    row: Row = connection.sql(f"SELECT * FROM ranking WHERE {where}").pl().to_dicts()[0]
    return row


def _unknown(connection: duckdb.DuckDBPyConnection, platform: str, name: str, day: date) -> str:
    platforms = [row[0] for row in connection.execute("SELECT DISTINCT platform FROM ranking ORDER BY 1").fetchall()]
    near = connection.execute(
        "SELECT platform, coalesce(handle, profile_id) FROM ranking "
        # The same name on another platform is the most likely match.
        "ORDER BY platform <> $platform AND $platform IN (SELECT platform FROM ranking) "
        "AND handle IS DISTINCT FROM $name, "
        f"jaro_winkler_similarity(coalesce(handle, profile_id), $name) DESC, 1, 2 LIMIT {SUGGESTIONS}",
        {"platform": platform, "name": name},
    ).fetchall()
    told = f"no account {name} on {platform} on {day}"
    if platform not in platforms:
        told += f", whose platforms are {', '.join(platforms)}"
    return f"{told}; the nearest: {', '.join(' '.join(row) for row in near)}"


def _estimate(settings: Settings, engagement: Row, prior: Row) -> Row:
    """Returns the account's row of the step `posterior`: the model's own SQL over this account alone."""
    inputs = {"engagement": (engagement, Engagement), "priors": (prior, Priors)}
    with connect(settings) as connection:
        for name, (row, model) in inputs.items():
            connection.register(name, pl.DataFrame([row], schema=polars_schema(model)).to_arrow())
        return next(iter(connection.sql(read_step("estimates", "posterior")).pl().to_dicts()), {})


def _indicators(authenticity: Row, baselines: list[Row]) -> list[Row]:
    quartiles = {row["indicator"]: row for row in baselines}
    return [
        {
            "component": weight["component"],
            "suspicion": authenticity[weight["component"]],
            "weight": weight["weight"],
            "indicator": weight["indicator"],
            "value": authenticity[weight["indicator"]],
            "baseline": quartiles.get(weight["indicator"]),
            "meaning": weight["meaning"],
        }
        for weight in _weights("authenticity")
    ]


def _weights(part: str) -> list[Row]:
    return reference("score_weights").filter(pl.col("part") == part).to_dicts()


def _peers(connection: duckdb.DuckDBPyConnection, account: Row) -> list[Row]:
    place = account["rank_in_tier"]
    if place is None:
        return []
    return list(
        connection.sql(
            "SELECT rank_in_tier, rank, platform, coalesce(handle, profile_id) AS handle, followers, score, lift, "
            f"authenticity, recency FROM ranking WHERE tier = {literal(account['tier'])} AND rank_in_tier "
            f"BETWEEN {place - NEIGHBOURS} AND {place + NEIGHBOURS} ORDER BY rank_in_tier"
        )
        .pl()
        .iter_rows(named=True)
    )


class _Lines:
    """Finds the line numbers of landed records."""

    def __init__(self, settings: Settings, sources: SourcesFile, day: date, largest_file: int | None) -> None:
        self._settings = settings
        self._sources = {source.name: source for source in sources.sources}
        self._shapes = sources.shapes
        self._day = day
        self._largest_file = largest_file

    def found(self, rows: list[Row], records: Records) -> list[Row]:
        """Returns the rows with `landed_line`, the first line of their record, for formats that have lines."""
        numbers: dict[tuple[str, int, str], set[int]] = {}
        for row in rows:
            file = (row["source"], row["data_age_days"], row["landed_file"])
            numbers.setdefault(file, set()).add(row["landed_row"])
        lines = {
            (file[2], number): line
            for file, wanted in numbers.items()
            for number, line in self._lines(*file, wanted, records).items()
        }
        return [row | {"landed_line": lines.get((row["landed_file"], row["landed_row"]))} for row in rows]

    def _lines(
        self, name: str, age: int, landed_file: str, numbers: set[int], records: Records
    ) -> dict[int, int | None]:
        source = self._sources.get(name)
        if source is None:  # it was removed from sources.yaml since
            return {}
        pulls = store.pulls(self._settings.landing, name, self._day - timedelta(days=age))
        files = next(
            (pull.files for pull in pulls if any(landed_file.startswith(file.path) for file in pull.files)), ()
        )
        if self._largest_file and sum(file.bytes for file in files) > self._largest_file:
            return {}
        try:
            with open_files(self._settings, source, self._shapes[source.shape], files) as (opened, _):
                for part in opened:
                    if part.file.path == landed_file and part.holds(records):
                        within = part.shape.read_columns(records).records
                        with connect(self._settings, part.path.parent) as connection:
                            found = raw_records(connection, part.path, part.shape, numbers, within, source.limits)
                        return {number: line for number, (line, _) in found.items()}
        except (UnreadableFileError, OSError, duckdb.Error):  # the record's number is shown regardless
            return {}
        return {}
