"""The reason of a failed run, from its events: the message of the outermost error, not of its causes."""

import errno
from collections.abc import Iterator, Sequence

import dagster as dg
import pytest

from assets.storage import atomic_write
from pipelines.instance import failures


@pytest.fixture
def events() -> Iterator[Sequence[dg.DagsterEvent]]:
    """Returns events of a run whose disk is broken: an error whose cause names no path."""

    @dg.op
    def syncing() -> None:
        raise atomic_write.DiskError(errno.EIO, "Input/output error", "/home/lake") from OSError(errno.EIO, "no path")

    @dg.job
    def night() -> None:
        syncing()

    with dg.DagsterInstance.ephemeral() as instance:
        yield night.execute_in_process(instance=instance, raise_on_error=False).all_events


def test_error_with_a_path_replaces_its_cause(events: Sequence[dg.DagsterEvent]) -> None:
    assert failures.why(events) == (
        "/home/lake cannot be written: Input/output error; make room or mend the disk, and run again"
    )
