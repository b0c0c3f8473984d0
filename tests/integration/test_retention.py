"""Retention: deleted dates, runs and files, and those that are kept at any age."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb
import polars as pl
import pytest
import sqlalchemy as sa

from assets.asset_keys import asset_key
from assets.importing.import_report import import_report
from assets.landing import store
from assets.publishing.publish_protocol import FILE_NAME
from assets.retention import temp_cleanup
from assets.retention.old_dates import Removable
from assets.storage import lookback
from assets.storage.lake import Lake
from pipelines import runs
from pipelines.doctor.checks import examine
from pipelines.instance import home_instance, retention, run_retention
from schemas.config import sources_file
from schemas.describe import polars_schema
from schemas.history import History
from schemas.settings import Settings, SettingsError
from tests.conftest import REPOSITORY
from tests.factories.built_once import built_once
from tests.factories.published_home import Home

# Deleted with 400 days to keep; deleted, but in the lookback of a kept date; kept; the newest.
GONE, SEEN, KEPT, NEWEST = date(2025, 8, 1), date(2025, 9, 20), date(2025, 10, 5), date(2026, 10, 31)
SOURCES = (
    "sources:\n- {name: plain, shape: smallvoices, max_quarantine_share: 0.5, url: 'plain-{date}.csv'}\n"
    "- {name: ended, shape: smallvoices, url: 'ended-{date}.csv'}\n"
)
HEADER = "platform,profile_id,handle,followers,avg_likes,avg_comments\n"


@pytest.fixture(scope="session")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Builds a home of four runs with data 500 days old; one of its sources ended with the second run."""
    return Home(built_once(tmp_path_factory, "grown", _make_grown))


def _make_grown(folder: Path) -> None:
    home = Home(folder)
    home.settings.sources_file.write_text(SOURCES, encoding="utf-8")
    for day in (GONE, SEEN, KEPT, NEWEST):
        rows = "".join(f"instagram,{number},h{number}of{day:%y},{2000 + number},90,5\n" for number in range(20))
        (home.folder / f"plain-{day}.csv").write_text(f"{HEADER}{rows}instagram,x,x,many,1,1\n", encoding="utf-8")
        if day <= SEEN:
            (home.folder / f"ended-{day}.csv").write_text(f"{HEADER}tiktok,1,one,5000,90,5\n", encoding="utf-8")
        with patch.dict(os.environ):
            loaded = sources_file.load(home.settings.sources_file)
            outcome = runs.run_dates(home.settings, loaded, [day], force=False, log_level="CRITICAL")
        assert outcome.succeeded, outcome.error
    _age(home, 500)


def _age(home: Home, days: int) -> None:
    """Ages all files of a home, and all runs of its instance, by so many days."""
    then = time.time() - days * 86_400
    for path in home.settings.home.rglob("*"):
        os.utime(path, (then, then), follow_symlinks=False)
    moment = datetime.fromtimestamp(then, tz=UTC).replace(tzinfo=None)
    engine = sa.create_engine(f"sqlite:///{home.settings.dagster_home}/history/runs.db")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE runs SET update_timestamp = :moment"), {"moment": str(moment)})
    engine.dispose()


@pytest.fixture
def old(grown: Home, tmp_path: Path) -> Home:
    """Returns a copy of it, with the same age."""
    shutil.copytree(grown.folder, tmp_path / "old", symlinks=True)
    return Home(tmp_path / "old")


def _tidy(settings: Settings) -> list[Removable]:
    with home_instance.existing_instance(settings) as instance:
        found = retention.removable(settings, instance)
        assert retention.remove(settings, instance, found) == []
    return found


def _tables(home: Home, day: date) -> set[str]:
    return {path.parts[-3] for path in home.settings.lake.glob(f"*/snapshot_date={day}/data.parquet")}


def _landed(home: Home, source: str) -> list[date]:
    return [day for day in (GONE, SEEN, KEPT, NEWEST) if store.newest_complete(home.settings.landing, source, day)]


def test_old_dates_are_deleted_except_for_lookback(old: Home) -> None:
    every = _tables(old, GONE)
    before = old.publish().content_hash
    found = _tidy(old.settings)
    assert {each.kind for each in found} == {"lake", "runs"}
    assert _tables(old, GONE) == {"handle_changes"}
    assert _tables(old, SEEN) == {"handle_changes", "profiles", "import_report"}
    assert _tables(old, KEPT) == every - {"quarantine"}
    assert _tables(old, NEWEST) == every
    assert _landed(old, "plain") == [GONE, SEEN, KEPT, NEWEST]
    assert lookback.stale(Lake(old.settings.lake)) == []
    assert old.publish().content_hash == before
    assert [finding for finding in examine(old.settings) if finding.said.startswith("cannot be looked at")] == []
    assert _tidy(old.settings) == []


def test_handle_changes_of_an_unpruned_lake_are_published_unchanged(old: Home) -> None:
    lake = Lake(old.settings.lake)
    row = {"platform": "instagram", "profile_id": "1", "snapshot_date": GONE, "tier": "nano", "earlier_snapshots": 1}
    for day, former in {GONE: "was_one", SEEN: None, KEPT: "was_two"}.items():
        cells = [row | {"snapshot_date": day, "previous_handle": former}]
        lake.write("history", day, "run", pl.DataFrame(cells, schema=polars_schema(History)))
    shutil.rmtree(old.settings.lake / "handle_changes")
    _age(old, 500)
    changes = "SELECT snapshot_date, profile_id, previous_handle FROM handle_history"
    _tidy(old.settings)
    assert "history" in _tables(old, GONE)  # nothing else holds its change yet
    for _ in range(2):
        old.publish()
        with duckdb.connect(str(old.settings.published / FILE_NAME), read_only=True) as connection:
            assert connection.sql(changes).fetchall() == [(GONE, "1", "was_one"), (KEPT, "1", "was_two")]
        _tidy(old.settings)
    assert [_tables(old, day) & {"history", "handle_changes"} for day in (GONE, SEEN, KEPT)] == [
        {"handle_changes"}, {"handle_changes"}, {"history", "handle_changes"},
    ]  # fmt: skip


def test_deleted_date_is_reported_and_can_be_recomputed(old: Home) -> None:
    _tidy(old.settings)
    asked = old.run("explain", "instagram", "h1of25", "--date", str(GONE))
    assert (asked.returncode, asked.stderr) == (
        1,
        f"Error: {GONE} is not ranked; the nearest date that is: {KEPT} (of {KEPT} to {NEWEST})\n",
    )
    before = old.publish().content_hash
    loaded = sources_file.load(old.settings.sources_file)
    again = runs.run_dates(old.settings, loaded, [GONE], force=False, log_level="CRITICAL")
    assert again.succeeded, again.error
    # A just computed date is kept at any age, with its quarantine for the report of the run.
    assert len(_tables(old, GONE)) == len(_tables(old, NEWEST))
    assert [reason["rows"] for row in import_report(old.settings, GONE) for reason in row["reasons"]] == [1]
    assert import_report(old.settings, KEPT)[0]["quarantined"] == 1
    assert old.manifest["content_hash"] == before


def test_landing_is_deleted_only_if_configured_and_unused(old: Home) -> None:
    found = _tidy(replace(old.settings, keep_landing_days=60))
    assert sum(each.kind == "landing" for each in found) == 5  # of `ended`, including the failed pull
    assert _landed(old, "plain") == [NEWEST]
    assert _landed(old, "ended") == [SEEN]  # its newest complete pull
    with home_instance.existing_instance(old.settings) as instance:
        assert instance
        assert instance.get_materialized_partitions(asset_key("landed_plain")) == {str(NEWEST)}
    assert sorted(path.name for path in (old.settings.landing / "plain").iterdir()) == [str(NEWEST)]
    outcome = runs.run_dates(
        old.settings, sources_file.load(old.settings.sources_file), [NEWEST], force=False, log_level="CRITICAL"
    )
    assert outcome.succeeded


def test_inputs_of_the_published_date_are_kept_at_any_age(old: Home) -> None:
    """Covers carried-forward rows, whose earlier date may be older than the retention period."""
    file = old.settings.lake / f"import_report/snapshot_date={NEWEST}/data.parquet"
    lake = Lake(old.settings.lake)
    report = lake.scan("import_report", NEWEST).collect()
    report.with_columns(landed_date=KEPT).write_parquet(file)
    _tidy(replace(old.settings, keep_landing_days=60))
    assert _landed(old, "plain") == [KEPT, NEWEST]


def test_ended_runs_are_deleted_and_their_dates_stay_materialized(old: Home) -> None:
    def databases() -> int:
        return len([path for path in (old.settings.dagster_home / "history/runs").glob("*.db") if path.stem != "index"])

    with home_instance.existing_instance(old.settings) as instance:
        assert instance
        newest = instance.get_run_records(limit=1)[0].dagster_run.run_id
        assert (len(instance.get_runs()), databases()) == (4, 4)
    found = _tidy(old.settings)
    assert sum(each.kind == "runs" and each.bytes > 100_000 for each in found) == 3
    assert databases() == 1
    assert [path.name for path in (old.settings.dagster_home / "storage").iterdir()] == [newest]
    with home_instance.existing_instance(old.settings) as instance:
        assert instance
        assert [run.run_id for run in instance.get_runs()] == [newest]
        kept = {"ranking": (KEPT, NEWEST), "landed_plain": (GONE, SEEN, KEPT, NEWEST)}
        for asset, days in kept.items():
            assert instance.get_materialized_partitions(asset_key(asset)) == set(map(str, days))
        assert instance.get_latest_materialization_event(asset_key("published"))
        events = sa.text(
            "SELECT count(*) FROM event_logs WHERE run_id <> :run AND dagster_event_type <> 'ASSET_MATERIALIZATION'"
        )
        with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]  # of SQL storage
            assert connection.execute(events, {"run": newest}).scalar() == 0
        # Once a date is deleted, the remaining record of its run is deleted too, which was due long before.
        run_retention.remove(instance, [newest], since=NEWEST, landed_since=KEPT)
        left = {"ranking": {str(NEWEST)}, "landed_plain": {str(KEPT), str(NEWEST)}}
        assert {asset: instance.get_materialized_partitions(asset_key(asset)) for asset in left} == left
        checks = sa.text("SELECT DISTINCT partition FROM asset_check_executions WHERE partition IS NOT NULL")
        with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]  # of SQL storage
            assert set(connection.execute(checks).scalars()) == {str(KEPT), str(NEWEST)}
    outcome = runs.run_dates(
        old.settings, sources_file.load(old.settings.sources_file), [NEWEST], force=False, log_level="CRITICAL"
    )
    assert outcome.succeeded


def test_recently_written_data_is_kept(old: Home) -> None:
    _age(old, 20)
    assert _tidy(old.settings) == []


def test_dry_run_lists_deletions_and_deletes_nothing(old: Home) -> None:
    def files() -> set[Path]:
        return {path for path in old.settings.home.rglob("*") if not path.name.endswith(("-wal", "-shm"))}

    before = files()
    told = old.run("prune", "--dry-run", SMALLVOICES_KEEP_LANDING_DAYS="60")
    assert told.returncode == 0, told.stderr
    assert f"lake     {old.settings.lake}/ranking/snapshot_date={GONE}/data.parquet (" in told.stdout
    assert f"landing  {old.settings.landing}/plain/{KEPT} (" in told.stdout
    last = told.stdout.splitlines()[-1]
    assert last.startswith("Would delete ")
    assert "5 landed dates, 3 runs: " in last
    assert files() == before
    done = old.run("prune", "--json", SMALLVOICES_KEEP_LAKE_DAYS="off", SMALLVOICES_KEEP_RUNS_DAYS="off")
    document = json.loads(done.stdout)
    assert {each["path"] for each in document["found"]} == {
        f"{old.settings.lake}/quarantine/snapshot_date={day}/data.parquet" for day in (GONE, SEEN, KEPT)
    }
    assert _tables(old, GONE) == _tables(old, NEWEST) - {"quarantine"}


def test_temporary_files_of_killed_writers_are_deleted_after_a_day(old: Home) -> None:
    left = [
        old.settings.lake / f"ranking/snapshot_date={KEPT}/.data.parquet.some-run.tmp",
        old.settings.landing / f"plain/{KEPT}/.123-abcd.tmp/half.csv",
        old.settings.landing / f"plain/{KEPT}/.unfinished-profiles-abcd/journal.ndjson",
        old.settings.landing / f"plain/{KEPT}/manifests/.123-abcd.tmp",
        old.settings.scratch / ".123-abcd.tmp",
    ]
    settings = replace(old.settings, keep_lake_days=None, keep_runs_days=None)
    _tidy(settings)
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 1000)
    assert _tidy(settings) == []
    for path in left:
        for each in (path, path.parent):
            os.utime(each, (0, time.time() - 25 * 3600))
    (finding,) = [finding for finding in examine(old.settings) if finding.check == "left-overs"]
    assert finding.said.startswith("5 left by writers that were killed; the first: ")
    assert old.run("prune").returncode == 0
    assert [path for path in left if path.exists()] == []
    assert _landed(old, "plain") == [GONE, SEEN, KEPT, NEWEST]


def test_obsolete_copy_of_rank_history_is_deleted(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sources_file=tmp_path / "sources.yaml")
    settings.lake.mkdir()
    kept = [settings.lake / "published_days.duckdb", settings.lake / "published_days.duckdb.wal"]
    for path in kept:
        path.write_bytes(b"accounts")
    assert temp_cleanup.sweep(settings) == len(kept)
    assert [path for path in kept if path.exists()] == []


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv, to be another user"
)
def test_undeletable_files_are_reported_and_kept(grown: Home) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shutil.copytree(grown.settings.home, f"{place}/home", symlinks=True)
        script = (
            "import sys; from pathlib import Path; from pipelines.instance import retention; from schemas.settings import Settings\n"
            "settings = Settings(home=Path(sys.argv[1]), sources_file=Path(sys.argv[1]), keep_landing_days=60)\n"
            "for reason in retention.remove(settings, None, retention.removable(settings, None)): print(reason)"
        )
        command = ["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "-c", script, f"{place}/home"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
        assert done.returncode == 0, done.stderr
        assert f"{place}/home/lake/ranking/snapshot_date={GONE}/data.parquet: Permission denied\n" in done.stdout
        assert store.newest_complete(Path(place) / "home/landing", "plain", GONE)


@pytest.mark.parametrize(
    "key, value, told",
    [
        ("SMALLVOICES_KEEP_LANDING_DAYS", "30", "'30' is not allowed; allowed: 40 or more days, or off"),
        ("SMALLVOICES_KEEP_LAKE_DAYS", "89", "'89' is not allowed; allowed: 90 or more days, or off"),
        ("SMALLVOICES_KEEP_RUNS_DAYS", "0", "'0' is not allowed; allowed: 1 or more days, or off"),
        ("SMALLVOICES_KEEP_RUNS_DAYS", "a week", "'a week' is not allowed; allowed: 1 or more days, or off"),
    ],
)  # fmt: skip
def test_too_short_retention_is_rejected(monkeypatch: pytest.MonkeyPatch, key: str, value: str, told: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(SettingsError, match=f"{key}: {told}"):
        Settings.from_environment()


def test_retention_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLVOICES_KEEP_LANDING_DAYS", "100")
    monkeypatch.setenv("SMALLVOICES_KEEP_LAKE_DAYS", "OFF")
    settings = Settings.from_environment()
    assert (settings.keep_landing_days, settings.keep_lake_days, settings.keep_runs_days) == (100, None, 90)
    assert NEWEST - timedelta(400) > SEEN  # as the dates above are interpreted
