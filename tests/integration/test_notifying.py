"""Notifications of failed runs: webhooks on loopback, failing runs, and failing webhooks."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.asset_keys import asset_key
from pipelines import runs
from pipelines.build import build_defs
from pipelines.instance import home_instance, notifying
from pipelines.instance.notifying import FailedRun
from schemas.config import sources_file
from schemas.config.limits import Limits
from schemas.settings import Settings
from tests.factories.command import SMALLVOICES, Command
from tests.factories.loopback import Answer, Request, in_turn, ok, serving
from tests.factories.published_home import DAYS, Home

SECRET = "nightingale7"  # noqa: S105 - invented
FAILED = FailedRun("a-run", ("2026-10-31",), "validated", "required source plain has nothing for 2026-10-31")
SOURCE = "{name: plain, shape: smallvoices, required: true, url: 'plain-{date}.csv'}"


def _settings(folder: Path, address: str) -> Settings:
    """Returns settings with a webhook and one source without a file."""
    path = folder / "sources.yaml"
    path.write_text(f"notify: {address}\nsources: [{SOURCE}]\n", encoding="utf-8")
    return Settings(home=folder / "home", sources_file=path)


def _heard(request: Request) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(request.body)
    return document


def test_failed_nightly_run_is_notified_once_without_secrets(smallvoices: Command, tmp_path: Path) -> None:
    with serving(lambda _: ok(b"ok")) as server:
        settings = _settings(tmp_path, f"{server.url}/services/${{HOOK}}")
        night = smallvoices("nightly", "--date", "2026-10-31", HOOK=SECRET)
    assert night.code == 1
    (request,) = server.asked
    assert (request.method, request.path, request.headers["content-type"]) == (
        "POST",
        f"/services/{SECRET}",
        "application/json",
    )
    heard = _heard(request)
    why = f"required source plain has nothing for 2026-10-31: no file {tmp_path}/plain-2026-10-31.csv; "
    assert heard["error"].startswith(why)
    assert f": the run for 2026-10-31 failed in validated: {why}" in heard["text"]
    assert "\nNothing is published yet. `smallvoices doctor` says what to do." in heard["text"]
    assert (heard["event"], heard["dates"], heard["step"]) == ("run_failed", ["2026-10-31"], "validated")
    assert f"Error: {heard['error']}\n" in night.err
    written = b"".join(path.read_bytes() for path in settings.home.rglob("*") if path.is_file())
    assert SECRET.encode() not in written + (night.out + night.err).encode()


def test_refused_publish_is_notified_without_personal_data(home: Home) -> None:
    home.rewrite(DAYS[-1], pl.lit(-5, pl.Int64).alias("followers"))
    with serving(lambda _: ok(status="204 No Content")) as server:
        path = home.settings.sources_file
        path.write_text(f"notify: {server.url}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
        outcome = runs.publish(home.settings, sources_file.load(path), log_level="CRITICAL")
    assert (outcome.succeeded, outcome.notification_error) == (False, "")
    (heard,) = map(_heard, server.asked)
    assert "failed in published: accounts: 200 rows break the contract; the first: followers: " in heard["text"]
    assert f"Readers see generation 1, of {DAYS[-1]}" in heard["text"]
    assert "display_name" not in heard["text"]


def test_contract_violation_of_computed_table_is_named_without_values(home: Home) -> None:
    path = home.settings.lake / f"engagement/snapshot_date={DAYS[-1]}/data.parquet"
    frame = pl.read_parquet(path).with_columns(pl.lit("Nina Nightingale").alias("platform"))
    frame.write_parquet(path)
    outcome = runs._execute(  # noqa: SLF001 - one step of a run
        home.settings,
        sources_file.load(home.settings.sources_file),
        {},
        "CRITICAL",
        only=[asset_key("priors")],
        partition_key=DAYS[-1],
    )
    assert not outcome.succeeded
    assert "rows break the contract; the first: platform: not one of " in outcome.error
    assert "engagement_ratio" not in outcome.error


def test_recomputing_dates_without_landed_files_is_not_notified(home: Home) -> None:
    shutil.rmtree(home.settings.landing / "plain")
    with serving(lambda _: ok()) as server:
        path = home.settings.sources_file
        path.write_text(f"notify: {server.url}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
        done = home.run("erase", "instagram", "h7", "--yes")
    assert done.returncode == 0, done.stderr
    assert server.asked == []
    assert home.query("SELECT count(*) FROM accounts WHERE handle = 'h7'") == [(0,)]


def test_failed_recomputation_is_notified_once(home: Home) -> None:
    shutil.rmtree(home.settings.landing / "plain" / DAYS[0])
    shutil.rmtree(home.settings.lake / f"profiles/snapshot_date={DAYS[0]}")
    with serving(lambda _: ok()) as server:
        path = home.settings.sources_file
        path.write_text(f"notify: {server.url}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
        loaded = sources_file.load(path)
        outcome = runs.recompute(home.settings, loaded, [date.fromisoformat(DAYS[0])], log_level="CRITICAL")
    assert not outcome.succeeded
    (heard,) = map(_heard, server.asked)
    assert (heard["run_id"], heard["dates"]) == (outcome.run_id, [DAYS[0]])


@pytest.mark.parametrize(
    "answers, asked, told",
    [
        ([ok(status="503 Service Unavailable"), ok()], 2, ""),
        ([ok(status="202 Accepted")], 1, ""),
        ([ok(status="429 Too Many Requests", Retry_After="0"), ok()], 2, ""),
        ([ok(status="404 Not Found")], 1, "it answers 404 Not Found"),
        ([ok(status="304 Not Modified")], 1, "it answers 304"),
        ([ok(status="302 Found", Location="http://127.0.0.1:9/stolen")], 1, "it answers 302 Found"),
        ([b"no HTTP at all\r\n\r\n"], 1, "closes the connection without an answer"),
    ],
)  # fmt: skip
def test_transient_webhook_errors_are_retried_and_others_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[bytes], asked: int, told: str
) -> None:
    monkeypatch.setenv("HOOK", SECRET)
    monkeypatch.setattr(notifying, "_LIMITS", Limits(deadline_minutes=0.05))
    with serving(in_turn(answers)) as server:
        settings = _settings(tmp_path, f"{server.url}/${{HOOK}}")
        notification_error = notifying.tell(settings, sources_file.load(settings.sources_file), FAILED)
    assert told in notification_error
    assert bool(told) == bool(notification_error)
    assert SECRET not in notification_error
    assert len(server.asked) >= asked


def _drips(_: Request) -> Iterable[bytes]:
    while True:
        time.sleep(0.05)
        yield b"H"


@pytest.mark.parametrize("answer", [_drips, None])
def test_hanging_or_missing_webhook_is_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer | None
) -> None:
    monkeypatch.setattr(notifying, "_LIMITS", Limits(deadline_minutes=0.03, connect_seconds=1, read_seconds=1))
    with serving(answer or _drips) as server:
        settings = _settings(tmp_path, server.url if answer else "http://127.0.0.1:9/")
        began = time.monotonic()
        assert notifying.tell(settings, sources_file.load(settings.sources_file), FAILED).startswith("notify: ")
    assert time.monotonic() - began < 5


def test_dead_webhook_does_not_change_the_run(smallvoices: Command, tmp_path: Path) -> None:
    _settings(tmp_path, "https://hooks.invalid/${HOOK}")
    night = smallvoices("nightly", "--date", "2026-10-31", "--json")
    assert night.code == 1
    assert "Error: required source plain has nothing for 2026-10-31" in night.err
    told = "Warning: the failure was not notified: notify: environment variable HOOK is not set"
    assert told in night.err
    assert night.document["error"].startswith("required source plain")


def test_foreign_text_cannot_notify_a_channel_and_secrets_are_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VENDOR_KEY", SECRET)
    with serving(lambda _: ok()) as server:
        monkeypatch.setenv("WHOLE", f"{server.url}/a?b=c")
        settings = _settings(tmp_path, "${WHOLE}")
        text = settings.sources_file.read_text(encoding="utf-8").replace(
            "url:", "headers: {X-Key: '${VENDOR_KEY}'}, url:"
        )
        settings.sources_file.write_text(text.replace("plain-", "https://vendor.invalid/"), encoding="utf-8")
        failed = FailedRun("a-run", (), "", f"<!channel> & {SECRET} {'x' * 5000}")
        assert notifying.tell(settings, sources_file.load(settings.sources_file), failed) == ""
    (request,) = server.asked
    assert (request.path, request.query) == ("/a", {"b": "c"})
    heard = _heard(request)
    assert "a run failed: &lt;!channel&gt; &amp; ${VENDOR_KEY} xxx" in heard["text"]
    assert len(heard["error"]) == 1000
    assert SECRET.encode() not in request.body


def test_daemon_notifies_of_killed_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _: ok()) as server:
        settings = _settings(tmp_path, server.url)
        loaded = sources_file.load(settings.sources_file)
        (sensor,) = [sensor for sensor in build_defs(settings, loaded).sensors or [] if sensor.name == "failures"]
        assert isinstance(sensor, dg.SensorDefinition)
        with home_instance.open_instance(settings) as instance:
            cursor = sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).cursor

            def looks(cursor: str | None) -> tuple[str | None, str | None]:
                with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
                    ticked = sensor.evaluate_tick(context)
                return ticked.cursor, ticked.skip_message

            night = runs.run_dates(settings, loaded, [date.fromisoformat(DAYS[-1])], force=False, log_level="CRITICAL")
            assert (night.succeeded, len(server.asked)) == (False, 1)
            cursor, said = looks(cursor)
            assert (said, len(server.asked)) == ("the command that ran it has told it", 1)

            command = [str(SMALLVOICES), "nightly", "--date", DAYS[-1], "--home", str(settings.home)]
            command += ["--sources", str(settings.sources_file)]
            with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as killed:
                assert killed.stderr
                killed.stderr.readline()
                killed.kill()
            (record,) = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
            # As Dagster's run monitoring does after the maximum runtime.
            instance.report_run_failed(record.dagster_run, "Exceeded maximum runtime of 14400 seconds.")
            cursor, said = looks(cursor)
            assert (said, len(server.asked)) == (f"told of {record.dagster_run.run_id}", 2)
    heard = _heard(server.asked[-1])
    assert heard["dates"] == [DAYS[-1]]
    assert "the run for 2026-10-31 failed: Exceeded maximum runtime of 14400 seconds." in heard["text"]
