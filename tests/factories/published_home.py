"""A home whose lake holds three ranked days of a small synthetic export, and publishing from it.

Belongs here: the fixtures shared by tests of publishing, of readers, and of faults between them. The export has names
that a spreadsheet would execute.
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.publishing import selects
from assets.publishing.publish_protocol import Generation
from schemas.config import sources_file
from schemas.settings import Settings
from tests.factories.built_once import built_once
from tests.factories.command import SMALLVOICES, Finished, run_here, run_process

DAYS = ("2026-10-29", "2026-10-30", "2026-10-31")
HOSTILE = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    '=cmd|"/C calc"!A0',
    "a,b",
    'say "hi"',
    "line\nbreak",
    "'x",
    "é 😀",
)
SOURCES = "sources:\n- {name: plain, shape: smallvoices, url: '{date}.ndjson'}\n"


@dataclass(frozen=True)
class Home:
    """A separate home of a test."""

    folder: Path

    @property
    def settings(self) -> Settings:
        """Returns the settings of the home."""
        return Settings(home=self.folder / "home", sources_file=self.folder / "sources.yaml")

    @property
    def published(self) -> Path:
        """Returns the published folder."""
        return self.settings.published

    @property
    def manifest(self) -> dict[str, Any]:
        """Returns the current manifest."""
        found: dict[str, Any] = json.loads((self.published / "manifest.json").read_bytes())
        return found

    def publish(self, *, wait_seconds: int = 60) -> Generation:
        """Publishes in this process, waiting at most so long for another publisher."""
        settings = replace(self.settings, publish_wait_seconds=wait_seconds)
        return selects.publish(settings, sources_file.load(self.settings.sources_file), "a-run")

    def rewrite(self, day: str, *columns: pl.Expr) -> None:
        """Replaces columns of a day's `ranking` in the lake."""
        path = self.settings.lake / f"ranking/snapshot_date={day}/data.parquet"
        aside = path.with_name("aside")
        pl.read_parquet(path).with_columns(*columns).write_parquet(aside)
        aside.replace(path)

    def query(self, sql: str, name: str = "micro_influencers.duckdb") -> list[tuple[Any, ...]]:
        """Returns rows of the published file."""
        with duckdb.connect(str(self.published / name), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def command(self, *arguments: str) -> Sequence[str]:
        """Returns the `smallvoices` command line for this home."""
        return [
            str(SMALLVOICES), *arguments, "--home", str(self.settings.home),
            "--sources", str(self.settings.sources_file),
        ]  # fmt: skip

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `smallvoices` in this home, in this process."""
        return self._ended(run_here(*self.command(*arguments)[1:], folder=self.folder, **environment))

    def process(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs `smallvoices` in this home, in a new process."""
        return self._ended(run_process(*self.command(*arguments)[1:], folder=self.folder, **environment))

    def _ended(self, done: Finished) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(SMALLVOICES, done.code, done.out, done.err)


def make(folder: Path) -> Home:
    """Creates a sources.yaml and a home with three ranked days, published once, in a folder."""
    (folder / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    for number, day in enumerate(DAYS):
        accounts = [
            {
                "platform": "instagram", "profile_id": f"{place:04}", "handle": f"h{place}",
                "display_name": HOSTILE[place % len(HOSTILE)], "followers": 2000 + place * (number + 1),
                "sector": ("food", "=travel")[place % 2], "avg_likes": 100 + place, "avg_comments": 5,
            }
            for place in range(200)
        ]  # fmt: skip
        text = "".join(json.dumps(account) + "\n" for account in accounts)
        (folder / f"{day}.ndjson").write_text(text, encoding="utf-8")
    done = Home(folder).run("backfill", "--from", DAYS[0], "--to", DAYS[-1])
    assert done.returncode == 0, done.stderr
    return Home(folder)


@pytest.fixture(scope="session")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Returns a home that tests share read-only."""
    return Home(built_once(tmp_path_factory, "ranked", make))


@pytest.fixture
def home(ranked: Home, tmp_path: Path) -> Home:
    """Returns a copy of it to modify."""
    shutil.copytree(ranked.folder, tmp_path / "home_of_test", symlinks=True)
    return Home(tmp_path / "home_of_test")
