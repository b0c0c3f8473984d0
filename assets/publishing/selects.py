"""Published tables as SELECTs over the lake.

Belongs here: the choice of rows. Does not: building and swapping the file (`assets/publishing/publish_protocol.py`), or
Dagster.
"""

from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from assets.landing import store
from assets.metrics import parameters
from assets.metrics.computing import reference
from assets.publishing import publish_protocol
from assets.publishing.duckdb_file import Table
from assets.publishing.publish_protocol import Generation, PublishError
from assets.sql import read_sql
from assets.storage import home_lock, outdated
from assets.storage.lake import Lake
from schemas.config.source import Metrics, SourcesFile
from schemas.contact_data import redacted_sql
from schemas.quoting import literal, parquet
from schemas.settings import Settings

HISTORY_DAYS = 90
QUARANTINE_DAYS = 30
# Tables that are published for the newest date only.
NEWEST = (
    "ranking", "engagement", "history", "creators", "authenticity", "baselines", "segments", "benchmarks",
    "import_report",
)  # fmt: skip


def publish(settings: Settings, sources: SourcesFile, run_id: str) -> Generation:
    """Publishes the current lake.

    Raises:
        PublishError: There is nothing to publish, or the new generation was not swapped in.
    """
    lake = Lake(settings.lake)
    with home_lock.adding(settings):
        dates = lake.dates("ranking")
        if not dates:
            raise PublishError("no date has been ranked yet; run `smallvoices nightly`")
        if old := outdated.dates(lake):
            raise PublishError(outdated.message(settings, old))
        newest = dates[-1]
        _extract_handle_changes(lake, run_id)
        return publish_protocol.publish(settings, views(settings, lake, sources, newest), tables(), newest, run_id)


def _extract_handle_changes(lake: Lake, run_id: str) -> None:
    """Writes `handle_changes` of the dates for which a release before 0.2.0 wrote only `history`."""
    for day in sorted({*lake.dates("history")} - {*lake.dates("handle_changes")}):
        # The former handle is the last column, under any name that release used.
        history = lake.scan("history", day).select("platform", "profile_id", "snapshot_date", previous_handle=pl.last())
        lake.write("handle_changes", day, run_id, history.filter(pl.col("previous_handle").is_not_null()).collect())


def views(settings: Settings, lake: Lake, sources: SourcesFile, newest: date) -> list[tuple[str, str]]:
    """Returns name and SELECT of each view over the lake that the published tables read, for a newest date."""
    since = newest - timedelta(days=QUARANTINE_DAYS - 1)
    quarantine = [lake.path("quarantine", day) for day in lake.dates("quarantine") if day >= since]
    return [
        *((name, _all([lake.path(name, newest)])) for name in (*NEWEST, "profiles")),
        ("contacts_wanted", f"SELECT 1 AS wanted WHERE {'true' if sources.publish_contacts else 'false'}"),
        ("ranking_history", _ranking_history(lake, newest)),
        ("recorded_parameters", _parameters(lake, newest)),
        ("rejected", _all(quarantine)),
        ("pulls", _pulls(settings, sources, newest)),
        (
            "handle_changes",
            _all([lake.path("handle_changes", day) for day in lake.dates("handle_changes") if day <= newest]),
        ),
        ("score_weights", _constant(reference("score_weights"))),
    ]


def _ranking_history(lake: Lake, newest: date) -> str:
    """Selects the rankings of the published dates; marks those computed with the parameters of the newest date."""
    since = newest - timedelta(days=HISTORY_DAYS - 1)
    of_newest = parameters.of(lake, newest)
    paths: dict[bool | None, list[Path]] = {}
    for day in lake.dates("ranking"):
        if since <= day <= newest:
            same = day == newest or parameters.are_the_same(parameters.of(lake, day), of_newest)
            paths.setdefault(same, []).append(lake.path("ranking", day))
    selects = (
        f"SELECT *, CAST({'NULL' if same is None else same} AS BOOLEAN) AS same_parameters FROM {parquet(found)}"
        for same, found in paths.items()
    )
    return " UNION ALL BY NAME ".join(selects)


def _parameters(lake: Lake, newest: date) -> str:
    """Selects the parameters of the newest date, as one row."""
    found = parameters.of(lake, newest)
    values = {name: found.get(name) for name in Metrics.model_fields}
    cells = (f"{'NULL' if value is None else value} AS {name}" for name, value in values.items())
    return f"SELECT {', '.join(cells)}"


def tables() -> list[Table]:
    """Returns the published tables except `_meta`, in build order."""
    accounts, status = (read_sql(name) for name in ("published_accounts", "source_status"))
    return [
        Table("accounts", f"SELECT * REPLACE ({redacted_sql('display_name')} AS display_name) FROM ({accounts})"),
        Table("micro_influencers", "SELECT * FROM accounts WHERE rank IS NOT NULL"),
        Table(
            "rank_history",
            "SELECT snapshot_date, platform, profile_id, rank, score, followers, engagement_estimate, same_parameters "
            "FROM ranking_history WHERE rank IS NOT NULL ORDER BY snapshot_date, rank",
            by_day=True,
        ),
        Table("tier_benchmarks", "SELECT * FROM benchmarks"),
        Table("authenticity", "SELECT * FROM authenticity"),
        Table("baselines", "SELECT * FROM baselines"),
        Table("score_weights", "SELECT * FROM score_weights"),
        Table("parameters", "SELECT * FROM recorded_parameters"),
        Table("segment_ranks", "SELECT * FROM segments"),
        Table("segment_leaders", read_sql("segment_leaders")),
        Table(
            "handle_history",
            "SELECT * FROM handle_changes ORDER BY platform, profile_id, snapshot_date",
        ),
        Table(
            "quarantine",
            # Contact data is not published, in raw text either.
            f"SELECT * REPLACE ({redacted_sql('raw')} AS raw, {redacted_sql('reason')} AS reason) FROM rejected "
            "ORDER BY snapshot_date, source, landed_file, landed_row",
        ),
        Table(
            "source_status",
            f"SELECT * REPLACE ({redacted_sql('message')} AS message, {redacted_sql('inferred')} AS inferred) "
            f"FROM ({status})",
        ),
        Table("contacts", read_sql("contacts")),
    ]


def _constant(frame: pl.DataFrame) -> str:
    """Writes a frame as a SELECT of constants."""
    names = ", ".join(frame.columns)
    rows = ", ".join(f"({', '.join(map(literal, row))})" for row in frame.rows())
    return f"SELECT * FROM (VALUES {rows}) AS constant ({names})"


def _all(paths: list[Path]) -> str:
    return f"SELECT * FROM {parquet(paths)}"


def _pulls(settings: Settings, sources: SourcesFile, newest: date) -> str:
    """Returns the last successful pull of each source, up to the newest date."""
    nothing = "SELECT '' AS source, CAST(NULL AS TIMESTAMP) AS last_pulled_at WHERE false"
    selects = []
    for source in sources.sources:
        days = (newest - timedelta(days=age) for age in range(source.carry_days + 1))
        found = next(
            (pull for day in days if (pull := store.newest_complete(settings.landing, source.name, day))), None
        )
        if found:
            pulled_at = datetime.fromisoformat(found.pulled_at).replace(tzinfo=None)
            selects.append(f"SELECT {literal(source.name)}, CAST({literal(pulled_at)} AS TIMESTAMP)")
    return " UNION ALL ".join([nothing, *selects])
