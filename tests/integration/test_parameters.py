"""The parameters of each date: recorded, published, and compared with the configured ones."""

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
import pytest

from assets.metrics import explain, parameters
from assets.publishing import staleness
from assets.storage.lake import Lake, TableWriter
from pipelines import runs
from pipelines.doctor.checks import examine
from schemas.config import sources_file
from schemas.config.source import Metrics
from schemas.settings import Settings
from tests.factories.published_home import DAYS, SOURCES, Home

DAY = date.fromisoformat(DAYS[-1])
OTHER = Metrics(window_days=30, interval_z=1.96)


def rank(home: Home, *days: str) -> None:
    loaded = sources_file.load(home.settings.sources_file)
    done = runs.run_dates(home.settings, loaded, list(map(date.fromisoformat, days)), force=False, log_level="CRITICAL")
    assert done.succeeded, done.error


def published(home: Home) -> tuple[object, ...]:
    (row,) = home.query("SELECT window_days, settle_days, sample_posts, interval_z FROM parameters")
    return row


def comparable(home: Home) -> Sequence[tuple[object, ...]]:
    return home.query("SELECT DISTINCT snapshot_date::VARCHAR, same_parameters FROM rank_history ORDER BY 1")


@pytest.mark.proof
def test_changed_parameter_marks_earlier_dates_as_stale(home: Home) -> None:
    before = home.publish().content_hash
    assert published(home) == (90, 2, 12, 1.28)
    assert comparable(home) == [(day, True) for day in DAYS]
    home.settings.sources_file.write_text(f"{SOURCES}metrics: {{window_days: 30, interval_z: 1.96}}\n")
    loaded = sources_file.load(home.settings.sources_file)

    assert home.publish().content_hash == before  # nothing has been computed with it yet
    (finding,) = [each for each in examine(home.settings) if each.check == "stale dates"]
    assert (finding.level, finding.said) == (
        "warning",
        f"{', '.join(DAYS)}: computed with other metrics than those of sources.yaml",
    )
    assert finding.remedy.startswith(f"smallvoices backfill --from {DAYS[0]} --to {DAYS[-1]}")

    rank(home, DAYS[-1])
    assert published(home) == (30, 2, 12, 1.96)
    assert comparable(home) == [(DAYS[0], False), (DAYS[1], False), (DAYS[2], True)]
    assert [list(map(str, found.days)) for found in staleness.find(home.settings, loaded)] == [list(DAYS[:2])]
    earlier = explain.explain(home.settings, loaded, "instagram", "0001", DAY - timedelta(days=1))
    newest = explain.explain(home.settings, loaded, "instagram", "0001")
    assert (earlier.settled, newest.settled) == ((2, 90), (2, 30))

    rank(home, *DAYS)
    assert comparable(home) == [(day, True) for day in DAYS]
    assert staleness.find(home.settings, loaded) == []


def test_dates_without_recorded_parameters_are_published_as_not_recorded(home: Home) -> None:
    for day in DAYS:
        home.rewrite(day)  # without its notes
    home.publish()
    assert published(home) == (None, None, None, None)
    assert comparable(home) == [(DAYS[0], None), (DAYS[1], None), (DAYS[2], True)]
    loaded = sources_file.load(home.settings.sources_file)
    assert staleness.of_parameters(home.settings, loaded) == []


def test_every_table_that_depends_on_parameters_records_them(home: Home) -> None:
    lake = Lake(home.settings.lake)
    noted = {table: parameters._of_table(lake, table, DAY) for table in lake.tables()}  # noqa: SLF001 - what is noted
    ratios = {"window_days": 90, "settle_days": 2, "sample_posts": 12}
    every = {**ratios, "interval_z": 1.28}
    assert {table: found for table, found in noted.items() if found} == {
        **dict.fromkeys(("engagement", "priors", "benchmarks", "baselines"), ratios),
        **dict.fromkeys(("estimates", "authenticity", "ranking", "segments"), every),
    }


@pytest.mark.parametrize(
    "upstream,expected",
    [
        ({"engagement": Metrics()}, {"window_days": 90, "settle_days": 2, "sample_posts": 12, "interval_z": 1.28}),
        ({"engagement": OTHER}, {"window_days": 30, "settle_days": 2, "sample_posts": 12, "interval_z": 1.28}),
    ],
)
def test_table_records_the_parameters_of_its_inputs(
    settings: Settings, upstream: dict[str, Metrics], expected: dict[str, float]
) -> None:
    lake = Lake(settings.lake)
    for table, metrics in upstream.items():
        write(lake, table, (), metrics)
    write(lake, "estimates", tuple(upstream), Metrics())
    write(lake, "ranking", ("estimates",), Metrics())
    assert parameters.of(lake, DAY) == expected
    write(lake, "engagement", (), Metrics(window_days=7))
    write(lake, "ranking", ("engagement", "estimates"), Metrics())
    assert parameters.of(lake, DAY)["window_days"] is None  # two different values
    assert parameters.stale(lake, Metrics()) == [DAY]
    assert parameters.are_the_same(parameters.of(lake, DAY), parameters.of(lake, DAY)) is False


def write(lake: Lake, table: str, upstream: Sequence[str], metrics: Metrics) -> None:
    """Writes a table that holds only the note of its parameters."""
    notes = parameters.notes(lake, table, upstream, DAY, metrics)
    with lake.replacing(table, DAY, "run") as path, TableWriter(path, pl.Schema({"rank": pl.Int64()}), notes):
        pass
