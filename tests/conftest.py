"""What tests share: a home of their own, samples of any dates, and the command as people type it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# Other work goes on beside the tests: how long an example takes says nothing.
settings.register_profile("shared_machine", deadline=None)
settings.load_profile("shared_machine")

# The running UI and daemon, the servers, and homes made once, for the tests that ask for them.
pytest_plugins = [
    "tests.factories.invented_accounts",
    "tests.ui.live_dagster",
    "tests.ui.dagster_ui",
    "tests.factories.postgres_server",
    "tests.factories.published_home",
    "tests.factories.s3_server",
]

REPOSITORY = Path(__file__).resolve().parent.parent
SOURCES = """
sources:
  - {name: agency, shape: yoo_2018, url: "samples/agency/{date}.csv"}
  - {name: scraper, shape: apify_instagram, url: "samples/scraper/{date}.json"}
  - name: tiktok_team
    shape: smallvoices
    url: samples/tiktok_team/profiles-{date}.csv
    posts_url: samples/tiktok_team/posts-{date}.ndjson
"""


# Which tests share a server or a home that takes long to make, and so a process. Each other test may run in any.
_SHARING = {
    "tests/ui/test_daemon.py": "dagster",
    "tests/ui/test_browser.py": "dagster",
    "tests/integration/test_doctor.py": "published",
    "tests/integration/test_notifying.py": "published",
    "tests/integration/test_object_store.py": "s3",
    "tests/integration/test_dbt.py": "published",
    "tests/integration/test_deploy.py": "published",
    "tests/integration/test_postgres.py": "published",
    "tests/integration/test_publishing.py": "published",
    "tests/integration/test_readers.py": "published",
    "tests/integration/test_retention.py": "retention",
    "tests/integration/test_upgrade.py": "published",
}


class _SharedServers(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no types
    """Hands out tests one by one, but those that share a server to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return _SHARING.get(nodeid.partition("::")[0], nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Which process runs which test."""
    return _SharedServers(config, log)


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What it printed with --json."""
        found: dict[str, Any] = json.loads(self.out)
        return found


Command = Callable[..., Finished]


@pytest.fixture(scope="session", autouse=True)
def _installed_for_use(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes find no hypothesis, as where nobody develops: pandera loads it where it is, a quarter of a short command."""
    folder = tmp_path_factory.mktemp("installed_for_use")
    (folder / "hypothesis.py").write_text("raise ImportError\n", encoding="utf-8")
    with patch.dict(os.environ, {"PYTHONPATH": str(folder)}):
        yield


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    """What a run in this process says to the processes that it starts is not said to the next test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def smallvoices(tmp_path: Path) -> Command:
    """Runs `smallvoices` with arguments, as a process of its own, in this test's home unless one is given."""

    def run(*arguments: str, home: Path | None = None, sources: Path | None = None, **environment: str) -> Finished:
        command = [str(Path(sys.executable).with_name("smallvoices")), *arguments]
        command += ["--home", str(home or tmp_path / "home")]
        command += ["--sources", str(sources or tmp_path / "sources.yaml")]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=os.environ | environment,
            timeout=300,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Invented exports in three shapes of 2026-10-01, 24, 30 and 31, with a sources.yaml beside them."""
    (tmp_path / "samples").symlink_to(REPOSITORY / "samples")
    path = tmp_path / "sources.yaml"
    path.write_text(SOURCES, encoding="utf-8")
    return path
