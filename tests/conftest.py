"""Shared fixtures: a separate home, samples of any dates, and the command."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from sqlalchemy import Engine, event
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.factories.command import Command

# Other load runs next to the tests: the time of an example means nothing. `make proofs` draws other examples each time,
# and many more.
settings.register_profile("tests", deadline=None, max_examples=25, derandomize=True)
settings.register_profile("proofs", deadline=None, max_examples=300)
settings.load_profile("tests")

# The running UI and daemon, the servers, and prebuilt homes, for the tests that request them.
pytest_plugins = [
    "pytester",
    "tests.processor_time",
    "tests.factories.invented_accounts",
    "tests.ui.live_dagster",
    "tests.ui.dagster_ui",
    "tests.factories.postgres_server",
    "tests.factories.published_home",
    "tests.factories.samples_night",
    "tests.factories.s3_server",
]

REPOSITORY = Path(__file__).resolve().parent.parent
# Tests that share a server, and so a process. All others may run in any process.
_SHARING = {
    "tests/ui/test_daemon.py": "dagster",
    "tests/ui/test_browser.py": "dagster",
    "tests/ui/test_ui.py": "dagster",
    "tests/integration/test_deploy.py": "postgres",
    "tests/integration/test_forget_postgres.py": "postgres",
    "tests/integration/test_object_store.py": "s3",
    "tests/integration/test_dbt.py": "dbt",
    "tests/integration/test_upgrade.py": "postgres",
    "tests/integration/test_postgres.py": "postgres",
    "tests/ui/test_report.py": "browser",
}


class _SharedServers(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Distributes tests one by one, except that tests that share a server run in one process."""

    def _split_scope(self, nodeid: str) -> str:
        return _SHARING.get(nodeid.partition("::")[0], nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Returns the scheduler, which assigns tests to processes."""
    return _SharedServers(config, log)


@pytest.fixture(scope="session", autouse=True)
def _installed_for_use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hides hypothesis from child processes, as in production: its import slows a short command by a quarter."""
    folder = tmp_path_factory.mktemp("installed_for_use")
    (folder / "hypothesis.py").write_text("raise ImportError\n", encoding="utf-8")
    with patch.dict(os.environ, {"PYTHONPATH": str(folder)}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _disk_not_waited_for() -> Iterator[None]:
    """Disables fsync in this process; `make faults` and tests with their own process cover syncs."""

    def unsynced(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", unsynced)
    with patch.object(os, "fsync", lambda _: None):
        yield
    event.remove(Engine, "connect", unsynced)


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """Restores the environment that a run passes to its child processes, so that it does not reach the next test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def smallvoices(tmp_path: Path) -> Command:
    """Runs `smallvoices` in this test's home: in this process, or by `.process(...)` in a new one."""
    return Command(tmp_path)
