"""The SQLite files of a run's events.

Belongs here: keeping them open while a run writes. Does not: their content, or deleting them (`run_retention`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage


@contextmanager
def held_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keeps the SQLite files of a run's events open during the block; does nothing for other storages.

    Dagster opens and closes them for every event. When no other connection is open, SQLite then checkpoints its log,
    with a sync, and creates it again: a tenth of the processor time of a small run.

    Args:
        instance: Dagster's instance.
        run_id: The run, which may not have started.
    """
    storage = instance.event_log_storage
    shards = (INDEX_SHARD_NAME, run_id)
    paths = [storage.path_for_shard(shard) for shard in shards] if isinstance(storage, SqliteEventLogStorage) else []
    with ExitStack() as files:
        for path in paths:
            file = files.enter_context(closing(sqlite3.connect(path)))
            # Dagster's own journal mode, which the file of a new run does not have yet.
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield
