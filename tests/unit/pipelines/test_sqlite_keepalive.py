"""The SQLite files of a run's events: open from its first event to its last, and valid afterwards."""

from pathlib import Path

import dagster as dg

from pipelines.instance import sqlite_keepalive

RUN = "00000000-0000-4000-8000-000000000000"


def test_sqlite_log_is_not_checkpointed_between_events(tmp_path: Path) -> None:
    """Checks SQLite's log, which is deleted whenever no connection has the file open."""
    folder = tmp_path / "history/runs"
    names = (f"{RUN}.db", "index.db")
    seen: list[list[bool]] = []

    @dg.op
    def look() -> None:
        seen.append([(folder / f"{name}-wal").exists() for name in names])

    @dg.job
    def looking() -> None:
        look()

    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with sqlite_keepalive.held_open(instance, RUN):
            looking.execute_in_process(instance=instance, run_id=RUN)
        assert not list(folder.glob("*-wal"))
        assert instance.all_logs(RUN)[-1].dagster_event_type == dg.DagsterEventType.RUN_SUCCESS
        looking.execute_in_process(instance=instance)
    assert seen == [[True, True], [False, False]]
