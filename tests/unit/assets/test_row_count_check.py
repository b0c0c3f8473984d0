"""Sources with a row count drop: rejected, reported, and accepted if the operator allows it."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import pytest

from assets.importing.import_report import import_report
from assets.importing.importing import NothingToPublishError
from assets.published import LOOKED_BACK
from assets.publishing import staleness
from pipelines import runs
from pipelines.build import build_defs
from pipelines.jobs import NIGHTLY
from schemas.config import sources_file
from tests.factories.published_home import DAYS, Home
from tests.factories.small_exports import DAY, Exports, Row, ndjson_bytes
from tests.faults import homes

POSTED, NEXT, THIRD = DAY - timedelta(9), DAY + timedelta(1), DAY + timedelta(2)


def exports(folder: Path, **keys: object) -> Exports:
    return Exports(folder).source("plain", "{date}.ndjson", platform="instagram", **keys)


def write(made: Exports, day: date, accounts: int, posts: int = 0) -> Exports:
    records: list[Row] = [{"profile_id": str(place), "followers": 2000} for place in range(accounts)]
    made.write(f"{day}.ndjson", ndjson_bytes(records))
    shown: list[Row] = [{"profile_id": "1", "post_id": str(place), "posted_at": str(POSTED)} for place in range(posts)]
    made.write(f"posts-{day}.ndjson", ndjson_bytes(shown))
    return made


def run(made: Exports, day: date, accounts: int) -> list[tuple[object, ...]]:
    return write(made, day, accounts).run(day).told("state", "landed", "accepted", "quarantined")


def test_row_count_drop_is_rejected_and_previous_rows_are_carried_forward(tmp_path: Path) -> None:
    made = exports(tmp_path)
    assert run(made, DAY, 100) == [("published", 100, 100, 0)]
    assert run(made, NEXT, 50) == [("row_count_drop", 50, 0, 50), ("carried_forward", 100, 100, 0)]
    assert made.tables(NEXT).report[0]["message"] == (
        f"50 profiles where {DAY} had 100, under the share of 0.6; look at what it sent, and pull it again with "
        "--force, or lower min_rows_share where so few are right"
    )


def test_rejected_pull_is_never_the_baseline(tmp_path: Path) -> None:
    made = exports(tmp_path, carry_days=1)
    run(made, DAY, 100)
    run(made, NEXT, 50)
    write(made, THIRD, 50)
    with pytest.raises(NothingToPublishError, match=f"plain: 50 profiles where {DAY} had 100, under the share of 0.6"):
        made.run(THIRD)


def test_accepted_row_count_drop_becomes_the_baseline(tmp_path: Path) -> None:
    made = exports(tmp_path)
    run(made, DAY, 100)
    run(made, NEXT, 50)
    lower = exports(tmp_path, min_rows_share=0)
    assert run(lower, NEXT, 50) == [("published", 50, 50, 0)]
    assert run(exports(tmp_path), THIRD, 45) == [("published", 45, 45, 0)]


@pytest.mark.parametrize("before, now", [(100, 60), (100, 1000), (19, 1)])
def test_small_changes_and_small_pulls_are_accepted(tmp_path: Path, before: int, now: int) -> None:
    made = exports(tmp_path)
    run(made, DAY, before)
    assert run(made, NEXT, now) == [("published", now, now, 0)]


def test_old_export_is_not_a_baseline(tmp_path: Path) -> None:
    made = exports(tmp_path)
    run(made, DAY, 100)
    assert run(made, DAY + timedelta(33), 40) == [("published", 40, 40, 0)]


def test_row_count_drop_of_a_required_source_fails_the_date(tmp_path: Path) -> None:
    made = exports(tmp_path, required=True)
    run(made, DAY, 100)
    write(made, NEXT, 20)
    with pytest.raises(
        NothingToPublishError, match=f"required source plain on {NEXT}: 20 profiles where {DAY} had 100"
    ):
        made.run(NEXT)


def test_row_count_drop_of_posts_is_reported(tmp_path: Path) -> None:
    made = write(exports(tmp_path, posts_url="posts-{date}.ndjson"), DAY, 20, posts=80)
    made.run(DAY)
    found = write(made, NEXT, 20, posts=20).run(NEXT)
    assert found.told("state", "records", "landed")[:2] == [
        ("row_count_drop", "profiles", 20),
        ("row_count_drop", "posts", 20),
    ]
    assert found.told("message")[1][0].startswith(f"20 posts where {DAY} had 80, under the share of 0.6; ")


@pytest.mark.proof
def test_date_outdated_by_a_ui_backfill_is_reported_and_revalidated(
    tmp_path: Path,
) -> None:
    home = Home(tmp_path)
    home.settings.sources_file.write_text("sources:\n- {name: plain, shape: smallvoices, url: '{date}.ndjson'}\n")
    loaded = sources_file.load(home.settings.sources_file)
    first, second = map(date.fromisoformat, DAYS[:2])
    for day in DAYS[:2]:
        homes.export(home, day, 1)
    shrunk = home.folder / f"{second}.ndjson"
    shrunk.write_text("".join(shrunk.read_text().splitlines(keepends=True)[:20]))

    def state() -> str:
        return str(import_report(home.settings, second)[0]["state"])

    assert runs.run_dates(home.settings, loaded, [second], force=False, log_level="CRITICAL").succeeded
    job = build_defs(home.settings, loaded).resolve_job_def(NIGHTLY)
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(partition_key=str(first), instance=instance)
    assert state() == "published"
    (check,) = [each for each in done.get_asset_check_evaluations() if each.check_name == LOOKED_BACK]
    assert not check.passed
    cause = "their row counts were compared with another pull than the newest one before them"
    assert f"{second}: {cause}; run `smallvoices backfill --from {second} --to {second}`" in str(check.description)
    assert cause in {found.cause for found in staleness.find(home.settings, loaded)}

    assert runs.run_dates(home.settings, loaded, [first], force=False, log_level="CRITICAL").succeeded
    assert state() == "row_count_drop"
    assert staleness.find(home.settings, loaded) == []


@pytest.mark.proof
def test_date_imported_before_its_baseline_is_revalidated(tmp_path: Path) -> None:
    def landed(folder: str, *order: Sequence[str]) -> str:
        home = Home(tmp_path / folder)
        home.folder.mkdir()
        home.settings.sources_file.write_text("sources:\n- {name: plain, shape: smallvoices, url: '{date}.ndjson'}\n")
        for number, day in enumerate(DAYS):
            homes.export(home, day, number + 1)
        shrunk = home.folder / f"{DAYS[1]}.ndjson"
        shrunk.write_text("".join(shrunk.read_text().splitlines(keepends=True)[:20]))
        for together in order:
            done = runs.run_dates(
                home.settings, sources_file.load(home.settings.sources_file), [date.fromisoformat(day) for day in together],
                force=False, log_level="CRITICAL",
            )  # fmt: skip
            assert done.succeeded, done.error
        return str(home.manifest["content_hash"])

    assert landed("in_order", DAYS) == landed("in_another", DAYS[1:], DAYS[:1])
