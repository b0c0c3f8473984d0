"""`smallvoices ui` on a home that has a running UI, and after a killed one."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.factories.command import Command
from tests.ui.live_dagster import wait_for

# All of `smallvoices ui` except the exec of Dagster.
_UI = """
import os, sys, time
from pathlib import Path
from pipelines.instance import services
from schemas.settings import Settings
os.execv = lambda *_: time.sleep(60)
services.ui(Settings(home=Path(sys.argv[1]), sources_file=Path("sources.yaml")), int(sys.argv[2]))
"""


@pytest.fixture(autouse=True)
def _stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails instead of exec: an accepted command would turn the test process into Dagster."""

    def become(*command: object) -> None:
        raise AssertionError(f"became {command}")

    monkeypatch.setattr(os, "execv", become)


@contextmanager
def ui(home: Path, port: int) -> Iterator[str]:
    """Runs a UI of a home until it is killed; returns its lock message."""
    said = home / "dagster/ui.lock"
    with subprocess.Popen([sys.executable, "-c", _UI, str(home), str(port)], cwd=REPOSITORY) as process:
        told = f"http://127.0.0.1:{port}, process {process.pid}"
        try:
            wait_for("the UI", lambda: (said.exists() and said.read_text(encoding="utf-8") == told) or None, 60)
            yield told
        finally:
            process.kill()


def test_home_has_one_ui(smallvoices: Command, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: [{name: a, shape: smallvoices, url: '{date}.csv'}]")
    home = tmp_path / "home"
    with ui(home, 3123) as told:
        second = smallvoices("ui", "--port", "3124")
        assert (second.code, second.err) == (
            1, f"Error: the UI of {home} runs already: {told}; open that, or end it and run this again\n"
        )  # fmt: skip
    # Killed, it blocks nobody.
    with ui(home, 3125):
        assert "http://127.0.0.1:3125" in smallvoices("ui").err


@pytest.mark.parametrize("command", ["ui", "webserver"])
def test_used_port_is_reported_before_start(smallvoices: Command, tmp_path: Path, command: str) -> None:
    (tmp_path / "sources.yaml").write_text("sources: [{name: a, shape: smallvoices, url: '{date}.csv'}]")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = smallvoices(command, "--port", str(port))
    assert (run.code, run.err) == (1, f"Error: port {port}: Address already in use; name another with --port\n")


def test_invalid_port_is_a_usage_error(smallvoices: Command) -> None:
    assert smallvoices("ui", "--port", "99999").code == 2
