"""What Dagster keeps of ended runs, and letting go of it.

Belongs here: the rows and files of a run in Dagster's own storage, which Dagster itself never removes (its retention is
for ticks of schedules and sensors). Does not: what the runs have made.

What stays is the newest record that an asset has of a date that is kept, for the UI to show which dates are there.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from assets import landed

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_AT_ONCE = 500
# Keys of assets are JSON in Dagster's storage: `["smallvoices", "landed_agency"]`; a pattern for LIKE.
_LANDED = landed.key_of("").to_string().removesuffix('"]').replace("_", "^_") + "%"


def old(instance: dg.DagsterInstance, days: int) -> list[str]:
    """Ids of the runs that ended longer ago than so many days, oldest first, but for the newest that succeeded."""
    before = datetime.now(tz=UTC) - timedelta(days)
    ended = instance.get_run_records(dg.RunsFilter(statuses=_ENDED, updated_before=before), ascending=True)
    newest = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1)
    kept = {record.dagster_run.run_id for record in newest}
    return [record.dagster_run.run_id for record in ended if record.dagster_run.run_id not in kept]


def size(instance: dg.DagsterInstance, run_id: str) -> int:
    """Bytes of the files that a run has to itself."""
    return sum(path.stat().st_size for path in _files(instance, run_id) if path.exists())


def remove(instance: dg.DagsterInstance, run_ids: Sequence[str], *, since: date, landed_since: date) -> None:
    """Lets go of runs.

    Args:
        instance: Dagster's.
        run_ids: Ended runs.
        since: The first date of which tables are kept.
        landed_since: The first date of which what has landed is kept.
    """
    for start in range(0, len(run_ids), _AT_ONCE):
        some = run_ids[start : start + _AT_ONCE]
        _remove_events(instance, some, since, landed_since)
        for run_id in some:
            for path in _files(instance, run_id):
                path.unlink(missing_ok=True)
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            # Last: as long as it is there, a run that is only half gone is found again.
            instance.run_storage.delete_run(run_id)


def _storage(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(
            f"Dagster's events are in {type(storage).__name__}, whose old runs this does not know to remove"
        )
    return storage


def _files(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """The databases that SQLite has for a run alone."""
    storage = _storage(instance)
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    return [Path(f"{storage.path_for_shard(run_id)}{end}") for end in ("", "-wal", "-shm")]


def _remove_events(instance: dg.DagsterInstance, run_ids: Sequence[str], since: date, landed_since: date) -> None:
    events, checks, tags = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c, AssetEventTagsTable.c
    made = events.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION.value
    first = sa.case((events.asset_key.like(_LANDED, escape="^"), str(landed_since)), else_=str(since))
    is_kept = sa.or_(events.partition.is_(None), events.partition >= first)
    newest = sa.select(sa.func.max(events.id)).where(made, is_kept).group_by(events.asset_key, events.partition)
    is_kept = sa.or_(checks.partition.is_(None), checks.partition >= str(min(since, landed_since)))
    newest_checks = (
        sa.select(sa.func.max(checks.id)).where(is_kept).group_by(checks.asset_key, checks.check_name, checks.partition)
    )
    # What stayed of runs that went before goes with its date.
    known = instance.get_run_ids()
    of_runs = sa.or_(events.run_id.in_(run_ids), sa.and_(made, events.run_id.not_in(known)))
    checks_of_runs = sa.or_(checks.run_id.in_(run_ids), checks.run_id.not_in(known))
    with _storage(instance).index_connection() as connection:
        connection.execute(SqlEventLogStorageTable.delete().where(of_runs, events.id.not_in(newest)))
        connection.execute(AssetCheckExecutionsTable.delete().where(checks_of_runs, checks.id.not_in(newest_checks)))
        connection.execute(AssetEventTagsTable.delete().where(tags.event_id.not_in(sa.select(events.id))))
