"""Reads the published file through Apache Superset: `make readers-superset`.

A real Superset server with its own metadata database is called over its REST API, as by its pages: it gets the file as
a database, a dataset of `micro_influencers`, a chart on it and a SQL Lab query. Then a new generation is published, and
both must show it.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import requests

from tests.factories.published_home import DAYS, Home, make

SUPERSET = Path(sys.prefix) / "readers/superset/bin/superset"
_CONFIG = """
SECRET_KEY = {key!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""
_QUERY = "SELECT generation, (SELECT max(score) FROM micro_influencers) AS best FROM _meta"


@dataclass(frozen=True)
class Superset:
    """A running server, with a session."""

    url: str
    session: requests.Session

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        """Calls the API; a rejected request ends the check with the server's message."""
        answer = self.session.post(f"{self.url}/api/v1/{path}", json=body, timeout=120)
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:2000]}")
        found: dict[str, Any] = answer.json()
        return found


def main() -> None:
    """Runs the check."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-superset-") as scratch:
        folder = Path(scratch)
        (folder / "published").mkdir()
        home = make(folder / "published")
        with _running(folder) as superset:
            database = superset.post(
                "database/",
                database_name="smallvoices",
                sqlalchemy_uri=f"duckdb:///{home.published}/micro_influencers.duckdb",
                expose_in_sqllab=True,
                extra=json.dumps({"engine_params": {"connect_args": {"read_only": True}}}),
            )["id"]
            dataset = superset.post("dataset/", database=database, schema="main", table_name="micro_influencers")["id"]
            form = _form(dataset)
            chart = superset.post(
                "chart/", slice_name="By tier", viz_type="table", datasource_id=dataset, datasource_type="table",
                params=json.dumps(form),
            )["id"]  # fmt: skip
            print(f"database {database}, dataset {dataset} and chart {chart} made")
            for number in (1, 2):
                if number > 1:
                    for day in DAYS:
                        home.rewrite(day, pl.lit(12.5).alias("score"))
                    home.publish()
                _look(superset, home, database, dataset)
    print("Superset shows each generation as it is published")


def _look(superset: Superset, home: Home, database: int, dataset: int) -> None:
    generation, best, accounts = home.query(
        "SELECT generation, (SELECT max(score) FROM micro_influencers), (SELECT count(*) FROM micro_influencers) FROM _meta"
    )[0]
    told = superset.post(
        "sqllab/execute/", database_id=database, sql=_QUERY, runAsync=False, client_id=secrets.token_hex(5)
    )
    if told["data"] != [{"generation": generation, "best": best}]:
        raise SystemExit(f"SQL Lab says {told['data']}, and the file generation {generation}, best {best}")
    told = superset.post(
        "chart/data", datasource={"id": dataset, "type": "table"}, force=True, result_format="json", result_type="full",
        queries=[{"columns": ["tier"], "metrics": [_COUNT, _BEST], "orderby": [], "row_limit": 100}],
    )  # fmt: skip
    rows = told["result"][0]["data"]
    if (sum(row["accounts"] for row in rows), max(row["best"] for row in rows)) != (accounts, best):
        raise SystemExit(f"the chart says {rows}, and the file {accounts} accounts, best {best}")
    print(
        f"generation {generation}: SQL Lab and the chart say what the file says ({accounts} accounts, best {best:.2f})"
    )


def _sql_metric(label: str, sql: str) -> dict[str, str]:
    return {"expressionType": "SQL", "sqlExpression": sql, "label": label}


_COUNT, _BEST = _sql_metric("accounts", "COUNT(*)"), _sql_metric("best", "MAX(score)")


def _form(dataset: int) -> dict[str, Any]:
    return {"viz_type": "table", "datasource": f"{dataset}__table", "groupby": ["tier"], "metrics": [_COUNT, _BEST]}


@contextmanager
def _running(folder: Path) -> Iterator[Superset]:
    (folder / "superset_config.py").write_text(_CONFIG.format(key=secrets.token_hex(), folder=folder), encoding="utf-8")
    environment = os.environ | {
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(folder / "superset_config.py"),
        "FLASK_APP": "superset.app:create_app()",
    }
    password = secrets.token_hex()
    person = ["--username", "admin", "--firstname", "A", "--lastname", "B", "--email", "a@example.com"]
    for arguments in (["db", "upgrade"], ["fab", "create-admin", *person, "--password", password], ["init"]):
        print(f"superset {' '.join(arguments[:2])}")
        subprocess.run([SUPERSET, *arguments], env=environment, check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / "server.log"
    command = [str(SUPERSET), "run", "-h", "127.0.0.1", "-p", str(port)]
    with log.open("wb") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as server:
        try:
            yield _logged_in(f"http://127.0.0.1:{port}", password, server)
        except SystemExit:
            print(log.read_text(encoding="utf-8")[-3000:])
            raise
        finally:
            server.terminate()


def _logged_in(url: str, password: str, server: subprocess.Popen[bytes]) -> Superset:
    session = requests.Session()
    deadline = time.monotonic() + 180
    while True:
        try:
            body = {"username": "admin", "password": password, "provider": "db"}
            answer = session.post(f"{url}/api/v1/security/login", json=body, timeout=60)
            break
        except requests.ConnectionError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("Superset did not start") from None
            time.sleep(0.5)
    session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return Superset(url, session)


if __name__ == "__main__":
    main()
