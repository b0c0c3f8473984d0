"""Retention of ended runs in Dagster's storage.

Belongs here: the rows and files of a run in Dagster's own storage, which Dagster itself never removes (its retention is
for ticks of schedules and sensors). Does not: the output of the runs.

The newest record of an asset for each retained date stays, so that the UI shows which dates exist.
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
# Asset keys are JSON in Dagster's storage: `["smallvoices", "landed_agency"]`; this is a pattern for LIKE.
_LANDED = landed.key_of("").to_string().removesuffix('"]').replace("_", "^_") + "%"


def old(instance: dg.DagsterInstance, days: int) -> list[str]:
    """Returns ids of runs that ended more than the given days ago, oldest first, without the newest success."""
    before = datetime.now(tz=UTC) - timedelta(days)
    ended = instance.get_run_records(dg.RunsFilter(statuses=_ENDED, updated_before=before), ascending=True)
    newest = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1)
    kept = {record.dagster_run.run_id for record in newest}
    return [record.dagster_run.run_id for record in ended if record.dagster_run.run_id not in kept]


def size(instance: dg.DagsterInstance, run_id: str) -> int:
    """Returns the bytes of the files that belong to one run only."""
    return sum(path.stat().st_size for path in _files(instance, run_id) if path.exists())


def remove(instance: dg.DagsterInstance, run_ids: Sequence[str], *, since: date, landed_since: date) -> None:
    """Deletes runs.

    Args:
        instance: Dagster's instance.
        run_ids: Ended runs.
        since: The first date whose tables are kept.
        landed_since: The first date whose landed files are kept.
    """
    for start in range(0, len(run_ids), _AT_ONCE):
        some = run_ids[start : start + _AT_ONCE]
        _remove_events(instance, some, since, landed_since)
        for run_id in some:
            for path in _files(instance, run_id):
                path.unlink(missing_ok=True)
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            # Last: while this row exists, a partly deleted run is found again.
            instance.run_storage.delete_run(run_id)


def _storage(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise TypeError(
            f"Dagster's events are in {type(storage).__name__}, whose old runs this does not know to remove"
        )
    return storage


def _files(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """Returns the SQLite databases of a single run."""
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
    # Remaining records of runs deleted earlier are deleted with their date.
    known = instance.get_run_ids()
    of_runs = sa.or_(events.run_id.in_(run_ids), sa.and_(made, events.run_id.not_in(known)))
    checks_of_runs = sa.or_(checks.run_id.in_(run_ids), checks.run_id.not_in(known))
    with _storage(instance).index_connection() as connection:
        connection.execute(SqlEventLogStorageTable.delete().where(of_runs, events.id.not_in(newest)))
        connection.execute(AssetCheckExecutionsTable.delete().where(checks_of_runs, checks.id.not_in(newest_checks)))
        connection.execute(AssetEventTagsTable.delete().where(tags.event_id.not_in(sa.select(events.id))))
