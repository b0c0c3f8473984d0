"""A real PostgreSQL server on loopback, from the system's packages.

Belongs here: starting and stopping it. `make postgres` installs it.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

PASSWORD = "nightingale of the 7th hour/@"  # noqa: S105 - of a server that lives as long as the tests
_PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    port: int

    def address(self, database: str) -> str:
        """Returns the address of a database, with the password left to the environment."""
        return f"postgresql://keeper:${{PG_PASSWORD}}@127.0.0.1:{self.port}/{database}"

    def full_address(self, database: str) -> str:
        """Returns the address with the password, as in Dagster's environment."""
        return self.address(database).replace("${PG_PASSWORD}", quote(PASSWORD, safe=""))

    def connect(self, database: str, user: str = "keeper") -> psycopg.Connection:
        """Opens a separate connection."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, password=PASSWORD, dbname=database, autocommit=True
        )

    def make(self, database: str) -> None:
        """Creates an empty database of that name."""
        with self.connect("postgres") as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database}".encode())
            connection.execute(f"CREATE DATABASE {database}".encode())

    def dump(self, database: str) -> str:
        """Dumps a database with PostgreSQL's own tool."""
        command = [str(_PLACES[0] / "pg_dump"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "keeper", database]
        environment = os.environ | {"PGPASSWORD": PASSWORD}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Starts the server, for all tests of a session."""
    if not _PLACES:
        pytest.skip("no PostgreSQL server: `make postgres` installs it (system packages, as root)")
    folder = tmp_path_factory.mktemp("postgres")
    # PostgreSQL refuses to run as root.
    as_owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    data = Path("/tmp" if as_owner else folder) / f"smallvoices-tests-{os.getpid()}"  # noqa: S108 - where another user may write
    data.mkdir(mode=0o700)
    if as_owner:
        shutil.chown(data, "postgres", "postgres")
    secret = data / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        command = [*as_owner, str(_PLACES[0] / program), "-D", str(data / "db"), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/")

    options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    try:
        run(
            "initdb",
            "-U",
            "keeper",
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        run("pg_ctl", "-l", str(data / "log"), "-w", "-o", options, "start")
        try:
            yield Postgres(port)
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(data, ignore_errors=True)
