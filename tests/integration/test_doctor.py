"""Findings of `smallvoices doctor` for a healthy home, and for homes with one defect each."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import dagster as dg
import polars as pl
import pytest
from dagster._daemon.types import DaemonHeartbeat
from dagster_shared.error import SerializableErrorInfo

from assets.landing.dates import yesterday
from pipelines import jobs, runs
from pipelines.build import build_defs
from pipelines.doctor import home as doctor_home
from pipelines.doctor import installed
from pipelines.doctor.checks import examine
from pipelines.doctor.finding import Finding
from pipelines.instance import orphaned_runs
from schemas.config import sources_file
from tests.conftest import REPOSITORY
from tests.factories.built_once import built_once
from tests.factories.command import SMALLVOICES, Command
from tests.factories.published_home import DAYS, Home

SOURCES = "sources:\n- {name: plain, shape: smallvoices, required: true, url: 'plain-{date}.csv'}\n"


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Builds a home whose only run was last night's, of yesterday."""
    return Home(built_once(tmp_path_factory, "night", _make_night))


def _make_night(folder: Path) -> None:
    home = Home(folder)
    rows = "".join(f"instagram,h{number},{2000 + number},90,5\n" for number in range(30))
    header = "platform,handle,followers,avg_likes,avg_comments\n"
    (home.folder / f"plain-{yesterday()}.csv").write_text(header + rows, encoding="utf-8")
    home.settings.sources_file.write_text(SOURCES, encoding="utf-8")
    done = home.run("nightly")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def copy(night: Home, tmp_path: Path) -> Home:
    """Returns a copy of it, to damage."""
    shutil.copytree(night.folder, tmp_path / "copy", symlinks=True)
    return Home(tmp_path / "copy")


def found(home: Home, check: str) -> list[Finding]:
    """Returns the findings of one check."""
    return [finding for finding in examine(home.settings) if finding.check == check]


def only(home: Home, check: str) -> Finding:
    """Returns the single finding of one check."""
    (finding,) = found(home, check)
    return finding


def test_healthy_home_has_no_problem_and_is_not_changed(night: Home) -> None:
    def files() -> dict[Path, int]:
        # SQLite creates and deletes its own files next to its databases on every read.
        kept = (path for path in night.folder.rglob("*") if not path.name.endswith(("-wal", "-shm")))
        return {path: path.stat().st_mtime_ns for path in kept if path.is_file()}

    before = files()
    done = night.process("doctor", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    said = {line["check"]: line for line in json.loads(done.stdout)}
    assert {check for check, line in said.items() if line["level"] != "ok"} == {"notify", "schedule"}
    assert said["published"]["said"] == f"generation 1 shows {yesterday()}"
    assert said["last run"]["said"].startswith("succeeded, ")
    assert "so there is room for" in said["disk"]["said"]
    assert "no daemon has ever run" in said["schedule"]["said"]
    assert files() == before


def test_missing_home_is_not_created(smallvoices: Command, samples: Path, tmp_path: Path) -> None:
    done = smallvoices("doctor")
    assert done.code == 0, done.out
    assert (
        f"warning  permissions: {tmp_path}/home is not there yet\n         → smallvoices nightly --home {tmp_path}/home"
        in done.out
    )
    assert not (tmp_path / "home").exists()


def test_invalid_sources_file_is_one_finding_among_others(copy: Home) -> None:
    copy.settings.sources_file.write_text("sources: [{name: A}]", encoding="utf-8")
    assert only(copy, "sources.yaml").level == "problem"
    assert "source 'A': name: 'A' is not allowed" in only(copy, "sources.yaml").said
    assert only(copy, "published").level == "ok"


def test_unset_secret_is_named(copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SOURCES.replace("url:", "headers: {X-Api-Key: '${VENDOR_KEY}'}, url:").replace("plain-", "https://h/")
    copy.settings.sources_file.write_text(text, encoding="utf-8")
    assert only(copy, "secrets") == Finding(
        "secrets",
        "problem",
        "${VENDOR_KEY} of plain is not set",
        "set it in the environment that the nightly run starts in",
    )
    monkeypatch.setenv("VENDOR_KEY", "nightingale")
    assert only(copy, "secrets") == Finding("secrets", "ok", "1 named in sources.yaml, all set")


def test_package_that_differs_from_the_lock_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8")
    lock.write_text(text.replace("\nclick==", "\nclick==99."), encoding="utf-8")
    (finding,) = installed.versions(lock)
    assert finding.level == "warning"
    assert "not as in requirements.lock: click " in finding.said
    lock.write_text(text, encoding="utf-8")
    assert [finding.level for finding in installed.versions(lock)] == ["ok"]


def test_path_that_is_not_a_folder_is_not_writable(copy: Home) -> None:
    shutil.rmtree(copy.settings.lake)
    copy.settings.lake.write_bytes(b"")
    finding = only(copy, "permissions")
    assert (finding.level, finding.said) == ("problem", f"{copy.settings.lake}: cannot be written to: Not a directory")


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv, to be another user"
)
def test_files_of_another_user_are_not_writable(night: Home) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        shutil.copytree(night.settings.home, f"{place}/home", symlinks=True)
        script = (
            "import sys; from pathlib import Path; from pipelines.doctor import home; from schemas.settings import Settings\n"
            "folder = Path(sys.argv[1])\n"
            "for finding in home.permissions(Settings(home=folder, sources_file=folder)): print(finding.level, finding.said)"
        )
        for folder in (f"{place}/home", f"{place}/home/scratch"):
            os.chown(folder, 65534, 65534)
        command = ["setpriv", "--reuid", "65534", "--clear-groups", sys.executable, "-c", script, f"{place}/home"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    for folder in ("landing", "lake", "published", "dagster"):
        assert f"problem {place}/home/{folder}: cannot be written to: Permission denied\n" in done.stdout
    assert f"{place}/home/scratch" not in done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mounts a file system of 24 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = [shutil.which("mount") or "mount", "-t", "tmpfs", "-o", "size=24m", "none", str(place)]
    if os.getuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs to mount a tmpfs, as root")
    try:
        yield place
    finally:
        subprocess.run([shutil.which("umount") or "umount", place], check=True)


def test_disk_too_small_for_the_next_runs_is_a_problem(night: Home, small_disk: Path) -> None:
    shutil.copytree(night.folder, small_disk / "copy", symlinks=True)
    home = Home(small_disk / "copy")
    needed = doctor_home._newest_night(home.settings)  # noqa: SLF001 - the figure that is compared with the free space
    assert only(home, "disk").level == "warning"  # for fewer than 14 runs
    left = shutil.disk_usage(small_disk).free - needed
    (small_disk / "filled").write_bytes(b"x" * left)
    finding = only(home, "disk")
    assert (finding.level, finding.remedy[:9]) == ("problem", "make room")
    assert finding.said.endswith(("there is room for 1 more", "there is room for 0 more"))


def test_full_disk_ends_commands_with_one_line_that_names_it(night: Home, small_disk: Path) -> None:
    shutil.copytree(night.folder, small_disk / "copy", symlinks=True)
    home = Home(small_disk / "copy")
    with (small_disk / "filled").open("wb", buffering=0) as filled, suppress(OSError):
        while True:
            filled.write(bytes(100_000))
            filled.flush()
    for words in (["prune", "--dry-run"], ["nightly", "--force"]):
        done = home.process(*words)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith(f"Error: {home.settings.home}/")
        assert " cannot be written: " in last
    assert only(home, "disk").level == "problem"


def test_read_only_disk_gets_a_mount_remedy(night: Home, small_disk: Path) -> None:
    shutil.copytree(night.folder, small_disk / "copy", symlinks=True)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: S607 - as root, by its own name
    first = found(Home(small_disk / "copy"), "permissions")[0]
    assert (first.level, first.remedy[:5]) == ("problem", "mount")


def test_stopped_lock_holder_is_reported(copy: Home) -> None:
    lock = copy.published / ".lock"
    script = f"import fcntl, time\nwith open({str(lock)!r}) as f: fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); time.sleep(99)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        try:
            finding = only(copy, "locks")
            assert finding.level == "ok"
            assert finding.said.startswith(f"{lock} is held by process {holder.pid} ({sys.executable} -c ")
            holder.send_signal(signal.SIGSTOP)
            while only(copy, "locks").level == "ok":
                time.sleep(0.01)
            finding = only(copy, "locks")
            assert (finding.level, finding.remedy) == (
                "problem", f"let it go on (kill -CONT {holder.pid}), or end it (kill {holder.pid})",
            )  # fmt: skip
        finally:
            holder.kill()
    assert only(copy, "locks").said == "nobody holds one"


def test_failed_run_is_reported_with_reason_and_last_success(copy: Home) -> None:
    day = yesterday() - timedelta(1)
    outcome = runs.run_dates(
        copy.settings, sources_file.load(copy.settings.sources_file), [day], force=False, log_level="CRITICAL"
    )
    assert not outcome.succeeded
    finding = only(copy, "last run")
    assert finding.level == "problem"
    assert (
        f": required source plain has nothing for {day}: no file {copy.folder}/plain-{day}.csv; put the export"
        in finding.said
    )
    assert "the last success was " in finding.said
    assert finding.remedy == f"once that is mended: smallvoices nightly --date {day}"


def test_killed_run_is_reported_and_hanging_run_is_a_problem(copy: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [str(SMALLVOICES), "nightly", "--force", "--home", str(copy.settings.home)]
    command += ["--sources", str(copy.settings.sources_file)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as killed:
        assert killed.stderr
        killed.stderr.readline()
        killed.kill()
    finding = only(copy, "runs under way")
    assert finding.level == "warning"
    assert "has been started for " in finding.said
    assert finding.said.endswith(", and its process is gone")
    retried = copy.settings.command(f"nightly --date {yesterday()}")
    assert finding.remedy == f"the next run marks it as failed; for its date: {retried}"
    # As for a run elsewhere, whose process is invisible here.
    monkeypatch.setattr(orphaned_runs, "is_dead", lambda *_: False)
    assert only(copy, "runs under way").level == "ok"
    monkeypatch.setattr(jobs, "MAX_RUNTIME", timedelta(seconds=1))
    time.sleep(1)
    assert only(copy, "runs under way").level == "problem"


@pytest.mark.parametrize("last, level", [("2026-10-01", "problem"), ("2026-10-03", "ok")])
def test_time_limit_of_a_run_scales_with_its_dates(
    copy: Home, monkeypatch: pytest.MonkeyPatch, last: str, level: str
) -> None:
    monkeypatch.setattr(orphaned_runs, "is_dead", lambda *_: False)
    with dg.DagsterInstance.from_config(str(copy.settings.dagster_home)) as instance:
        tags = {"dagster/asset_partition_range_start": "2026-10-01", "dagster/asset_partition_range_end": last}
        instance.add_run(dg.DagsterRun("backfill", str(uuid4()), tags=tags, status=dg.DagsterRunStatus.STARTED))
    time.sleep(1)
    # One second has passed since its start, out of a limit of one or of three.
    monkeypatch.setattr(jobs, "MAX_RUNTIME", timedelta(seconds=1))
    assert only(copy, "runs under way").level == level


def test_runtime_limit_ends_scheduled_runs_but_not_backfills(copy: Home) -> None:
    loaded = sources_file.load(copy.settings.sources_file)
    defs = build_defs(copy.settings, loaded)
    schedule = defs.resolve_schedule_def("nightly_schedule")
    with dg.DagsterInstance.from_config(str(copy.settings.dagster_home)) as instance:
        assert instance.run_monitoring_max_runtime_seconds == 0
        tick = dg.build_schedule_context(
            instance,
            scheduled_execution_time=datetime(2026, 11, 4, 2, tzinfo=UTC),
            repository_def=defs.get_repository_def(),
        )
        (request,) = schedule.evaluate_tick(tick).run_requests or []
    assert (request.partition_key, request.tags["dagster/max_runtime"]) == ("2026-11-03", "14400")


def test_doctor_reports_whether_the_daemon_runs_the_schedule(copy: Home) -> None:
    with dg.DagsterInstance.from_config(str(copy.settings.dagster_home)) as instance:
        now = time.time()
        instance.add_daemon_heartbeat(DaemonHeartbeat(now - 3600, "SCHEDULER", "one"))
        assert only(copy, "schedule").said.endswith("but nothing runs it: a daemon was alive 60 minutes ago")
        instance.add_daemon_heartbeat(DaemonHeartbeat(now, "SCHEDULER", "one"))
        assert only(copy, "schedule").level == "ok"


def test_error_reported_by_a_running_daemon_is_a_separate_problem(copy: Home) -> None:
    locked = SerializableErrorInfo("OperationalError: database is\nlocked\n", [], "OperationalError")
    with dg.DagsterInstance.from_config(str(copy.settings.dagster_home)) as instance:
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "EVENT_LOG_CONSUMER", "one", [locked]))
    assert only(copy, "schedule").level == "ok"
    assert only(copy, "daemon") == Finding(
        "daemon",
        "problem",
        "daemon EVENT_LOG_CONSUMER says: OperationalError: database is locked",
        "see the log of `smallvoices ui`",
    )


def _there(home: Home) -> str:
    """Returns the options that name a home other than the default."""
    return f"--home {home.settings.home} --sources {home.settings.sources_file}"


def test_unreadable_published_file_is_a_problem(copy: Home) -> None:
    file = copy.published / "micro_influencers.duckdb"
    file.chmod(0o644)
    version, mode = found(copy, "contract")
    assert (version.level, mode.level, mode.remedy) == ("ok", "warning", f"chmod 444 {file}")
    file.write_bytes(b"no longer a database")
    finding = only(copy, "published")
    assert (finding.level, finding.remedy) == ("problem", f"smallvoices publish {_there(copy)}")
    assert f"{file} cannot be read: " in finding.said
    assert only(copy, "contract").said.startswith("cannot be looked at: ")


def test_old_date_is_reported_with_the_command_to_catch_up(home: Home) -> None:
    finding = only(home, "published")
    assert finding.level == "problem"
    days = yesterday() - timedelta(1), yesterday()
    overdue = [f"generation 1 shows {DAYS[-1]}; {day} was due by {day + timedelta(1)} 08:00 UTC" for day in days]
    assert finding.said in overdue
    assert finding.remedy == (
        f"no source has a file of a later date; put the newest exports where {home.settings.sources_file} names them, "
        f"and run `smallvoices nightly {_there(home)}`"
    )
    (home.folder / f"{yesterday()}.ndjson").touch()
    backfill = f"smallvoices backfill --from 2026-11-01 --to {yesterday()}"
    assert only(home, "published").remedy == f"{backfill} --available-only {_there(home)}"
    home.settings.sources_file.write_text("sources: []", encoding="utf-8")
    assert only(home, "published").remedy == f"{backfill} {_there(home)}"


def test_dates_computed_without_their_lookback_are_reported(home: Home) -> None:
    path = home.settings.lake / f"history/snapshot_date={DAYS[-1]}/data.parquet"
    pl.read_parquet(path).write_parquet(path)  # without the note of its lookback
    finding = only(home, "stale dates")
    remedy = f"smallvoices backfill --from {DAYS[-1]} --to {DAYS[-1]} {_there(home)}"
    assert (finding.level, finding.remedy) == ("warning", remedy)
