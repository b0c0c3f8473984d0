"""Publishing: one generation in every format, refused publishes, and concurrent builders."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from assets.publishing import duckdb_file
from assets.publishing.content_hash import Contents, contents
from assets.publishing.publish_protocol import PublishError
from schemas.published import LEFT_OUT, TABLES
from tests.conftest import REPOSITORY
from tests.factories.published_home import DAYS, HOSTILE, Home
from tests.faults import syscalls


def test_every_format_has_the_same_rows(home: Home) -> None:
    manifest = home.manifest
    folder = home.published / manifest["folder"]
    for table in TABLES:
        with duckdb.connect(str(home.published / "micro_influencers.duckdb"), read_only=True) as connection:
            expected = connection.sql(f"SELECT * FROM {table}").pl()
        described = manifest["parquet"][table]
        assert pl.read_parquet(folder / described["path"]).equals(expected), table
        parts = [pl.read_csv(folder / file["path"], infer_schema=False) for file in manifest["csv"][table]]
        assert sum(part.height for part in parts) == described["rows"] == expected.height
        assert {tuple(part.columns) for part in parts} == {tuple(expected.columns)}
        for file in [described, *manifest["csv"][table]]:
            found = (folder / file["path"]).read_bytes()
            assert (len(found), hashlib.sha256(found).hexdigest()) == (file["bytes"], file["sha256"])
            assert (folder / file["path"]).stat().st_mode & 0o777 == 0o444
    assert [file["day"] for file in manifest["csv"]["rank_history"]] == list(DAYS)
    assert (home.published / "latest").resolve() == folder.resolve()
    assert home.query("SELECT generation, content_hash FROM _meta") == [
        (manifest["generation"], manifest["content_hash"])
    ]


def test_micro_influencers_are_sorted_by_rank_in_every_format(home: Home) -> None:
    folder = home.published / home.manifest["folder"]
    best = pl.read_parquet(folder / "micro_influencers.parquet")
    assert best["rank"].to_list() == [*range(1, best.height + 1)]
    assert [row[0] for row in home.query("SELECT rank FROM micro_influencers")] == best["rank"].to_list()
    text = (folder / "micro_influencers.csv").read_bytes()
    assert pl.read_csv(text)["rank"].to_list() == best["rank"].to_list()
    assert (folder / "accounts.csv").read_bytes()[: len(text)] == text


def test_csv_cells_are_safe_in_spreadsheets(home: Home) -> None:
    folder = home.published / home.manifest["folder"]
    raw = pl.read_parquet(folder / "accounts.parquet")
    assert set(raw["display_name"]) == {name.strip() for name in HOSTILE}
    for path in folder.rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for name, cell in row.items():
                assert not re.match(r"[=+\-@\t\r]", cell) or re.fullmatch(r"-?[\d.e-]+", cell), (path.name, name, cell)
    with (folder / "accounts.csv").open(encoding="utf-8-sig", newline="") as file:
        shown = {row["profile_id"]: row["display_name"] for row in csv.DictReader(file)}
    for profile_id, name in raw.select("profile_id", "display_name").iter_rows():
        assert shown[profile_id] == (f"'{name}" if name[0] in "=+-@" else name)


@pytest.mark.parametrize(
    "column, told",
    [
        (pl.lit(-5, pl.Int64).alias("followers"), "accounts: 200 rows break the contract; the first: followers: not from 0 to "),
        (pl.lit(float("nan")).alias("lift"), "accounts: 200 rows break the contract; the first: lift: not from 0 to "),
        (pl.lit("myspace").alias("platform"), "rank_history: 200 rows break the contract; the first: platform: not one of "),
        (pl.lit("many").alias("lift"), f"{DAYS[-1]}: written to the lake by another release of smallvoices"),
    ],
)  # fmt: skip
def test_table_that_violates_the_contract_is_rejected(home: Home, column: pl.Expr, told: str) -> None:
    before = (home.published / "micro_influencers.duckdb").read_bytes(), home.manifest
    home.rewrite(DAYS[-1], column)
    with pytest.raises((ValueError, PublishError), match=re.escape(told)):
        home.publish()
    assert ((home.published / "micro_influencers.duckdb").read_bytes(), home.manifest) == before
    assert not list(home.published.glob(".build-*"))


def test_command_reports_refusal_in_one_line(home: Home) -> None:
    home.rewrite(DAYS[0], pl.lit(1e99).alias("score"))
    done = home.process("publish")
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: rank_history: 200 rows break the contract; the first: score: not from 0 to 100 (")
    assert f"snapshot_date {DAYS[0]}" in line
    assert "Traceback" not in done.stderr
    assert home.manifest["generation"] == 1


# In a new process, which has no threads of DuckDB: the publisher is a fork of it.
_WITH_A_BROKEN_DISK = """
import errno, sys
from pathlib import Path
from tests.faults import syscalls
from tests.factories.published_home import Home
home, name = Home(Path(sys.argv[1])), sys.argv[2]
refused = lambda call: errno.EIO if call.name == "fdatasync" and call.path.endswith(name) else None
print(syscalls.supervised(home.publish, home.settings.home, refused).error)
"""


@pytest.mark.skipif(bool(syscalls.missing()), reason=f"needs {syscalls.missing()}")
@pytest.mark.parametrize(
    "refused, told",
    [
        ("micro_influencers.duckdb", r"published/\.build-000002-\w+/micro_influencers.duckdb"),
        ("micro_influencers.duckdb.wal", r"published/\.build-000002-\w+/micro_influencers.duckdb"),
        (".build-latest.duckdb", r"published/\.build-latest.duckdb"),
    ],
)
def test_failed_sync_names_the_duckdb_file(home: Home, refused: str, told: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _WITH_A_BROKEN_DISK, str(home.folder), refused]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout
    said = rf"DiskError: {home.settings.home}/{told} cannot be written: fsync failed; make room or mend the disk, .*\n"
    assert re.fullmatch(said, done)


def test_unreadable_lake_file_is_named(home: Home) -> None:
    path = home.settings.lake / f"ranking/snapshot_date={DAYS[-1]}/data.parquet"
    path.write_bytes(b"not Parquet, whatever it is called")
    with pytest.raises(ValueError, match=f"{path}"):
        home.publish()
    assert home.manifest["generation"] == 1


def test_two_generations_are_kept_with_a_grace_minute_for_manifest_readers(home: Home) -> None:
    home.publish()
    home.publish()
    kept = home.published / "generations"
    assert sorted(path.name for path in kept.iterdir()) == ["000001", "000002", "000003"]
    for path in kept.iterdir():
        os.utime(path, (0, 0))
    home.publish()
    assert sorted(path.name for path in kept.iterdir()) == ["000003", "000004"]


def test_unpublished_generation_is_removed_and_numbers_never_decrease(home: Home) -> None:
    (home.published / "generations/000002").mkdir()
    (home.published / "generations/000002/half").write_bytes(b"x")
    (home.published / ".build-000002-x").mkdir()
    assert home.publish().number == 2
    assert not (home.published / "generations/000002/half").exists()
    assert not list(home.published.glob(".build-*"))
    (home.published / "micro_influencers.duckdb").unlink()
    assert home.publish().number == 3


def test_foreign_files_next_to_generations_are_kept(home: Home) -> None:
    (home.published / "generations/000001.duckdb").write_bytes(b"a copy")
    (home.published / "generations/1 of mine").mkdir()
    assert [home.publish().number for _ in range(2)] == [2, 3]
    assert (home.published / "generations/000001.duckdb").read_bytes() == b"a copy"
    assert (home.published / "generations/1 of mine").is_dir()


def test_older_day_does_not_replace_a_newer_one(home: Home) -> None:
    for table in ("ranking", "benchmarks", "import_report", "profiles"):
        path = home.settings.lake / table / f"snapshot_date={DAYS[-1]}"
        path.rename(path.with_name("taken_away"))
    with pytest.raises(PublishError, match="generation 1 already shows 2026-10-31, newer than 2026-10-30"):
        home.publish()
    assert home.query("SELECT snapshot_date::VARCHAR FROM _meta") == [(DAYS[-1],)]


def test_wal_of_the_old_file_is_not_applied_to_the_new_one(home: Home) -> None:
    log = home.published / "micro_influencers.duckdb.wal"
    log.write_bytes(b"left by a client that opened the file to write")
    home.publish()
    assert not log.exists()
    assert home.query("SELECT generation FROM _meta") == [(2,)]


@pytest.mark.parametrize("table", ["accounts", "_meta"])
def test_verification_process_detects_a_different_parquet_file(home: Home, table: str) -> None:
    path = home.published / f"latest/{table}.parquet"
    frame = pl.read_parquet(path)
    number = next(name for name, kind in frame.schema.items() if kind == pl.Int64)
    path.chmod(0o644)
    frame.with_columns(pl.col(number) + 1).write_parquet(path)
    assert _verified(home).stderr == f"{table}: its Parquet file says something else than micro_influencers.duckdb\n"


def test_verification_process_detects_a_truncated_file(home: Home) -> None:
    assert _verified(home).returncode == 0
    path = home.published / "latest/micro_influencers.duckdb"
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    assert _verified(home).returncode != 0


def _verified(home: Home) -> subprocess.CompletedProcess[str]:
    tables = json.dumps({table: sorted(columns) for table, columns in LEFT_OUT.items()})
    command = [sys.executable, "-m", "assets.publishing.content_hash", str(home.published / "latest"), tables]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)


def test_content_hash_is_stable_across_duckdb_versions() -> None:
    """Compares hashes of versions 1.3 to 2.0; a version that hashes differently would change every content hash."""
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS pub")
        connection.execute(
            "CREATE TABLE pub.main.t AS SELECT i::BIGINT AS a, (i / 7.0)::DOUBLE AS b, date '2020-01-01' + i::INT AS c, "
            "'text ' || i AS d, i % 2 = 0 AS e, if(i % 3 = 0, NULL, timestamp '2020-01-01' + to_seconds(i)) AS f, "
            "i * 1e9 AS g FROM range(1000) AS r (i)"
        )
        found = contents(connection, "pub", {"t": ["a"]})
        connection.execute("INSERT INTO pub.main.t SELECT * REPLACE (b + 1e-15 AS b) FROM pub.main.t WHERE a = 1")
        connection.execute("DELETE FROM pub.main.t WHERE a = 1 AND b = (1 / 7.0)::DOUBLE")
        assert contents(connection, "pub", {"t": ["a"]}) == found
    assert found.content_hash == "bd73e4a177a81cd120d8c462431f513be3e8a93f5cb7f91494a5b6dc416992ea"


def test_builder_that_stood_still_is_waited_for_and_fenced_after_losing_its_lock(home: Home) -> None:
    with subprocess.Popen(home.command("publish"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as one:
        while not list(home.published.glob(".build-*/micro_influencers.duckdb")):
            assert one.poll() is None, "it ended before it could be stopped"
            time.sleep(0.001)
        one.send_signal(signal.SIGSTOP)
        with pytest.raises(PublishError, match=f"another process has held {home.published}/.lock for 0 s; see `fuser"):
            home.publish(wait_seconds=0)
        assert home.manifest["generation"] == 1
        # A manual deletion of the lock file.
        (home.published / ".lock").unlink()
        assert home.publish().number == 2
        after = home.manifest
        one.send_signal(signal.SIGCONT)
        _, told = one.communicate(timeout=120)
        assert one.returncode == 1
    assert "\nError: another publisher has taken over while this one stood still: generation 2 is out\n" in told
    assert home.manifest == after
    assert home.query("SELECT generation FROM _meta") == [(2,)]
    assert not list(home.published.glob(".build-*"))


def test_builder_whose_lock_was_taken_away_refuses_to_publish(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    build = duckdb_file.build

    def taken_away_meanwhile(*arguments: Any) -> Contents:
        (home.published / ".lock").unlink()
        return build(*arguments)

    monkeypatch.setattr(duckdb_file, "build", taken_away_meanwhile)
    with pytest.raises(PublishError, match=r"another publisher has taken over .*: its lock was taken away"):
        home.publish()
    assert home.manifest["generation"] == 1


def test_open_connection_sees_new_generations(home: Home) -> None:
    home.publish()
    inode = (home.published / "latest.duckdb").stat().st_ino
    with duckdb.connect(str(home.published / "latest.duckdb"), read_only=True) as kept:
        seen = []
        for factor in (1.0, 0.5, 0.25):
            home.rewrite(DAYS[-1], pl.lit(100.0 * factor).alias("score"))
            home.publish()
            seen.append(kept.execute("SELECT DISTINCT score FROM accounts").fetchall())
            assert kept.execute("SELECT generation FROM _meta").fetchall() == [(home.manifest["generation"],)]
        assert seen == [[(100.0,)], [(50.0,)], [(25.0,)]]
        undescribed = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL"
        assert kept.execute(undescribed).fetchall() == []
    # The file is not replaced: open connections stay valid.
    assert (home.published / "latest.duckdb").stat().st_ino == inode


def test_unreadable_views_are_rewritten(home: Home) -> None:
    path = home.published / "latest.duckdb"
    path.chmod(0o644)
    path.write_bytes(b"no longer a database")
    path.with_name("latest.duckdb.wal").write_bytes(b"left by a client that opened it to write")
    home.publish()
    assert home.query("SELECT generation FROM _meta", "latest.duckdb") == [(2,)]
    assert path.stat().st_mode & 0o777 == 0o444


def test_dates_computed_without_their_lookback_are_reported(home: Home) -> None:
    path = home.settings.lake / f"history/snapshot_date={DAYS[-1]}/data.parquet"
    pl.read_parquet(path).write_parquet(path)  # without the note of its lookback
    done = home.run("publish")
    assert done.returncode == 0, done.stderr
    (told,) = [line for line in done.stdout.splitlines() if line.startswith("Stale: ")]
    assert f"`smallvoices backfill --from {DAYS[-1]} --to {DAYS[-1]}`" in told
    assert "WARNING" in done.stderr


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv, to be another user"
)
def test_explain_works_with_read_only_access(ranked: Home) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shutil.copytree(ranked.folder, f"{place}/copy", symlinks=True)
        Path(f"{place}/copy").chmod(0o755)
        reader = Home(Path(f"{place}/copy"))
        as_another = ["setpriv", "--reuid", "65534", "--clear-groups"]
        command = [*as_another, *reader.command("explain", "instagram", "h1")]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (told.returncode, told.stderr) == (0, "")
        assert "h1" in told.stdout
        reader.settings.lake.chmod(0o700)
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert refused.returncode == 1
        (line,) = refused.stderr.splitlines()
        assert f"Permission denied: '{reader.settings.lake}/" in line


def test_nightly_run_without_deliveries_is_reported(home: Home) -> None:
    done = home.run("nightly", "--date", "2026-11-01")
    assert done.returncode == 0, done.stderr
    assert "No row of it is of 2026-11-01: no source delivered for it, and the newest rows are a day old" in done.stdout
    assert home.query("SELECT DISTINCT snapshot_date::VARCHAR, data_age_days FROM accounts") == [("2026-11-01", 1)]
