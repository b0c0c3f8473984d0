"""Features of earlier snapshots: growth over missing, late and carried-forward days, previous handles, stale dates."""

from datetime import date, timedelta

import polars as pl
import pytest

from assets.metrics.computing import compute, reference
from assets.publishing.staleness import Stale
from assets.storage import lookback
from assets.storage.lake import Lake
from schemas.describe import polars_schema
from schemas.history import History
from schemas.import_report import ImportReport
from schemas.profiles import Profiles
from schemas.settings import Settings
from tests.factories.invented_accounts import DAY, Row, night, profile


def before(row: Row, days: int, **cells: object) -> Row:
    """Builds the same account in the snapshot of so many days before."""
    return row | {"snapshot_date": DAY - timedelta(days=days)} | cells


def history(settings: Settings, today: Row, *earlier: Row) -> Row | None:
    return night(settings, [today], [], list(earlier))["history"].get(today["profile_id"])


TODAY = profile("a", 3000, following=10)


@pytest.mark.parametrize(
    "days,week,month",
    [
        ({7: 1500, 30: 1000}, 1.0, 2.0),
        ({5: 1500, 9: 1000}, 2.0, None),  # both two days off: the earlier counts
        ({6: 1500, 9: 1000}, 1.0, None),
        ({4: 1500, 10: 1000, 27: 1, 33: 1}, None, None),
        ({7: 0}, None, None),
    ],
)
def test_growth_is_over_the_nearest_snapshot_within_two_days(
    settings: Settings, days: dict[int, int], week: float | None, month: float | None
) -> None:
    row = history(settings, TODAY, *(before(TODAY, each, followers=followers) for each, followers in days.items()))
    assert row is not None
    assert (row["followers_growth_7d"], row["followers_growth_30d"]) == (week, month)


def test_account_without_earlier_snapshots_has_no_history(settings: Settings) -> None:
    assert history(settings, TODAY) is None
    assert history(settings, TODAY, before(profile("b", 5), 7)) is None
    assert history(settings, TODAY, before(TODAY, 7, data_age_days=3)) is None  # that day's row was an older one


def test_growth_of_a_carried_forward_row_ends_at_its_landing_date(settings: Settings) -> None:
    carried = TODAY | {"data_age_days": 3}
    row = history(settings, carried, before(TODAY, 10, followers=1500), before(TODAY, 3), before(TODAY, 2, followers=9))
    assert row is not None
    assert row["followers_growth_7d"] == 1.0
    assert row["earlier_snapshots"] == 1


def test_change_of_source_is_not_a_follower_spike(settings: Settings) -> None:
    other = [before(TODAY, days, followers=1000 + days, source="other") for days in (9, 8, 6, 4)]
    row = history(settings, TODAY, *other)
    assert row is not None
    assert row["max_daily_growth"] < 0.01


def test_previous_handle_is_kept(settings: Settings) -> None:
    row = history(settings, TODAY, before(TODAY, 3, handle="was_a"), before(TODAY, 9, handle="earlier_still"))
    assert row is not None
    assert row["previous_handle"] == "was_a"
    same = history(settings, TODAY, before(TODAY, 3), before(TODAY, 9, handle="earlier_still"))
    assert same is not None
    assert same["previous_handle"] is None


def land(settings: Settings, day: date, followers: int) -> None:
    """Writes profiles of a date to the lake, as an import does."""
    lake = Lake(settings.lake)
    row = profile("a", followers) | {"snapshot_date": day}
    lake.write(
        "profiles", day, "run", pl.DataFrame([row], schema=polars_schema(Profiles)).with_columns(bucket=pl.lit(0))
    )
    counts = dict.fromkeys(("landed", "accepted", "landed_bytes"), 1)
    counts |= {"quarantined": 0, "deduplicated": 0, "erased": 0}
    report = {
        "snapshot_date": day,
        "source": "s",
        "state": "published",
        "records": "profiles",
        "content": str(followers),
    }
    lake.write("import_report", day, "run", pl.DataFrame([report | counts], schema=polars_schema(ImportReport)))


def look_back(settings: Settings, day: date) -> list[Row]:
    lake = Lake(settings.lake)
    back = lookback.of(lake, day)
    inputs = {"profiles": lake.path("profiles", day), "tiers": reference("tiers"), **back.inputs}
    compute(settings, "history", History, inputs, day, "run", notes=back.notes)
    # Only ranked dates can be stale; the existence of the ranking is enough.
    lake.write("ranking", day, "run", pl.DataFrame({"rank": [1]}))
    return pl.read_parquet(lake.path("history", day), hive_partitioning=False).to_dicts()


def test_late_landing_marks_dependent_dates_as_stale_until_recomputed(
    settings: Settings,
) -> None:
    lake = Lake(settings.lake)
    days = [DAY - timedelta(days=each) for each in (40, 2, 0)]
    for day in days:
        land(settings, day, 3000)
        look_back(settings, day)
    assert lookback.stale(lake) == []
    late = DAY - timedelta(days=7)
    land(settings, late, 1500)
    assert lookback.stale(lake) == days[1:]  # the date before it is unrelated
    assert f"--from {days[1]} --to {days[2]}" in Stale(lookback.stale(lake), "").remedy
    for day in (late, *days[1:]):
        rows = look_back(settings, day)
    assert rows[0]["followers_growth_7d"] == 1.0
    assert lookback.stale(lake) == []
    land(settings, late, 1500)  # the same bytes again change nothing
    assert lookback.stale(lake) == []
    land(settings, late, 2000)
    assert lookback.stale(lake) == days[1:]
