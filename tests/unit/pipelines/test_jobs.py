"""Due times of snapshot dates, and the freshness checks."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines import jobs
from schemas.settings import Settings

KEY = dg.AssetKey("landed_plain")


def settings(cron: str) -> Settings:
    return Settings(home=Path("home"), sources_file=Path("sources.yaml"), nightly_cron=cron)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "cron, now, expected",
    [
        ("0 2 * * *", "2026-11-04 07:59", "2026-11-02"),
        ("0 2 * * *", "2026-11-04 08:00", "2026-11-03"),
        ("off", "2026-11-04 08:00", "2026-11-03"),
        # In the evening: for the day before, and due after midnight.
        ("0 20 * * *", "2026-11-04 12:00", "2026-11-02"),
        ("0 20 * * *", "2026-11-05 01:59", "2026-11-02"),
        ("0 20 * * *", "2026-11-05 02:00", "2026-11-03"),
        # On Mondays: 2 and 9 November.
        ("0 2 * * MON", "2026-11-02 08:00", "2026-11-01"),
        ("0 2 * * MON", "2026-11-08 23:00", "2026-11-01"),
        ("0 2 * * MON", "2026-11-09 07:59", "2026-11-01"),
        ("0 2 * * MON", "2026-11-09 08:00", "2026-11-08"),
        ("30 1 1 * *", "2026-11-30 12:00", "2026-10-31"),
    ],
)
def test_due_date_follows_the_schedule(cron: str, now: str, expected: str) -> None:
    found = jobs.due(settings(cron), at(now))
    assert found.date == date.fromisoformat(expected)
    assert found.since <= at(now) < found.until


def test_next_date_is_due_after_the_next_scheduled_run() -> None:
    found = jobs.due(settings("0 20 * * FRI"), at("2026-11-04 12:00"))
    assert found == jobs.Due(date(2026, 10, 29), at("2026-10-31 02:00"), at("2026-11-07 02:00"))


@pytest.mark.parametrize("days", [[], ["2016-01-02"], ["2016-01-02", "due"]])
def test_freshness_check_expects_the_due_date(days: list[str]) -> None:
    weekly = settings("0 20 * * MON")
    expected = jobs.due(weekly, datetime.now(tz=UTC))
    checks, _ = jobs.freshness(weekly, [KEY])
    partitions = jobs.snapshot_dates(weekly)

    @dg.asset(key=KEY, partitions_def=partitions)
    def landed() -> None:
        return None

    with dg.DagsterInstance.ephemeral() as instance:
        for day in days:
            key = str(expected.date) if day == "due" else day
            assert dg.materialize([landed], partition_key=key, instance=instance).success
        job = dg.define_asset_job("freshness", selection=dg.AssetSelection.checks(checks))
        defs = dg.Definitions(assets=[landed], asset_checks=[checks], jobs=[job])
        (found,) = defs.resolve_job_def("freshness").execute_in_process(instance=instance).get_asset_check_evaluations()
    assert found.passed == ("due" in days)
    until = [entry.value for entry in found.metadata.values()]
    assert until == ([expected.until.timestamp()] if found.passed else [])
