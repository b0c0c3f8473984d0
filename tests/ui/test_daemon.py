"""Dagster's own daemon on the pipeline: backfills launched from the UI, sensors, the schedule."""

import json
import subprocess

import pytest

from tests.ui.live_dagster import DAYS, MISSING, SMALLVOICES, Again, Backfilled, LiveDagster, Whole, published

pytestmark = pytest.mark.live

DAILY = {
    "authenticity", "benchmarks", "creators", "engagement", "estimates", "handle_changes", "history", "import_report", "landed_agency",
    "landed_scraper", "landed_tiktok_team", "baselines", "posts", "priors", "profiles", "quarantine", "ranking", "segments",
    "topics",
}  # fmt: skip


def test_backfill_from_asset_graph_runs_once_and_publishes_once(
    backfilled: Backfilled,
) -> None:
    assert backfilled.ended["status"] == "COMPLETED_SUCCESS"
    runs = backfilled.ended["runs"]
    assert {run["status"] for run in runs} == {"SUCCESS"}
    assert [sorted(key["path"][-1] for key in run["assetSelection"]) for run in runs] == [
        sorted(DAILY),
        ["pruned", "published", "report"],
    ]


def test_backfill_materializes_only_the_selected_dates(backfilled: Backfilled) -> None:
    whole_range = [{"status": "MATERIALIZED", "startKey": DAYS[0], "endKey": DAYS[-1]}]
    found = {
        asset["assetKey"]["path"][-1]: asset["assetPartitionStatuses"].get("ranges")
        for asset in backfilled.assets
        if asset["isPartitioned"]
    }
    assert found == dict.fromkeys(DAILY, whole_range)


def test_backfill_publishes_newest_date_and_rank_history_of_all_dates(backfilled: Backfilled) -> None:
    assert (backfilled.published.snapshot_date, backfilled.published.dates) == (DAYS[-1], len(DAYS))


def test_missing_export_fails_its_check_with_a_remedy_but_not_the_run(
    backfilled: Backfilled, live: LiveDagster
) -> None:
    source, day = MISSING
    assert not backfilled.pulled["success"]
    assert backfilled.pulled["description"] == (
        f"{day}: no file {live.samples}/{source}/{day}.csv; put the export there, or correct the url in sources.yaml"
    )
    assert backfilled.published.sources == {
        "agency": "carried_forward",
        "scraper": "published",
        "tiktok_team": "published",
    }


def test_late_export_gives_the_same_rows_as_a_punctual_one(repaired: str, live: LiveDagster, whole: Whole) -> None:
    assert repaired == "Success"
    assert live.pulled(MISSING[0]) == {"success": True, "severity": "WARN", "description": "The export arrived."}
    assert published(live.home) == whole.published()


@pytest.mark.proof
def test_backfill_of_existing_dates_changes_no_row(again: Again, live: LiveDagster) -> None:
    assert live.ended(again.backfill, seconds=300)["status"] == "COMPLETED_SUCCESS"
    assert published(live.home) == again.before


def test_doctor_detects_the_daemon_and_its_schedule(live: LiveDagster) -> None:
    command = [str(SMALLVOICES), "doctor", "--json", "--home", str(live.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    (line,) = [line for line in json.loads(done.stdout) if line["check"] == "schedule"]
    assert (line["level"], line["remedy"]) == ("ok", "")
