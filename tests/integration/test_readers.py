"""The published files in common clients, and how each detects the next generation."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.factories.published_home import Home

_READERS = Path(sys.prefix) / "readers"
_SCRIPTS = Path(__file__).resolve().parent / "readers"
_DUCKDBS = ("1.0.0", "1.1.3", "1.2.2", "1.3.2", "1.4.4", "1.5.4", "2.0.0")


class Client:
    """A client in its own process, which reads on request."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def look(self) -> Any:  # noqa: ANN401 - JSON
        """Returns the client's observations: generation, accounts and micro-influencers, for each of its ways."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError(self._process.communicate()[1])
        return json.loads(line)


Start = Callable[..., Client]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts clients, and stops them at the end."""
    with ExitStack() as running:

        def started(*command: str | Path) -> Client:
            if not Path(command[0]).exists():
                pytest.skip(f"{command[0]} is not installed; run `make readers`")
            process = running.enter_context(
                subprocess.Popen(
                    [*map(str, command)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            running.callback(process.communicate)
            return Client(process)

        yield started


def _seen(home: Home, clients: dict[Any, Client]) -> list[dict[Any, Any]]:
    """Returns the observations of each before and after a new generation."""
    seen = [{name: client.look() for name, client in clients.items()}]
    home.publish()
    return [*seen, {name: client.look() for name, client in clients.items()}]


def _python(environment: str) -> tuple[Path, Path]:
    return _READERS / environment / "bin/python", _SCRIPTS / "clients.py"


def test_every_duckdb_version_reads_the_file_and_sees_the_next_generation(home: Home, start: Start) -> None:
    home.publish()
    clients = {
        (version, kind): start(*_python(f"duckdb-{version}"), kind, home.published)
        for version in _DUCKDBS
        for kind in ("duckdb_each_way", "duckdb_stale")
    }
    first, second = _seen(home, clients)
    # Only a connection to the file itself keeps its generation, complete.
    ways = {"duckdb_each_way": [[2, 200, 200]] * 3, "duckdb_stale": [2, 200, 200]}
    assert first == {(version, kind): ways[kind] for version, kind in clients}
    ways["duckdb_each_way"] = [[3, 200, 200]] * 3
    assert second == {(version, kind): ways[kind] for version, kind in clients}


def test_other_clients_see_the_next_generation(home: Home, start: Start) -> None:
    home.publish()
    kinds = ("sqlalchemy_pooled", "sqlalchemy_anew", "adbc", "pandas", "polars")
    clients = {kind: start(*_python("clients"), kind, home.published) for kind in kinds}
    assert _seen(home, clients) == [{kind: [seen, 200, 200] for kind in kinds} for seen in (2, 3)]


def test_node_client_sees_the_next_generation(home: Home, start: Start) -> None:
    installed = _READERS / "node/node_modules"
    if not installed.exists():
        pytest.skip("@duckdb/node-api is not installed; run `make readers`")
    home.publish()
    client = start(shutil.which("node") or "node", _SCRIPTS / "client.mjs", installed.parent, home.published)
    assert _seen(home, {"node": client}) == [{"node": [2, 200, 200]}, {"node": [3, 200, 200]}]
