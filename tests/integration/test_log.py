"""The log of a run: one line per event, as text or as JSON, for any content."""

import json
import logging
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.build import build_defs
from pipelines.instance import home_instance, log, log_line
from pipelines.instance.terminal import printable
from pipelines.jobs import NIGHTLY
from schemas.config.sources_file import load
from schemas.settings import Settings
from tests.factories.command import Command

_HOSTILE = "\x1b[31mred\x07\x9b2J\u202egnp.exe\u2028next\r\nWARNING forged: line"
_SOURCES = (
    f"sources: [{{name: plain, shape: smallvoices, required: true, url: {json.dumps(_HOSTILE + '-{date}.csv')}}}]"
)


def _does_something(text: str) -> list[str]:
    """Returns the characters of a text that are not part of a line."""
    return [
        each for each in text if unicodedata.category(each) in ("Cc", "Zl", "Zp", "Cs") or each in "\u202e\u2066\u2069"
    ]


def test_json_log_has_one_object_per_line_including_errors(smallvoices: Command, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    night = smallvoices.process("nightly", "--date", "2026-10-31", "--json", SMALLVOICES_LOG="json")
    assert night.code == 1
    lines = [json.loads(line) for line in night.err.splitlines()]
    assert {tuple(line) for line in lines} == {("time", "level", "run", "source", "step", "message")}
    (landed,) = [line for line in lines if line["step"] == "landing" and line["level"] == "WARNING"]
    assert landed["source"] == "plain"
    assert len(landed["run"]) == 36
    assert "\x1b[31mred" in landed["message"]
    *_, last = lines
    assert (last["level"], last["step"], last["run"]) == ("ERROR", "command", landed["run"])
    assert last["message"].startswith("required source plain has nothing for 2026-10-31: no file ")
    assert _does_something(night.err.replace("\n", "")) == []


def test_foreign_text_in_a_log_does_not_control_the_terminal(smallvoices: Command, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    night = smallvoices("nightly", "--date", "2026-10-31")
    assert night.code == 1
    assert "WARNING landing: plain 2026-10-31: failed: no file " in night.err
    assert "\\x1b[31mred\\x07\\x9b2J\\u202egnp.exe" in night.err
    assert [line for line in night.err.splitlines() if line.startswith("WARNING forged")] == []
    assert _does_something(night.err.replace("\n", "")) == []


def test_usage_error_is_a_json_line(smallvoices: Command, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: []", encoding="utf-8")
    wrong = smallvoices("nightly", SMALLVOICES_LOG="json")
    assert wrong.code == 2
    assert json.loads(wrong.err)["message"].endswith("sources.yaml:1: sources: must be a list of at least one source")


def test_scheduled_run_logs_in_the_same_format(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sources.yaml").write_text(_SOURCES, encoding="utf-8")
    settings = Settings(home=tmp_path / "home", sources_file=tmp_path / "sources.yaml", log="json")
    defs = build_defs(settings, load(settings.sources_file))
    at = datetime(2026, 11, 1, 2, tzinfo=UTC)
    repository = defs.get_repository_def()
    context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=repository)
    (asked,) = repository.get_schedule_def("nightly_schedule").evaluate_tick(context).run_requests or []
    with home_instance.open_instance(settings) as instance:
        night = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance, partition_key=asked.partition_key, run_config=asked.run_config, raise_on_error=False
        )
    assert not night.success
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["source"] for line in lines if line["step"] == "landing" and line["level"] == "WARNING"] == ["plain"]


@given(st.text())
def test_log_entry_is_one_line_and_round_trips(text: str) -> None:
    assert _does_something(printable(text)) == []
    line = log_line.as_json("INFO", text, at=0.0)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == text
    record = logging.LogRecord("x", logging.INFO, "x", 1, text, (), None)
    assert len(log._Lines("text").format(record).splitlines()) == 1  # noqa: SLF001 - as the handler does
