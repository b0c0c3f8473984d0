"""The table that grows by a day a night: whatever nights came before, it says what one built anew says."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import kept_days
from schemas.validation import ContractError

FIRST = date(2026, 10, 1)
KEPT = "kept.duckdb"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as opened:
        yield opened


def days_of(states: Mapping[int, int]) -> kept_days.Days:
    """Two ranked accounts a day; what they score tells the state of the day's lake file."""
    rows = " UNION ALL ".join(
        f"SELECT DATE '{FIRST + timedelta(day)}' AS snapshot_date, {rank} AS rank, {score} + {rank} AS score"
        for day, score in states.items()
        for rank in (2, 1)
    )
    made_from = {FIRST + timedelta(day): f"file-{score}" for day, score in sorted(states.items())}
    return kept_days.Days(f"SELECT * FROM ({rows}) ORDER BY snapshot_date, rank", made_from)


def published(
    connection: duckdb.DuckDBPyConnection, folder: Path, states: Mapping[int, int]
) -> list[tuple[date, int, int]]:
    """What a generation's file says, in the order it lies there."""
    path = folder / "generation.duckdb"
    path.unlink(missing_ok=True)
    kept_days.begin(connection, folder / KEPT, path, {"rank_history": days_of(states)}, "v1.0.0")
    connection.execute("DETACH pub")
    with duckdb.connect(str(path), read_only=True) as readers:
        assert readers.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("rank_history",)]
        return readers.execute("SELECT * FROM rank_history").fetchall()


def anew(states: Mapping[int, int]) -> list[tuple[date, int, int]]:
    return [(FIRST + timedelta(day), rank, states[day] + rank) for day in sorted(states) for rank in (1, 2)]


@pytest.mark.parametrize(
    "after, is_grown",
    [
        ({1: 10, 2: 20, 3: 30, 4: 40}, True),
        ({2: 20, 3: 30, 4: 40, 5: 50}, True),
        ({1: 10, 2: 20, 3: 30}, True),
        ({1: 10, 2: 21, 3: 30, 4: 40}, False),
        ({0: 5, 1: 10, 2: 20, 3: 30}, False),
        ({1: 10, 3: 30, 4: 40}, False),
        ({7: 70}, False),
    ],
    ids=["a night", "the window moves", "a rerun", "changed", "an older date", "a date gone", "nothing stays"],
)  # fmt: skip
def test_a_night_adds_its_day_and_any_other_change_builds_all_anew(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, after: dict[int, int], *, is_grown: bool
) -> None:
    published(connection, tmp_path, {1: 10, 2: 20, 3: 30})
    before = (tmp_path / KEPT).stat().st_ino
    hold = (tmp_path / KEPT).open("rb")  # so that no new file gets its number
    with hold:
        assert published(connection, tmp_path, after) == anew(after)
        assert ((tmp_path / KEPT).stat().st_ino == before) is is_grown


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.integers(0, 6), st.sampled_from([10, 20]), min_size=1, max_size=6), min_size=1, max_size=5
    )
)
def test_whatever_came_before_it_says_what_one_built_anew_says(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, nights: list[dict[int, int]]
) -> None:
    for states in nights:
        assert published(connection, tmp_path, states) == anew(states)


@pytest.mark.parametrize("damage", [b"", b"no database at all", b"\0" * 20_000], ids=["empty", "text", "zeros"])
def test_a_damaged_file_is_built_anew(connection: duckdb.DuckDBPyConnection, tmp_path: Path, damage: bytes) -> None:
    published(connection, tmp_path, {1: 10})
    (tmp_path / KEPT).write_bytes(damage)
    assert published(connection, tmp_path, {1: 10, 2: 20}) == anew({1: 10, 2: 20})


def test_a_table_that_cannot_be_built_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    days = kept_days.Days("SELECT DATE '2026-10-01' AS snapshot_date, CAST('many' AS INTEGER) AS rank", {FIRST: "file"})
    with pytest.raises(ContractError, match="rank_history: Conversion Error"):
        kept_days.begin(connection, tmp_path / KEPT, tmp_path / "generation.duckdb", {"rank_history": days}, "v1.0.0")
    assert not (tmp_path / "generation.duckdb").exists()
    assert connection.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall() == [
        ("memory",)
    ]
