"""Processes killed from outside: a nightly run of the command line, the process of a run, and the whole Dagster tree.

Belongs here: Dagster's handling of killed runs, and recovery without manual steps. Does not: files after a kill
(`kills`).
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dagster as dg

from pipelines.instance import orphaned_runs
from tests.factories.published_home import Home, make
from tests.faults import homes, syscalls
from tests.faults.table import Extent, Found, Row
from tests.ui.live_dagster import LiveDagster, running, wait_for

_KILLS = 8
_DAEMON_SECONDS = 300
_UNDER_WAY = (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING)


def worker(extent: Extent) -> Found:
    """Kills the process of a run under a running Dagster, which retries it."""
    found = Found()
    with _made() as (home, expected), running(home.folder, home.settings.sources_file) as live:
        for _ in extent.some("killed workers", range(2)):
            backfill, (_, pid) = _started(live, home)
            os.kill(pid, signal.SIGKILL)
            ended = live.ended(backfill, _DAEMON_SECONDS)
            runs = [run["status"] for run in ended["runs"]]
            wrong = None if "FAILURE" in runs and "SUCCESS" in runs else f"the runs ended as {runs}"
            # The retry continues after the last successful step; the next nightly run cleans up.
            found.hit(wrong or _again(lambda: _night(home), home, expected))
            found.notes.append("one run failed, its retry succeeded" if not wrong else "")
    return found


def host(extent: Extent) -> Found:
    """Kills everything at some moment, from the command line and under a running Dagster, and restarts it."""
    found = Found()
    with _made() as (home, expected):
        began = time.monotonic()
        _night(home)
        seconds = time.monotonic() - began
        for share in extent.some("killed nights", [place / _KILLS for place in range(1, _KILLS)]):
            if not _killed_after(home, seconds * share):
                found.notes.append(f"one had ended before {share:.0%} of its time and does not count")
                continue
            found.hit(_again(lambda: _night(home), home, expected))
        _tree(home, expected, found)
    return found


def _tree(home: Home, expected: str, found: Found) -> None:
    """Kills webserver, code server, daemon and run at once, and restarts all, as after a crash."""
    with running(home.folder, home.settings.sources_file) as live:
        _, (run_id, pid) = _started(live, home)
        for process in _tree_of(pid):
            os.kill(process, signal.SIGKILL)
    if run_id not in _under_way(home):
        found.notes.append("the run under Dagster ended before it could be killed, and does not count")
        return
    with running(home.folder, home.settings.sources_file) as live:
        if run_id in _under_way(home):
            found.hit(f"the killed run {run_id} is still under way once Dagster is back")
            return

        def backfilled() -> None:
            ended = live.ended(live.backfill(live.names(), [homes.NEXT]), _DAEMON_SECONDS)
            if ended["status"] != "COMPLETED_SUCCESS":
                raise RuntimeError(f"the backfill ended as {ended['status']}")

        found.hit(_again(backfilled, home, expected))


@contextmanager
def _made() -> Iterator[tuple[Home, str]]:
    """Returns a home, and its content hash after the next day."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-faults-") as scratch:
        home = make(Path(scratch))
        homes.export(home, homes.NEXT, 3)
        _night(home)
        yield home, syscalls.run(partial(homes.shown, home)).content_hash


def _night(home: Home) -> None:
    done = home.run("nightly", "--date", homes.NEXT, "--force")
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])


def _again(work: Callable[[], None], home: Home, expected: str) -> str | None:
    try:
        work()
    except RuntimeError as error:
        return str(error)
    return _converged(home, expected)


def _converged(home: Home, expected: str) -> str | None:
    if (seen := syscalls.run(partial(homes.shown, home)).content_hash) != expected:
        return f"the content hash is {seen} in place of {expected}"
    if left := homes.leftovers(home):
        return f"left over: {left}"
    return f"still under way: {busy}" if (busy := _under_way(home)) else None


def _under_way(home: Home) -> list[str]:
    """Returns the runs that Dagster lists as started."""

    def look() -> list[str]:
        with dg.DagsterInstance.from_config(str(home.settings.dagster_home)) as instance:
            return [run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=list(_UNDER_WAY)))]

    return list(syscalls.run(look))


def _killed_after(home: Home, seconds: float) -> bool:
    """Starts a nightly run, and kills its process tree unless it has ended by then."""
    with subprocess.Popen(
        home.command("nightly", "--date", homes.NEXT, "--force"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return True
    return False


def _started(live: LiveDagster, home: Home) -> tuple[str, tuple[str, int]]:
    """Launches a backfill of the next day; returns it, and its run with its process once that is running."""
    backfill = live.backfill(live.names(), [homes.NEXT])

    def look() -> tuple[str, int] | None:
        with dg.DagsterInstance.from_config(str(home.settings.dagster_home)) as instance:
            # The automation sensor has its own runs.
            ours = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED], tags={"dagster/backfill": backfill})
            for run in instance.get_runs(ours):
                if pid := orphaned_runs.process_of(instance, run.run_id):
                    return run.run_id, pid
        return None

    return backfill, wait_for("the process of a run", lambda: syscalls.run(look), _DAEMON_SECONDS)


def _tree_of(pid: int) -> list[int]:
    """Returns every process of the session of a process."""
    session = os.getsid(pid)
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(path.name)) == session:
                found.append(int(path.name))
        except ProcessLookupError:
            continue
    return found


ROWS = (
    Row(3, "worker killed, run retried", "no double commit, C equal", worker),
    Row(4, "host crash", "next run needs no hand; slot freed within max runtime", host),
)
