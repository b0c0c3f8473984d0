"""What tests share: a home of their own, samples of any dates, and the command as people type it."""

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

# Other work goes on beside the tests: how long an example takes says nothing. `make proofs` draws other examples each
# time, and many more.
settings.register_profile("tests", deadline=None, max_examples=25, derandomize=True)
settings.register_profile("proofs", deadline=None, max_examples=300)
settings.load_profile("tests")

# The running UI and daemon, the servers, and homes made once, for the tests that ask for them.
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
# Which tests share a server, and so a process. Each other test may run in any.
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
    """Hands out tests one by one, but those that share a server to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return _SHARING.get(nodeid.partition("::")[0], nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Which process runs which test."""
    return _SharedServers(config, log)


@pytest.fixture(scope="session", autouse=True)
def _installed_for_use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes find no hypothesis, as where nobody develops: pandera loads it where it is, a quarter of a short command."""
    folder = tmp_path_factory.mktemp("installed_for_use")
    (folder / "hypothesis.py").write_text("raise ImportError\n", encoding="utf-8")
    with patch.dict(os.environ, {"PYTHONPATH": str(folder)}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _disk_not_waited_for() -> Iterator[None]:
    """This process does not wait for the disk; `make faults` and tests with a process of their own show what syncs do."""

    def unsynced(connection: object, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", unsynced)
    with patch.object(os, "fsync", lambda _: None):
        yield
    event.remove(Engine, "connect", unsynced)


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What a run in this process says to the processes that it starts is not said to the next test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def smallvoices(tmp_path: Path) -> Command:
    """Runs `smallvoices` in this test's home: in this process, or by `.process(...)` in one of its own."""
    return Command(tmp_path)
