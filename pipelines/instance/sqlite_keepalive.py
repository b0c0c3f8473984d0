"""The files that Dagster writes the events of a run to.

Belongs here: keeping them open while a run writes. Does not: what they hold, or letting go of it (`run_retention`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import dagster as dg
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage


@contextmanager
def held_open(instance: dg.DagsterInstance, run_id: str) -> Iterator[None]:
    """Keeps the SQLite files of a run's events open during the block; does nothing where events are elsewhere.

    Dagster opens and closes them for every event, and SQLite writes its log back, with a sync, and makes it anew
    whenever nobody else has a file open: a tenth of a small night's processor time.

    Args:
        instance: Dagster's.
        run_id: The run, which need not have begun.
    """
    storage = instance.event_log_storage
    shards = (INDEX_SHARD_NAME, run_id)
    paths = [storage.path_for_shard(shard) for shard in shards] if isinstance(storage, SqliteEventLogStorage) else []
    with ExitStack() as files:
        for path in paths:
            file = files.enter_context(closing(sqlite3.connect(path)))
            # As Dagster has it; that of a run is new.
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield
