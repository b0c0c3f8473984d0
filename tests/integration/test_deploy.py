"""The machine of the nightly run: its units are valid, its UI is local only, its storage is PostgreSQL."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import requests
import yaml

from schemas.settings import POSTGRES, Settings, SettingsError
from tests.conftest import REPOSITORY
from tests.factories.command import Command
from tests.factories.postgres_server import PASSWORD, Postgres

UNITS = sorted((REPOSITORY / "deploy").glob("*.service"))
# systemd's exposure: 0 is the most restricted, 10 is unrestricted.
MOST_EXPOSED = 2.0


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Returns the units, with /opt/smallvoices replaced by this checkout."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze checks units, and is not on this machine")
    program = str(Path(sys.executable).with_name("smallvoices"))
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/smallvoices/.venv/bin/smallvoices", program)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return [tmp_path / unit.name for unit in UNITS]


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)  # noqa: S607


def test_systemd_accepts_the_units(units: list[Path], tmp_path: Path) -> None:
    assert len(units) == 2
    done = analyze("verify", "--man=no", *units)
    assert (done.returncode, done.stderr) == (0, "")
    broken = tmp_path / "broken.service"
    broken.write_text(units[0].read_text(encoding="utf-8").replace("ProtectHome=true", "ProtectHom=true"))
    assert "ProtectHom" in analyze("verify", "--man=no", broken).stderr


def test_units_are_sandboxed(units: list[Path]) -> None:
    for unit in units:
        done = analyze("security", "--offline=true", "--no-pager", unit)
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
        assert found, done.stderr
        assert float(found[1]) <= MOST_EXPOSED, unit.name


def test_both_units_have_the_same_limits() -> None:
    held = [unit.read_text(encoding="utf-8").partition("User=")[2] for unit in UNITS]
    assert held[0] == held[1] != ""
    written = {line for unit in UNITS for line in unit.read_text(encoding="utf-8").splitlines() if "ExecStart" in line}
    assert written == {
        "ExecStart=/opt/smallvoices/.venv/bin/smallvoices daemon",
        "ExecStart=/opt/smallvoices/.venv/bin/smallvoices webserver --port 3000",
    }


def tables(server: Postgres, database: str) -> dict[str, int]:
    """Counts the rows of Dagster's tables."""
    with server.connect(database) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: connection.execute(
                psycopg.sql.SQL("SELECT count(*) FROM {}").format(psycopg.sql.Identifier(name))
            ).fetchall()[0][0]
            for (name,) in names
        }


@pytest.fixture
def storage(postgres_server: Postgres) -> str:
    """Returns the address of an empty database for Dagster."""
    postgres_server.make("dagster")
    return postgres_server.full_address("dagster")


@pytest.mark.skipif(
    "SMALLVOICES_DEPLOY_STORAGE" not in os.environ, reason="takes a night and a UI: make deploy-storage"
)
def test_nightly_run_and_services_use_postgresql_storage(
    postgres_server: Postgres, storage: str, smallvoices: Command, samples: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    run = smallvoices.process("nightly", "--date", "2026-10-31", sources=samples, home=home, **{POSTGRES: storage})
    assert run.code == 0, run.err
    found = tables(postgres_server, "dagster")
    assert found["runs"] == 1
    assert found["event_logs"] > 100
    # Nothing of it is in files, least of all the password.
    assert not [*home.rglob("*.db")]
    assert yaml.safe_load((home / "dagster/dagster.yaml").read_text())["storage"]["postgres"]["postgres_url"] == {
        "env": POSTGRES
    }
    secrets = (PASSWORD.encode(), quote(PASSWORD, safe="").encode())
    assert not [
        path for path in home.rglob("*") if path.is_file() and any(secret in path.read_bytes() for secret in secrets)
    ]
    assert not any(secret.decode() in run.out + run.err for secret in secrets)
    # The UI shows that run, on this machine only.
    with served(home, samples, storage) as port:
        query = {"query": "{ runsOrError { ... on Runs { results { status } } } }"}
        answer = requests.post(f"http://127.0.0.1:{port}/graphql", json=query, timeout=30).json()
        assert answer["data"]["runsOrError"]["results"] == [{"status": "SUCCESS"}]
        listening = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=False).stdout  # noqa: S607
        bound = [line.split()[3] for line in listening.splitlines() if line.split()[3].endswith(f":{port}")]
        assert bound in ([f"127.0.0.1:{port}"], [])  # [] if ss is missing


@contextmanager
def served(home: Path, sources: Path, storage: str) -> Iterator[int]:
    """Starts the webserver as its unit does, and waits until it responds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    program = str(Path(sys.executable).with_name("smallvoices"))
    command = [program, "webserver", "--port", str(port), "--home", str(home), "--sources", str(sources)]
    with (home.parent / "webserver.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": "/usr/bin:/bin", POSTGRES: storage})
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/server_info", timeout=5)
                break
            except requests.ConnectionError:
                assert process.poll() is None, (home.parent / "webserver.log").read_text()
                assert time.monotonic() < deadline, (home.parent / "webserver.log").read_text()
                time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait(60)


def test_invalid_storage_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES, "mysql://keeper:canary@db")
    with pytest.raises(SettingsError, match=f"^{POSTGRES}: not allowed; allowed: postgresql://") as mistake:
        Settings.from_environment()
    assert "canary" not in str(mistake.value)
