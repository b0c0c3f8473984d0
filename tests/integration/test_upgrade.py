"""Homes of other releases: a home with different columns, and one written by commit 5d1bf1b.

The second is built by that commit's own code, from the git history, and kept in pytest's cache.
"""

import os
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.publishing.publish_protocol import PublishError
from assets.storage import outdated
from assets.storage.lake import Lake
from pipelines.doctor.checks import examine
from pipelines.instance import home_instance
from schemas.config import sources_file
from schemas.settings import Settings
from tests.conftest import REPOSITORY
from tests.factories.command import Command
from tests.factories.postgres_server import PASSWORD, Postgres
from tests.factories.published_home import DAYS, Home

COMMIT = "5d1bf1b"
OLD_DATES = ("2026-10-24", "2026-10-30", "2026-10-31")
SAMPLES = REPOSITORY / "sources.yaml"
OLD_COMMAND = "from pipelines.cli import main; main()"


def drop_a_column(home: Home, table: str, day: str) -> None:
    """Rewrites a table with the columns of another release."""
    path = home.settings.lake / table / f"snapshot_date={day}/data.parquet"
    frame = pl.read_parquet(path)
    last = [name for name in frame.columns if name != "bucket"][-1]
    frame.drop(last).write_parquet(path)


def content_hash(published: Path) -> str:
    with duckdb.connect(str(published / "micro_influencers.duckdb"), read_only=True) as connection:
        return str(connection.execute("SELECT content_hash FROM _meta").fetchall()[0][0])


def test_date_of_another_release_is_named_with_its_recompute_command(home: Home) -> None:
    before = content_hash(home.published)
    drop_a_column(home, "priors", DAYS[1])
    message = f"{DAYS[1]}: written to the lake by another release of smallvoices; `smallvoices publish --home "
    with pytest.raises(PublishError) as refused:
        home.publish()
    assert str(refused.value).startswith(message)
    for command in (["explain", "instagram", "h1", "--date", DAYS[1]], ["forget", "instagram", "h1", "--dry-run"]):
        done = home.run(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith(f"Error: {message}"), done.stderr
    assert home.run("explain", "instagram", "h1", "--date", DAYS[0]).returncode == 0
    assert home.run("publish").returncode == 0
    assert home.run("explain", "instagram", "h1", "--date", DAYS[1]).returncode == 0
    assert content_hash(home.published) == before


def test_date_that_cannot_be_recomputed_is_named_with_a_remedy(home: Home) -> None:
    drop_a_column(home, "profiles", DAYS[0])
    shutil.rmtree(home.settings.landing / "plain" / DAYS[0])
    done = home.run("publish")
    assert done.returncode == 1
    assert f"{DAYS[0]}: written to the lake by another release of smallvoices, and cannot be recomputed" in done.stderr
    assert "remove their folders snapshot_date=… in lake/" in done.stderr
    for path in home.settings.lake.glob(f"*/snapshot_date={DAYS[0]}"):
        shutil.rmtree(path)
    assert home.run("publish").returncode == 0


@pytest.fixture(scope="session")
def old_code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the files of the commit."""
    archive = subprocess.run(["git", "archive", COMMIT], cwd=REPOSITORY, capture_output=True, check=False)  # noqa: S607
    if archive.returncode:
        pytest.skip(f"commit {COMMIT} is not in the git history of this checkout: {archive.stderr.decode().strip()}")
    folder = tmp_path_factory.mktemp("old") / "code"
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return folder


def run_old(code: Path, home: Path, sources: Path, *arguments: str) -> None:
    """Runs the commit's command with the packages of this environment, which meet its requirements."""
    command = [sys.executable, "-c", OLD_COMMAND, *arguments, "--home", str(home), "--sources", str(sources)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=900, cwd=code,
        env=os.environ | {"PYTHONPATH": f"{code}{os.pathsep}{os.environ['PYTHONPATH']}"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def old_home(old_code: Path, pytestconfig: pytest.Config) -> Path:
    """Builds a home with the commit's code from three dates of the samples."""
    folder: Path = pytestconfig.cache.mkdir(f"home_of_{COMMIT}")
    done = folder / "home"
    if not done.exists():
        building = folder / "building"
        shutil.rmtree(building, ignore_errors=True)
        run_old(
            old_code, building, old_code / "sources.yaml",
            "backfill", "--from", OLD_DATES[0], "--to", OLD_DATES[-1], "--on-disk",  # the old name
        )  # fmt: skip
        building.rename(done)
    return done


@pytest.fixture
def upgraded(old_home: Path, tmp_path: Path) -> Settings:
    """Returns a copy of that home, with today's code."""
    shutil.copytree(old_home, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home", sources_file=SAMPLES)


def landed_dates(settings: Settings) -> dict[str, set[str]]:
    """Returns the materialized landing dates in Dagster, by asset key."""
    with home_instance.open_instance(settings) as instance:
        return {
            key.to_user_string(): instance.event_log_storage.get_materialized_partitions(key)
            for key in instance.get_asset_keys()
            if "landed" in key.path[-1]
        }


@pytest.mark.proof
def test_home_of_5d1bf1b_names_its_migration_command_and_keeps_working(
    upgraded: Settings, smallvoices: Command, tmp_path: Path
) -> None:
    findings = {finding.check: finding for finding in examine(upgraded)}
    assert findings["stale dates"].level == "problem"
    assert "3 dates from 2026-10-24 to 2026-10-31: written to the lake by another release" in (
        findings["stale dates"].said
    )
    assert findings["stale dates"].remedy.startswith("smallvoices publish")
    assert [each.said for each in findings.values() if "cannot be looked at" in each.said] == []
    for command in (["explain", "instagram", "tempo_attic"], ["forget", "instagram", "tempo_attic", "--dry-run"]):
        refused = smallvoices(*command, sources=SAMPLES)
        assert (refused.code, refused.err.count("\n")) == (1, 1), refused.err
        assert "smallvoices publish" in refused.err
    assert smallvoices("prune", "--dry-run", sources=SAMPLES).code == 0

    migrated = smallvoices("publish", sources=SAMPLES)
    assert migrated.code == 0, migrated.err
    assert outdated.dates(Lake(upgraded.lake)) == []
    assert {finding.check: finding for finding in examine(upgraded)}["stale dates"].level == "ok"
    assert smallvoices("explain", "instagram", "tempo_attic", "--date", OLD_DATES[0], sources=SAMPLES).code == 0
    assert smallvoices("erase", "instagram", "tempo_attic", "--dry-run", sources=SAMPLES).code == 0
    assert landed_dates(upgraded) == {
        f"smallvoices/landed_{source.name}": set(OLD_DATES) for source in sources_file.load(SAMPLES).sources
    }

    # The same rows as if today's code had computed everything.
    anew = smallvoices(
        "backfill",
        "--from",
        OLD_DATES[0],
        "--to",
        OLD_DATES[-1],
        "--available-only",
        home=tmp_path / "new",
        sources=SAMPLES,
    )
    assert anew.code == 0, anew.err
    assert content_hash(upgraded.published) == content_hash(tmp_path / "new/published")


@pytest.mark.proof
@pytest.mark.parametrize(
    "command",
    [
        ["nightly", "--date", "2026-10-31"],
        ["backfill", "--from", "2026-10-01", "--to", "2026-10-31", "--available-only"],
    ],
    ids=["nightly", "backfill"],
)
def test_run_recomputes_the_dates_of_5d1bf1b_first(
    upgraded: Settings, smallvoices: Command, command: list[str]
) -> None:
    done = smallvoices(*command, sources=SAMPLES)
    assert done.code == 0, done.err
    assert outdated.dates(Lake(upgraded.lake)) == []
    with duckdb.connect(str(upgraded.published / "micro_influencers.duckdb"), read_only=True) as connection:
        ranked = connection.execute("SELECT DISTINCT CAST(snapshot_date AS VARCHAR) FROM rank_history").fetchall()
    assert {day for (day,) in ranked} >= set(OLD_DATES)


@pytest.mark.proof
def test_person_in_a_home_of_5d1bf1b_is_erased(upgraded: Settings, smallvoices: Command) -> None:
    assert smallvoices("publish", sources=SAMPLES).code == 0
    done = smallvoices("erase", "instagram", "tempo_attic", "--yes", sources=SAMPLES)
    assert done.code == 0, done.err
    assert outdated.dates(Lake(upgraded.lake)) == []


@pytest.mark.proof
def test_postgresql_schema_of_5d1bf1b_is_replaced(
    upgraded: Settings,
    old_code: Path,
    postgres_server: Postgres,
    smallvoices: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PG_PASSWORD", PASSWORD)
    postgres_server.make("upgraded")
    text = SAMPLES.read_text(encoding="utf-8") + f"publish_to: {postgres_server.address('upgraded')}\n"
    old_sources, sources = old_code / "with_postgres.yaml", upgraded.home.parent / "sources.yaml"
    old_sources.write_text(text, encoding="utf-8")
    run_old(old_code, upgraded.home, old_sources, "publish")
    sources.write_text(text.replace("samples/", f"{REPOSITORY}/samples/"), encoding="utf-8")
    for _ in range(2):  # the second replaces the remains of the old one
        done = smallvoices("publish", sources=sources)
        assert done.code == 0, done.err
    with postgres_server.connect("upgraded") as connection:
        loaded = connection.execute("SELECT contract_version, content_hash FROM smallvoices._meta").fetchall()
    assert loaded == [(2, content_hash(upgraded.published))]
