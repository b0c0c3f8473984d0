"""The nightly run from the command line: its output, its files, and its failures."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest

from assets.asset_keys import asset_key
from assets.metrics import explain, explain_text
from schemas.config.sources_file import load
from schemas.contact_data import redacted
from schemas.settings import Settings, SettingsError
from tests.conftest import REPOSITORY
from tests.factories.command import Command
from tests.factories.loopback import Request, as_json, ok, serving
from tests.factories.published_home import DAYS, Home
from tests.factories.samples_night import SOURCES, SamplesNight

PUBLISHED = Path("home/published/micro_influencers.duckdb")


def query(folder: Path, sql: str) -> list[tuple[object, ...]]:
    """Returns rows of the published file, read as by a BI tool."""
    with duckdb.connect(str(folder / PUBLISHED), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def copied(tmp_path: Path, samples: Path) -> Path:
    """Copies the samples to files of the test, to be damaged."""
    original = tmp_path / "samples"
    target = original.resolve()
    original.unlink()
    shutil.copytree(target, original)
    return samples


def test_nightly_run_of_the_samples(samples_night: SamplesNight) -> None:
    """Checks one run from every side: output, published tables, reconciliation, and files."""
    folder = samples_night.folder
    _prints_what_it_did(samples_night.run.out)
    _ranks_micro_influencers_only(folder)
    _leads_back_to_landed_rows(folder)
    _quarantines_with_reason_and_raw_text(folder)
    _is_read_only_old_format_and_described(folder)
    _has_a_report_of_the_same_generation(folder, samples_night.run.out)
    _explains_ranks(Command(folder), folder)


def _prints_what_it_did(out: str) -> None:
    assert "Nightly run for 2026-10-31, the newest date of" in out
    assert "Import report, 2026-10-31" in out
    assert "Top 10 micro-influencers, 2026-10-31" in out
    assert "The interval is the estimate's: the ratio, drawn towards what is typical" in out
    for source in ("agency", "scraper", "tiktok_team"):
        assert source in out


def _ranks_micro_influencers_only(folder: Path) -> None:
    dense = "SELECT min(rank) = 1 AND max(rank) = count(*) AND count(DISTINCT rank) = count(*) FROM micro_influencers"
    assert query(folder, dense) == [(True,)]
    assert query(folder, "SELECT DISTINCT tier FROM micro_influencers ORDER BY 1") == [("micro",), ("mid",)]
    assert query(folder, "SELECT count(*) FROM micro_influencers WHERE followers NOT BETWEEN 1000 AND 99999") == [(0,)]
    assert query(folder, "SELECT DISTINCT platform FROM accounts ORDER BY 1") == [("instagram",), ("tiktok",)]
    unexplained = (
        "SELECT count(*) FROM accounts WHERE (engagement_ratio IS NULL) <> (engagement_null_reason IS NOT NULL)"
    )
    assert query(folder, unexplained) == [(0,)]
    outside = "SELECT count(*) FROM accounts WHERE engagement_estimate NOT BETWEEN engagement_ci_lower AND engagement_ci_upper"
    assert query(folder, outside) == [(0,)]


def _leads_back_to_landed_rows(folder: Path) -> None:
    rows = query(
        folder, "SELECT handle, followers, landed_file, landed_row FROM accounts WHERE source = 'agency' LIMIT 20"
    )
    assert rows
    for handle, followers, file, number in rows:
        lines = (folder / "home/landing" / str(file)).read_text(encoding="utf-8").splitlines()
        cells = lines[int(str(number))].split(",")
        assert (cells[5], int(cells[7])) == (handle, followers)


def _quarantines_with_reason_and_raw_text(folder: Path) -> None:
    status = query(
        folder,
        "SELECT source, landed_rows, accepted + quarantined + deduplicated + erased FROM source_status ORDER BY 1",
    )
    assert [(source, landed == settled) for source, landed, settled in status] == [
        ("agency", True),
        ("scraper", True),
        ("tiktok_team", True),
    ]
    rows = query(
        folder, "SELECT landed_file, landed_line, raw FROM quarantine WHERE source = 'agency' AND reason <> ''"
    )
    assert len(rows) == 5
    for file, line, raw in rows:
        landed = (folder / "home/landing" / str(file)).read_text(encoding="utf-8").splitlines()
        assert pl.select(redacted(pl.lit(landed[int(str(line)) - 1]))).item() == raw


def _is_read_only_old_format_and_described(folder: Path) -> None:
    path = folder / PUBLISHED
    assert path.stat().st_mode & 0o777 == 0o444
    assert path.read_bytes()[12] == 64  # the storage version that DuckDB 1.0 reads
    assert not list(path.parent.glob("*.wal"))
    assert not list(path.parent.glob(".build-*"))
    undescribed = (
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND coalesce(comment, '') = ''"
    )
    assert query(folder, undescribed) == []
    assert query(folder, "SELECT table_name FROM duckdb_tables() WHERE coalesce(comment, '') = ''") == []


def _has_a_report_of_the_same_generation(folder: Path, out: str) -> None:
    report = (folder / PUBLISHED).with_name("report.html")
    assert f"As a page to open in a browser: {report}" in out
    text = report.read_text(encoding="utf-8")
    told = re.findall(r'<meta name="(?:generation|content-hash)" content="(\w+)">', text)
    assert query(folder, "SELECT generation::VARCHAR, content_hash FROM _meta") == [tuple(told)]
    leaders = query(folder, "SELECT handle FROM micro_influencers ORDER BY rank LIMIT 5")
    assert [handle for (handle,) in leaders if f"<bdi>{handle}</bdi>" not in text] == []


def _explains_ranks(smallvoices: Command, folder: Path) -> None:
    settings = Settings(home=folder / "home", sources_file=folder / "sources.yaml")
    loaded = load(settings.sources_file)
    for source, rank in query(folder, "SELECT source, min(rank) FROM micro_influencers GROUP BY source"):
        ((platform, handle, score, file, row),) = query(
            folder,
            "SELECT platform, coalesce(handle, profile_id), score, landed_file, landed_row FROM micro_influencers "
            f"WHERE rank = {rank}",
        )
        told = explain.explain(settings, loaded, str(platform), f"@{str(handle).upper()}")
        assert told.profile["landed_row"] == row
        assert (told.profile["landed_line"] is None) == (source == "scraper")  # a JSON document has no lines
        assert told.ranking["score"] == score
        for words in (f"rank {rank} of", f"score {score:.2f}", f"landing/{file}, record {row}", "expected of its size"):
            assert words in explain_text.text(told)
        _can_be_computed_by_hand(explain_text.text(told), told.estimate["log_lift"])
        for post in told.posts:
            landed = folder / "home/landing" / post["landed_file"]
            if post["landed_line"]:
                assert post["post_id"] in landed.read_text(encoding="utf-8").splitlines()[post["landed_line"] - 1]
    unknown = smallvoices("explain", "instagram", "tempo_atic")
    assert (unknown.code, unknown.out) == (1, "")
    assert "tempo_attic" in unknown.err
    elsewhere = smallvoices("explain", "tiktok", "tempo_attic")
    assert "; the nearest: instagram tempo_attic, tiktok " in elsewhere.err
    (unranked,) = query(folder, "SELECT handle FROM accounts WHERE engagement_null_reason = 'zero_followers' LIMIT 1")
    why = smallvoices("explain", "instagram", str(unranked[0])).out
    assert "  none: no followers (zero_followers)\n" in why
    known = smallvoices("explain", "instagram", "tempo_attic", "--json")
    assert known.document["ranking"]["handle"] == "tempo_attic"
    assert {row["component"] for row in known.document["indicators"]} >= {"uniform_engagement", "comment_anomaly"}
    assert smallvoices("explain", "instagram", "tempo_attic", "--date", "2026-10-01").code == 1


def _can_be_computed_by_hand(text: str, log_lift: float) -> None:
    """Computes the estimate from the numbers in the text, for posts or for averages."""
    number = r"([+-]? ?[0-9.]+)"
    (terms,) = re.findall(rf"r = y - expected = {number} {number} = {number}\n", text)
    level, expected, residual = (float(term.replace(" ", "")) for term in terms)
    assert level + expected == pytest.approx(residual, abs=2e-4)
    together = 0.0
    shrunk = re.findall(rf"{number}%  {number} × {number} ÷ \({number} \+ {number}\) = {number} ", text)
    assert len(shrunk) == 2
    for share, over, variance, again, noise, lift in (map(float, found) for found in shrunk):
        assert (over, variance) == (residual, again)
        assert variance / (variance + noise) * over == pytest.approx(lift, abs=5e-4)
        together += share / 100 * lift
    assert together == pytest.approx(log_lift, abs=2e-3)


def test_rerun_of_an_older_date_with_other_threads_gives_the_same_hash(home: Home) -> None:
    (content,) = home.query("SELECT content_hash FROM _meta")
    again = home.run("nightly", "--date", DAYS[0], "--force", SMALLVOICES_THREADS="1")
    assert again.returncode == 0, again.stderr
    assert home.query("SELECT generation, content_hash FROM _meta") == [(2, *content)]


@pytest.mark.proof
def test_same_bytes_give_the_same_hash(smallvoices: Command, copied: Path, tmp_path: Path) -> None:
    """Compares a rerun, a backfill, days in another order, other threads and another time zone."""
    # A week apart, so that the later one looks back on the earlier.
    days = ["2026-10-24", "2026-10-31"]
    for file in (tmp_path / "samples").glob("*/*2026-10-[03][01]*"):
        if days[-1] not in file.name:
            file.unlink()

    def content(home: str) -> str:
        with duckdb.connect(str(tmp_path / home / "published/micro_influencers.duckdb"), read_only=True) as connection:
            return str(connection.execute("SELECT content_hash FROM _meta").fetchall()[0][0])

    backfill = ("backfill", "--from", days[0], "--to", days[-1], "--available-only")
    assert smallvoices(*backfill, home=tmp_path / "backfill").code == 0
    expected = content("backfill")
    for day in reversed(days):
        late = smallvoices.process(
            "backfill", "--from", day, "--to", day,
            home=tmp_path / "late", SMALLVOICES_THREADS="1", TZ="Pacific/Kiritimati",
        )  # fmt: skip
        assert late.code == 0
    assert content("late") == expected
    again = smallvoices.process(
        "nightly", "--date", days[-1], "--force", home=tmp_path / "backfill", SMALLVOICES_THREADS="4", LC_ALL="C"
    )
    assert again.code == 0
    assert content("backfill") == expected
    kept = sorted(path.name for path in (tmp_path / "backfill/published/generations").iterdir())
    assert kept == ["000001", "000002"]
    with duckdb.connect(str(tmp_path / "backfill/published/micro_influencers.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(DISTINCT snapshot_date) FROM rank_history").fetchall() == [(2,)]
        assert connection.execute("SELECT generation FROM _meta").fetchall() == [(2,)]


@pytest.mark.proof
def test_growth_uses_backfilled_days(smallvoices: Command, tmp_path: Path) -> None:
    (tmp_path / "samples").mkdir()
    for day, followers in (("2026-10-01", 1000), ("2026-10-23", 1500), ("2026-10-31", 3000)):
        rows = f"platform,profile_id,handle,followers,avg_likes,avg_comments\ninstagram,1,one,{followers},50,5\n"
        (tmp_path / "samples" / f"{day}.csv").write_text(rows, encoding="utf-8")
    text = "sources:\n  - {name: plain, shape: smallvoices, url: 'samples/{date}.csv'}\n"
    (tmp_path / "sources.yaml").write_text(text, encoding="utf-8")
    for day in ("2026-10-31", "2026-10-01", "2026-10-23"):
        assert smallvoices("nightly", "--date", day).code == 0
    # the newest day stays the newest, and the older ones are included
    assert query(tmp_path, "SELECT DISTINCT snapshot_date::VARCHAR FROM accounts") == [("2026-10-31",)]
    assert query(tmp_path, "SELECT count(DISTINCT snapshot_date) FROM rank_history") == [(3,)]
    assert query(tmp_path, "SELECT followers_growth_7d, followers_growth_30d FROM accounts") == [(1.0, 2.0)]


@pytest.mark.proof
def test_sample_dates_show_growth_and_movers(smallvoices: Command, samples: Path, tmp_path: Path) -> None:
    """Follows the README; dates between them have no files, and so no carried-forward rows."""
    (backfill,) = re.findall(
        r"\.venv/bin/smallvoices (backfill .*--available-only)", (REPOSITORY / "README.md").read_text()
    )
    done = smallvoices(*backfill.split())
    assert done.code == 0, done.err
    assert "Backfill of 4 dates, 2026-10-01 to 2026-10-31" in done.out
    assert "WARNING" not in done.err
    assert query(tmp_path, "SELECT max(generation), max(snapshot_date)::VARCHAR FROM _meta") == [(1, "2026-10-31")]
    assert query(tmp_path, "SELECT count(DISTINCT snapshot_date) FROM rank_history") == [(4,)]
    ((accounts, week, month),) = query(
        tmp_path, "SELECT count(*), count(followers_growth_7d), count(followers_growth_30d) FROM micro_influencers"
    )
    assert accounts == week == month
    page = (tmp_path / PUBLISHED).with_name("report.html").read_text(encoding="utf-8")
    assert "Change of score since 2026-10-24" in page
    assert "None rose." not in page
    assert "None fell." not in page
    none = smallvoices("backfill", "--from", "2026-10-02", "--to", "2026-10-03", "--available-only")
    assert none.code == 2
    assert none.err == (
        "Error: no source has a file for a date from 2026-10-02 to 2026-10-03; there are from 2026-10-01 to 2026-10-31\n"
    )


def test_bad_sources_do_not_fail_the_run(smallvoices: Command, tmp_path: Path, samples: Path) -> None:
    bad = {
        "gone": (None, "no file"),
        "empty": (b"", "is empty"),
        "login": (b"<!doctype html><title>Log in</title>", "is a web page"),
        "cut": (b'[{"id": "1", "username": "a", "followersCount": 5}, {"id": "2", "user', "was cut short"),
        "table": (b"id;user\n1;2\n", "is not JSON"),
    }
    text = SOURCES
    for name, (content, _) in bad.items():
        text += f"  - {{name: {name}, shape: apify_instagram, url: {name}.json}}\n"
        if content is not None:
            (tmp_path / f"{name}.json").write_bytes(content)
    samples.write_text(text, encoding="utf-8")
    run = smallvoices("nightly", "--date", "2026-10-31", "--json")
    assert run.code == 0, run.err
    states = {row["source"]: row["state"] for row in run.document["sources"]}
    assert states == {"agency": "published", "scraper": "published", "tiktok_team": "published"} | dict.fromkeys(
        bad, "missing"
    )
    messages = {row["source"]: row["message"] for row in run.document["sources"]}
    for name, (content, told) in bad.items():
        assert told in messages[name]
        (line,) = [line for line in run.err.splitlines() if f"WARNING landing: {name} 2026-10-31: " in line]
        assert f"WARNING validated: {name} 2026-10-31: missing, landed 0 = " in run.err
        assert told in line
        kept = list((tmp_path / f"home/landing/{name}/2026-10-31").glob(f"*/{name}.json"))
        assert [path.read_bytes() for path in kept] == ([content] if content is not None else [])


def _finds_in_the_quarantine_what_the_report_counts(report: list[dict[str, Any]], folder: Path) -> None:
    """Compares quarantine and report: an unreadable file has one row with its rejected records and the reason."""
    (told,) = [row for row in report if row["state"] == "unreadable"]
    assert told["landed"] == told["quarantined"] == sum(reason["rows"] for reason in told["reasons"]) > 200
    assert told["reasons"] == [{"reason": "the whole file is held back", "rows": told["quarantined"]}]
    ((number, raw, reason),) = query(
        folder, "SELECT landed_row, raw, reason FROM quarantine WHERE landed_file LIKE 'agency/2026-10-31/%'"
    )
    assert (number, raw) == (0, None)
    held = f"the whole file is held back, with {told['quarantined']} records that have no fault of their own: "
    assert str(reason).startswith(f"{held}2026-10-31.csv:")


def test_failed_source_is_carried_forward(
    smallvoices: Command, copied: Path, after_the_night: Path, tmp_path: Path
) -> None:
    for file in (tmp_path / "samples").glob("*/*2026-10-31*"):
        file.rename(file.with_name(file.name.replace("2026-10-31", "2026-11-01")))
    cut = tmp_path / "samples/agency/2026-11-01.csv"
    cut.write_bytes(cut.read_bytes()[:-30])
    failed = smallvoices("nightly", "--date", "2026-11-01", "--json")
    assert failed.code == 0
    assert re.search(r"agency 2026-11-01 profiles: unreadable.* ends in the middle of a record", failed.err)
    ages = "SELECT DISTINCT source, data_age_days FROM accounts ORDER BY 1"
    assert query(tmp_path, ages) == [("agency", 1), ("scraper", 0), ("tiktok_team", 0)]


@pytest.mark.proof
def test_carried_forward_source_is_replaced_by_a_rerun(smallvoices: Command, copied: Path, tmp_path: Path) -> None:
    smallvoices("nightly", "--date", "2026-10-30")
    empty, cut = tmp_path / "samples/scraper/2026-10-31.json", tmp_path / "samples/agency/2026-10-31.csv"
    whole = {path: path.read_bytes() for path in (empty, cut)}
    empty.write_bytes(b"")
    cut.write_bytes(whole[cut][:-30])
    failed = smallvoices("nightly", "--date", "2026-10-31", "--json")
    assert failed.code == 0
    (told,) = [line for line in failed.err.splitlines() if "agency 2026-10-31 profiles: unreadable" in line]
    assert "WARNING" in told
    assert re.search(
        r"2026-10-31\.csv:\d+ ends in the middle of a record.*; what it sent is kept at landing/agency/", told
    )
    _finds_in_the_quarantine_what_the_report_counts(failed.document["sources"], tmp_path)
    ages = "SELECT DISTINCT source, data_age_days FROM accounts WHERE source <> 'tiktok_team' ORDER BY 1"
    assert query(tmp_path, ages) == [("agency", 1), ("scraper", 1)]
    assert query(tmp_path, "SELECT state, snapshot_date::VARCHAR FROM source_status WHERE source = 'scraper'") == [
        ("carried_forward", "2026-10-30")
    ]
    for path, content in whole.items():
        path.write_bytes(content)
    mended = smallvoices("nightly", "--date", "2026-10-31")
    assert query(tmp_path, ages) == [("agency", 0), ("scraper", 0)]
    assert "INFO landing: tiktok_team 2026-10-31: landed already: " in mended.err
    assert "INFO landing: agency 2026-10-31: complete: " in mended.err


def test_failed_forced_pull_is_reported_with_the_kept_rows(
    smallvoices: Command, copied: Path, after_the_night: Path, tmp_path: Path
) -> None:
    content = query(tmp_path, "SELECT content_hash FROM _meta")
    (tmp_path / "samples/agency/2026-10-31.csv").unlink()
    run = smallvoices("nightly", "--date", "2026-10-31", "--force", "--json")
    assert run.code == 0
    why = {row["source"]: row["pulled_again"] for row in run.document["sources"]}
    assert why.pop("agency").startswith(f"no file {tmp_path}/samples/agency/2026-10-31.csv")
    assert not any(why.values())
    assert "pulled again, in vain: no file" in run.err
    assert query(tmp_path, "SELECT content_hash FROM _meta") == content
    looked = smallvoices("doctor").out
    assert "warning  sources: agency on 2026-10-31: published, of an earlier pull; pulled again, in vain: no" in looked


@pytest.mark.proof
def test_run_killed_while_publishing_is_repaired_by_the_next(
    smallvoices: Command, samples: Path, tmp_path: Path
) -> None:
    command = [str(Path(sys.executable).with_name("smallvoices")), "nightly", "--date", "2026-10-31"]
    command += ["--home", str(tmp_path / "home"), "--sources", str(samples)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as night:
        while not list((tmp_path / "home/published").glob(".build-*")):
            assert night.poll() is None, "it ended before it could be killed"
            time.sleep(0.001)
        night.kill()
    assert not (tmp_path / PUBLISHED).exists()
    assert smallvoices("nightly", "--date", "2026-10-31").code == 0
    assert not list((tmp_path / "home/published").glob(".build-*"))
    assert smallvoices("nightly", "--date", "2026-10-31", home=tmp_path / "undisturbed").code == 0
    content = query(tmp_path, "SELECT content_hash FROM _meta")
    (tmp_path / "home").rename(tmp_path / "mended")
    (tmp_path / "undisturbed").rename(tmp_path / "home")
    assert query(tmp_path, "SELECT content_hash FROM _meta") == content


def test_interrupted_run_is_reported_in_one_line(samples: Path, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("smallvoices")), "nightly", "--date", "2026-10-31"]
    command += ["--home", str(tmp_path / "home"), "--sources", str(samples)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as night:
        while not list((tmp_path / "home/lake").glob("profiles/*/data.parquet")):
            assert night.poll() is None, "it ended before it could be interrupted"
            time.sleep(0.01)
        night.send_signal(signal.SIGINT)
        out, told = night.communicate(timeout=120)
    assert night.returncode == 130
    assert told.endswith("Error: interrupted; what is published is whole, and the same command goes on\n")
    looked = subprocess.run([command[0], "doctor", *command[4:]], capture_output=True, text=True, check=False).stdout
    assert "seconds ago: interrupted, as by Ctrl-C; none has succeeded lately" in looked
    assert "Top 10" not in out
    assert not (tmp_path / PUBLISHED).exists()


def test_run_without_valid_rows_publishes_nothing(
    smallvoices: Command, copied: Path, after_the_night: Path, tmp_path: Path
) -> None:
    before = (tmp_path / PUBLISHED).read_bytes()
    text = SOURCES.replace("shape:", "carry_days: 0, shape:", 2).replace(
        "    shape: small", "    carry_days: 0\n    shape: small"
    )
    copied.write_text(text, encoding="utf-8")
    for file in (tmp_path / "samples").glob("*/*2026-10-31*"):
        file.with_name(file.name.replace("2026-10-31", "2026-11-01")).write_bytes(b"")
    run = smallvoices("nightly", "--date", "2026-11-01")
    assert run.code == 1
    told = "no valid profile for 2026-11-01, so nothing is published and the old file stays"
    assert [line.partition(f" {told}")[0].rpartition(" ")[2] for line in run.err.splitlines() if told in line] == [
        "validated:", "Error:"
    ]  # fmt: skip
    assert "Traceback" not in run.err
    assert "Stack Trace" not in run.err
    assert (tmp_path / PUBLISHED).read_bytes() == before


def test_failed_required_source_fails_the_run(smallvoices: Command, copied: Path, tmp_path: Path) -> None:
    copied.write_text(SOURCES.replace("name: agency", "name: agency, required: true"), encoding="utf-8")
    (tmp_path / "samples/agency/2026-10-31.csv").unlink()
    run = smallvoices("nightly", "--date", "2026-10-31")
    assert run.code == 1
    assert "Error: required source agency has nothing for 2026-10-31: no file" in run.err
    assert not (tmp_path / PUBLISHED).exists()


@pytest.mark.parametrize("day", ["", "2026-13-01", "today", "../../x", "1999-01-01", "2999-01-01", "20261031"])
def test_invalid_date_is_a_usage_error(smallvoices: Command, samples: Path, tmp_path: Path, day: str) -> None:
    run = smallvoices("nightly", "--date", day)
    assert run.code == 2
    assert run.err.startswith(f"Error: date {day!r} is not allowed; allowed: YYYY-MM-DD, as in 2")
    assert run.err.endswith("; or newest, the newest that has files\n")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    "setting, value",
    [
        ("SMALLVOICES_THREADS", "-3"),
        ("SMALLVOICES_MEMORY_LIMIT", "lots"),
        ("SMALLVOICES_NIGHTLY_CRON", "nope"),
        ("SMALLVOICES_NIGHTLY_CRON", "99 2 * * *"),
        ("SMALLVOICES_NIGHTLY_CRON", "0 2 * * NOO"),
        ("SMALLVOICES_NIGHTLY_CRON", "0 2-- * * *"),
        ("SMALLVOICES_LOG", "loud"),
    ],
)
def test_invalid_setting_is_a_usage_error(
    smallvoices: Command, samples: Path, tmp_path: Path, setting: str, value: str
) -> None:
    run = smallvoices("nightly", "--date", "2026-10-31", home=tmp_path / "home", sources=samples, **{setting: value})
    assert run.code == 2
    assert run.err.startswith(f"Error: {setting}: ")
    assert "allowed: " in run.err
    assert run.err.count("\n") == 1


def test_misspelt_setting_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMALLVOICES_TOKEN_OF_A_SOURCE", "secret")
    monkeypatch.setenv("SMALLVOICES_MEMORY_LIMT", "1GB")
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment()
    assert str(refused.value) == "SMALLVOICES_MEMORY_LIMT: unknown setting; did you mean SMALLVOICES_MEMORY_LIMIT?"


def test_home_that_cannot_be_created_is_a_usage_error(smallvoices: Command, samples: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    run = smallvoices("nightly", "--date", "2026-10-31", home=tmp_path / "file/home")
    assert (run.code, run.err) == (
        2, f"Error: home {tmp_path}/file/home: Not a directory; name another folder with --home\n"
    )  # fmt: skip


def test_invalid_sources_file_is_one_line_and_pulls_nothing(
    smallvoices: Command, samples: Path, tmp_path: Path
) -> None:
    samples.write_text(SOURCES.replace("name: agency", "name: agency, carry_days: 99"), encoding="utf-8")
    run = smallvoices("nightly", "--date", "2026-10-31")
    assert run.code == 2
    assert (
        run.err
        == f"Error: {samples}:3: source 'agency': carry_days: 99 is not allowed; allowed: a whole number from 0 to 30\n"
    )
    assert not (tmp_path / "home").exists()


def test_check_lists_the_exports_to_pull(smallvoices: Command, samples: Path) -> None:
    run = smallvoices("check", "--date", "2026-10-31")
    assert run.code == 0
    assert "tiktok_team (shape smallvoices)" in run.out
    assert "posts: samples/tiktok_team/posts-2026-10-31.ndjson" in run.out


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_check_fails_if_a_source_would_fail(
    smallvoices: Command, copied: Path, tmp_path: Path, form: tuple[str, ...]
) -> None:
    with copied.open("a", encoding="utf-8") as file:
        file.write("  - {name: api, shape: smallvoices, url: 'https://x.example/{date}?k=${NO_SUCH_KEY}'}\n")
    gone = tmp_path / "samples/agency/2026-10-31.csv"
    gone.unlink()
    run = smallvoices("check", "--date", "2026-10-31", *form)
    assert run.code == 1
    assert run.err.splitlines() == [
        f"Error: source 'agency': no file {gone}; put the export there, or correct the url in sources.yaml",
        "Error: source 'api': environment variable NO_SUCH_KEY is not set; set it where the nightly run starts",
    ]
    assert "samples/scraper/2026-10-31.json" in run.out
    if form:
        assert [len(source["problems"]) for source in json.loads(run.out)] == [1, 0, 0, 1]


def test_check_reports_a_date_that_a_source_without_history_lacks(
    smallvoices: Command, copied: Path, tmp_path: Path
) -> None:
    copied.write_text(SOURCES.replace("name: agency", "name: agency, history: current"), encoding="utf-8")
    run = smallvoices("check", "--date", "2026-10-31")
    assert run.code == 1
    assert run.err.startswith("Error: source 'agency': only offers today's figures, and nothing was landed on 2026-10")


def test_check_of_a_date_without_files_names_the_newest_available(
    smallvoices: Command, samples: Path, tmp_path: Path
) -> None:
    run = smallvoices("check", "--date", "2026-10-02")
    assert run.code == 1
    assert run.out.count("(no file)") == 4
    *missing, newest = run.err.splitlines()
    agency = (
        f"no file {tmp_path}/samples/agency/2026-10-02.csv; put the export there, or correct the url in sources.yaml"
    )
    assert missing[0] == f"Error: source 'agency': {agency}"
    assert newest == "Warning: the newest date that has files is 2026-10-31: --date newest"


def test_one_export_for_many_dates_is_reported(smallvoices: Command, tmp_path: Path) -> None:
    """Checks the command line before pulling, `check`, and the source's check in the UI."""
    rows = "platform,handle,followers,avg_likes,avg_comments\ninstagram,one,2000,50,5\n"
    for name in ("list", "2026-10-30", "2026-10-31"):
        (tmp_path / f"{name}.csv").write_text(rows, encoding="utf-8")
    sources = tmp_path / "sources.yaml"
    fine = "sources:\n- {name: plain, shape: smallvoices, url: '{date}.csv'}\n"
    sources.write_text(f"{fine}- {{name: undated, shape: smallvoices, url: list.csv}}\n", encoding="utf-8")
    told = (
        "source 'undated': url: no {date} in it, so each date gets the very same export; write {date} where the address "
        "says the date, or declare history: current where it only has the newest figures"
    )
    run = smallvoices("backfill", "--from", "2026-10-30", "--to", "2026-10-31")
    assert run.code == 0
    assert [line for line in run.err.splitlines() if "{date}" in line] == [f"Warning: {sources}: {told}"]
    listed = smallvoices("check", "--date", "2026-10-31")
    assert (listed.code, listed.err) == (0, f"Warning: {told}\n")
    keys = {name: dg.AssetCheckKey(asset_key(f"landed_{name}"), "export_landed") for name in ("plain", "undated")}
    with dg.DagsterInstance.from_config(str(tmp_path / "home/dagster")) as instance:
        records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys.values()))
    events: dict[str, Any] = {name: records[key].event for name, key in keys.items()}
    found = {name: event.dagster_event.event_specific_data for name, event in events.items()}
    assert {name: check.passed for name, check in found.items()} == {"plain": True, "undated": False}
    assert found["undated"].severity == dg.AssetCheckSeverity.WARN
    assert found["undated"].description.startswith("2026-10-30 to 2026-10-31: url: no {date} in it, so each date gets ")
    sources.write_text(
        f"{fine}- {{name: undated, shape: smallvoices, url: list.csv, history: current}}\n", encoding="utf-8"
    )
    assert smallvoices("check", "--date", "2026-10-31").err == ""


def test_run_from_an_api_never_shows_its_secret(smallvoices: Command, tmp_path: Path) -> None:
    """Runs a paged API, a source with a wrong secret, and one with a missing secret, in one run."""
    canary = "canary+nightingale"

    def answer(request: Request) -> bytes:
        if request.headers.get("x-api-key") != canary or request.path == "/denied":
            return ok(status="403 Forbidden")
        page = int(request.query.get("page", "1"))
        rows = [
            {"platform": "tiktok", "handle": f"h{page}{n}", "followers": 2000, "avg_likes": 90, "avg_comments": 1}
            for n in range(5)
        ]
        return as_json(rows if page < 4 else [])

    with serving(answer) as server:
        common = "shape: smallvoices, allow_private: true, headers: {X-Api-Key: '${KEY}'}"
        (tmp_path / "sources.yaml").write_text(
            "sources:\n"
            f"- {{name: api, url: '{server.url}/x.json?day={{date}}', params: {{k: '${{KEY}}'}}, paging: {{kind: page}}, {common}}}\n"
            f"- {{name: denied, url: '{server.url}/denied?day={{date}}', {common}}}\n"
            f"- {{name: unset, url: '{server.url}/x?day={{date}}&k=${{NO_SUCH_KEY}}', shape: smallvoices}}\n",
            encoding="utf-8",
        )
        listed = smallvoices("check", "--date", "2026-10-31", KEY=canary)
        assert server.asked == []
        run = smallvoices("nightly", "--date", "2026-10-31", "--json", KEY=canary)
    assert listed.code == 1
    assert "  ${KEY}: set" in listed.out
    assert "  ${NO_SUCH_KEY}: NOT SET: this source will fail" in listed.out
    assert run.code == 0, run.err
    told = {row["source"]: (row["state"], row["accepted"]) for row in run.document["sources"]}
    assert told["denied"] == told["unset"] == ("missing", 0)
    assert sum(row["accepted"] for row in run.document["sources"]) == 15
    assert run.err.count(" validated: api 2026-10-31 profiles: published, landed ") == 1
    assert " validated: api 2026-10-31 profiles: published, landed 15 = accepted 15 + " in run.err
    assert "environment variable NO_SUCH_KEY is not set" in run.err
    assert "it answers 403 Forbidden; check the source's secrets, and what they may read" in run.err
    assert query(tmp_path, "SELECT count(*) FROM micro_influencers") == [(15,)]
    written = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert sum(text.count(b"nightingale") for text in (written, (run.out + run.err + listed.out).encode())) == 0


def test_terminal_shows_the_progress_of_each_source(tmp_path: Path) -> None:
    body = b"platform,handle,followers,avg_likes,avg_comments\n" + b"".join(
        b"tiktok,h%d,2000,90,1\n" % number for number in range(10_000)
    )

    def slowly(_: Request) -> Iterator[bytes]:
        whole = ok(body)
        for start in range(0, len(whole), 20_000):
            yield whole[start : start + 20_000]
            server.stopped.wait(0.1)

    with serving(slowly) as server:
        source = f"{{name: api, shape: smallvoices, url: '{server.url}/x.csv?{{date}}', allow_private: true}}"
        (tmp_path / "sources.yaml").write_text(f"sources: [{source}]", encoding="utf-8")
        command = [str(Path(sys.executable).with_name("smallvoices")), "nightly", "--date", "2026-10-31"]
        command += ["--home", str(tmp_path / "home"), "--sources", str(tmp_path / "sources.yaml")]
        terminal, inside = os.openpty()
        with subprocess.Popen(command, stdout=inside, stderr=inside, env=os.environ | {"COLUMNS": "140"}) as night:
            os.close(inside)
            shown = b""
            with suppress(OSError):  # the last message after reading
                while piece := os.read(terminal, 65536):
                    shown += piece
        os.close(terminal)
    assert night.returncode == 0
    amounts = set(re.findall(rb"pull api profiles .*?([0-9.]+ [kM]?B|[0-9]+ bytes)", shown))
    assert len(amounts) > 3, shown[-2000:]
