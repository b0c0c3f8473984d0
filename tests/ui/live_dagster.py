"""A real `smallvoices ui`: webserver, code server and daemon, over synthetic exports.

Belongs here: starting and stopping it, GraphQL queries, and the fixtures that share one instance, and one backfill of
many days, among all tests of a session.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import pytest
import requests

from assets.asset_keys import asset_key
from schemas.settings import REPOSITORY

if TYPE_CHECKING:
    from tests.ui.dagster_ui import Browser

SMALLVOICES = Path(sys.executable).with_name("smallvoices")
# Thirty in `make backfill`; fewer among the other tests, which share this short form.
_COUNT = int(os.environ.get("SMALLVOICES_BACKFILL_DAYS", "3"))
DAYS = [(date(2026, 10, 31) - timedelta(days=number)).isoformat() for number in reversed(range(_COUNT))]
# Missing while the days are backfilled, and restored for `repaired`.
MISSING = ("agency", DAYS[-1])

Json = dict[str, Any]
T = TypeVar("T")


def wait_for(what: str, look: Callable[[], T | None], seconds: float, pause: float = 0.2) -> T:
    """Polls until there is a result.

    Args:
        what: The expected state, for the message.
        look: Returns None until then.
        seconds: The timeout.
        pause: Seconds between two looks.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (seen := look()) is not None:
            return seen
        time.sleep(pause)
    raise TimeoutError(f"{what}: not within {seconds:g} s")


@dataclass(frozen=True)
class Published:
    """The published file's own metadata."""

    snapshot_date: str
    content_hash: str
    dates: int
    sources: dict[str, str]


def published(home: Path) -> Published:
    """Reads the published file of a home."""
    with duckdb.connect(str(home / "published" / "micro_influencers.duckdb"), read_only=True) as file:
        day, content_hash = file.execute("SELECT snapshot_date, content_hash FROM _meta").fetchall()[0]
        dates = file.execute("SELECT count(DISTINCT snapshot_date) FROM rank_history").fetchall()[0][0]
        return Published(
            str(day), content_hash, dates, dict(file.execute("SELECT source, state FROM source_status").fetchall())
        )


@dataclass(frozen=True)
class LiveDagster:
    """A running `smallvoices ui`.

    Attributes:
        url: Its address.
        home: Its SMALLVOICES_HOME.
        samples: The exports of its sources.yaml.
    """

    url: str
    home: Path
    samples: Path

    def ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - whatever the query asks for
        """Sends a GraphQL query or mutation and returns its single result."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=60)
        answer.raise_for_status()
        document = answer.json()
        assert "errors" not in document, document["errors"]
        (data,) = document["data"].values()
        if isinstance(data, dict):
            assert not data.get("__typename", "").endswith("Error"), data
        return data

    def assets(self) -> list[Json]:
        """Returns every asset: its key, its materialization, and its materialized dates."""
        return list(
            self.ask(
                "{ assetNodes { assetKey { path } isPartitioned partitionStats { numMaterialized numFailed } "
                "assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } } } }"
            )
        )

    def names(self) -> list[str]:
        """Returns the names of all assets."""
        return [asset["assetKey"]["path"][-1] for asset in self.assets()]

    def backfill(self, assets: Sequence[str], days: Sequence[str]) -> str:
        """Launches a backfill as the dialog of the asset graph does, and returns its id."""
        launched = self.ask(
            "mutation ($what: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $what) "
            "{ __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }",
            what={"assetSelection": [{"path": asset_key(name).path} for name in assets], "partitionNames": list(days)},
        )
        return str(launched["backfillId"])

    def backfills(self) -> list[str]:
        """Returns the ids of all backfills so far."""
        found = self.ask("{ partitionBackfillsOrError { __typename ... on PartitionBackfills { results { id } } } }")
        return [backfill["id"] for backfill in found["results"]]

    def ended(self, backfill_id: str, seconds: float) -> Json:
        """Waits for the end of a backfill, and returns its status and its runs, oldest first."""

        def look() -> Json | None:
            found: Json = self.ask(
                "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { __typename "
                "... on PartitionBackfill { status runs(limit: 1000) { "
                "runId status creationTime startTime endTime assetSelection { path } "
                "tags { key value } } } } }",
                id=backfill_id,
            )
            return found if found["status"] not in ("REQUESTED", "CANCELING", "FAILING") else None

        found = wait_for(f"the end of backfill {backfill_id}", look, seconds, pause=1)
        return found | {"runs": sorted(found["runs"], key=lambda run: run["creationTime"])}

    def run_ended(self, run_id: str, seconds: float) -> None:
        """Waits for the end of a run, in any status."""

        def look() -> str | None:
            query = "query ($id: ID!) { runOrError(runId: $id) { __typename ... on Run { status } } }"
            status: str = self.ask(query, id=run_id)["status"]
            return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

        wait_for(f"the end of run {run_id}", look, seconds, pause=1)

    def pulled(self, source: str) -> Json:
        """Returns the latest evaluation of a source's `export_landed` check."""
        (asset,) = self.ask(
            "query ($of: [AssetKeyInput!]!) { assetNodes(assetKeys: $of) { assetChecksOrError { "
            "... on AssetChecks { checks { "
            "name executionForLatestMaterialization { evaluation { success severity description } } } } } } }",
            of=[{"path": asset_key(f"landed_{source}").path}],
        )
        checks = {check["name"]: check for check in asset["assetChecksOrError"]["checks"]}
        return dict(checks["export_landed"]["executionForLatestMaterialization"]["evaluation"])


def write_samples(folder: Path) -> Path:
    """Writes some days of exports and a sources.yaml like the repository's; returns the latter."""
    generate = [sys.executable, "-m", "pipelines.samples.generate"]
    subprocess.run([*generate, "--to", str(folder / "samples"), *DAYS], check=True, stdout=subprocess.DEVNULL)
    return Path(shutil.copy(REPOSITORY / "sources.yaml", folder))


def _environment() -> dict[str, str]:
    # The schedule must not fire during tests; screenshots show the default schedule.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SMALLVOICES_", "DAGSTER_"))}
    return kept if "SMALLVOICES_SCREENSHOTS" in os.environ else kept | {"SMALLVOICES_NIGHTLY_CRON": "0 2 29 2 *"}


@contextmanager
def running(folder: Path, sources: Path) -> Iterator[LiveDagster]:
    """Starts `smallvoices ui` with a home in a folder, and stops it with all its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    live = LiveDagster(f"http://127.0.0.1:{port}", folder / "home", sources.parent / "samples")
    command = [str(SMALLVOICES), "ui", "--port", str(port), "--home", str(live.home), "--sources", str(sources)]
    log = folder / "ui.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=_environment(), start_new_session=True
        )
        try:
            with requests.Session() as session:
                session.trust_env = False

                def answers() -> bool | None:
                    assert process.poll() is None, log.read_text()
                    try:
                        return session.get(f"{live.url}/server_info", timeout=5).ok or None
                    except requests.ConnectionError:
                        return None

                wait_for("the Dagster UI", answers, 180)
            yield live
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Terminates the processes of a session, and kills the remaining ones."""
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=20)
    # Processes that survived it.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=20)


@dataclass(frozen=True)
class Backfilled:
    """Some days, backfilled by the daemon with one export missing.

    Attributes:
        id: Id of the backfill.
        ended: Status and runs of the backfill.
        assets: The assets at that time.
        pulled: The `export_landed` check of the source with the missing export.
        published: The published file.
    """

    id: str
    ended: Json
    assets: list[Json]
    pulled: Json
    published: Published


@dataclass(frozen=True)
class Whole:
    """A complete backfill of the same days, by `smallvoices backfill`."""

    process: subprocess.Popen[bytes]
    home: Path

    def published(self) -> Published:
        """Returns its published file, once it has finished."""
        assert self.process.wait(timeout=1200) == 0, (self.home.parent / "backfill.log").read_text()
        return published(self.home)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Runs `smallvoices backfill` over the same days in a separate home, in parallel with other fixtures."""
    folder = tmp_path_factory.mktemp("whole")
    sources = write_samples(folder)
    command = [str(SMALLVOICES), "backfill", "--from", DAYS[0], "--to", DAYS[-1]]
    with (folder / "backfill.log").open("w") as output:
        process = subprocess.Popen(
            [*command, "--home", str(folder / "home"), "--sources", str(sources)],
            stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=_environment(),
        )  # fmt: skip
        try:
            yield Whole(process, folder / "home")
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDagster]:
    """Starts one `smallvoices ui` for the session, without the export of `MISSING`."""
    folder = tmp_path_factory.mktemp("live")
    sources = write_samples(folder)
    with running(folder, sources) as dagster:
        yield dagster


@pytest.fixture(scope="session")
def backfilled(live: LiveDagster, whole: Whole, browser: "Browser | None") -> Backfilled:  # `whole` computes meanwhile
    """Backfills those days of all assets by the daemon; launched by clicks if there is a browser."""
    export = _missing_export(live)
    export.rename(export.with_suffix(".late"))
    launched = browser.backfill(DAYS[0], DAYS[-1]) if browser else live.backfill(live.names(), DAYS)
    ended = live.ended(launched, seconds=1200)
    return Backfilled(launched, ended, live.assets(), live.pulled(MISSING[0]), published(live.home))


@pytest.fixture(scope="session")
def repaired(live: LiveDagster, backfilled: Backfilled, browser: "Browser | None") -> str:  # comes after them
    """Restores the missing export late, reruns its date, and returns the outcome."""
    export = _missing_export(live)
    export.with_suffix(".late").rename(export)
    if browser:
        return browser.rerun(MISSING[1], seconds=180)
    ended = live.ended(live.backfill(live.names(), [MISSING[1]]), seconds=180)
    return "Success" if ended["status"] == "COMPLETED_SUCCESS" else str(ended["status"])


@dataclass(frozen=True)
class Again:
    """A running backfill of existing dates.

    Attributes:
        backfill: Its id.
        before: The published file before it.
    """

    backfill: str
    before: Published


@pytest.fixture(scope="session")
def again(live: LiveDagster, repaired: str) -> Again:
    """Launches two of the days again, complete."""
    assert repaired == "Success"
    return Again(live.backfill(live.names(), DAYS[:2]), published(live.home))


def _missing_export(live: LiveDagster) -> Path:
    source, day = MISSING
    return live.samples / source / f"{day}.csv"
