"""Retained data for any dates, tables and pulls of a home, of any age."""

import json
import os
import tempfile
import time
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from assets.landing import store
from assets.storage import lookback
from assets.storage.lake import Lake
from pipelines.instance import retention
from schemas.settings import Settings

NEWEST = date(2026, 10, 31)
TABLES = ("ranking", "engagement", "profiles", "import_report", "quarantine", "history", "handle_changes")
# In days: distance to the newest date, and time since it was written.
AGES = st.sampled_from((0, 1, 29, 30, 39, 40, 60, 89, 90, 91, 100, 121, 122, 123, 150))
LAKE = st.dictionaries(AGES, st.dictionaries(st.sampled_from(TABLES), AGES, min_size=1), max_size=12)
PULLS = st.dictionaries(st.tuples(st.sampled_from("ab"), AGES), st.tuples(st.booleans(), AGES), max_size=12)


def _write(home: Settings, tables: dict[int, dict[str, int]], rests_on: int) -> None:
    """Writes tables of a lake with the given ages; the newest date uses data landed so many days before it."""
    for age, names in tables.items():
        for name, written_ago in names.items():
            path = Lake(home.lake).path(name, NEWEST - timedelta(age))
            path.parent.mkdir(parents=True)
            pl.DataFrame({"landed_date": [NEWEST - timedelta(rests_on)]}).write_parquet(path)
            _age(path, written_ago)


def _land(home: Settings, pulls: dict[tuple[str, int], tuple[bool, int]]) -> None:
    for (source, age), (is_complete, written_ago) in pulls.items():
        place = home.landing / source / str(NEWEST - timedelta(age))
        (place / "manifests").mkdir(parents=True)
        state: store.State = "complete" if is_complete else "failed"
        pull = store.Manifest(source, place.name, 1, state, "", "2026-11-01T00:00:00+00:00", "", ())
        (place / "manifests/0001.json").write_text(json.dumps(asdict(pull)), encoding="utf-8")
        for path in (place / "manifests", place):
            _age(path, written_ago)


def _age(path: Path, days: int) -> None:
    then = time.time() - days * 86_400 - 60
    os.utime(path, (then, then))


@given(tables=LAKE, pulls=PULLS, rests_on=AGES)
def test_required_data_of_any_home_is_kept(
    tables: dict[int, dict[str, int]], pulls: dict[tuple[str, int], tuple[bool, int]], rests_on: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Settings(home=Path(folder), sources_file=Path(folder), keep_lake_days=90, keep_landing_days=40)
        lake = Lake(home.lake)
        _write(home, tables | {0: dict.fromkeys(TABLES, 0)}, rests_on)
        _land(home, pulls)
        before = {table: lake.dates(table) for table in TABLES}

        assert retention.remove(home, None, retention.removable(home, None)) == []
        assert retention.removable(home, None) == []

        assert [table for table in TABLES if NEWEST not in lake.dates(table)] == []
        assert lake.dates("handle_changes") == before["handle_changes"]
        lost = {*before["history"]} - {*lake.dates("history")} - {*before["handle_changes"]}
        assert lost == set()  # no handle change is deleted before its extraction
        for table, fewest in {"ranking": 90, "engagement": 90, "profiles": 90, "quarantine": 30}.items():
            gone = {*before[table]} - {*lake.dates(table)}
            assert [day for day in gone if (NEWEST - day).days < fewest] == []
        for age, names in tables.items():
            kept = {
                name: written_ago for name, written_ago in names.items() if name not in ("quarantine", "handle_changes")
            }
            if min(kept.values(), default=90) < 90:
                assert [name for name in kept if NEWEST - timedelta(age) not in lake.dates(name)] == []
            if names.get("quarantine", 30) < 30:
                assert NEWEST - timedelta(age) in lake.dates("quarantine")
        for day in lake.dates("ranking"):
            seen = [each for each in before["profiles"] if lookback.sees(day, [each])]
            assert [each for each in seen if each not in lake.dates("profiles")] == []
        for source in "ab":
            complete = [age for (of, age), (is_complete, _) in pulls.items() if of == source and is_complete]
            for age, (_, written_ago) in ((age, pulls[of, age]) for of, age in pulls if of == source):
                if age == min(complete, default=None) or age == rests_on or age < 40 or written_ago < 40:
                    assert store.pulls(home.landing, source, NEWEST - timedelta(age))
                else:
                    assert not (home.landing / source / str(NEWEST - timedelta(age))).exists()
