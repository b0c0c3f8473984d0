"""Dates whose lake files have other columns than their contracts were written by another release."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.storage import outdated
from assets.storage.lake import Lake
from schemas.describe import polars_schema
from schemas.lake_tables import COMPUTED, IMPORTED

DAY, NEXT = date(2026, 10, 30), date(2026, 10, 31)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Returns two dates with every table, as this release writes them."""
    lake = Lake(tmp_path)
    for name, model in {**IMPORTED, **COMPUTED}.items():
        for day in (DAY, NEXT):
            lake.write(name, day, "a-run", pl.DataFrame(schema=polars_schema(model)))
    return lake


def rewrite(lake: Lake, table: str, *added: pl.Expr, without: str = "") -> None:
    """Writes a table of the first date with other columns."""
    frame = pl.read_parquet(lake.path(table, DAY)).with_columns(*added)
    lake.write(table, DAY, "a-run", frame.drop(without) if without else frame)


def test_dates_with_the_columns_of_their_contracts_are_current(lake: Lake) -> None:
    assert outdated.dates(lake) == []
    rewrite(lake, "posts", pl.lit(3, dtype=pl.UInt8).alias("bucket"))
    assert outdated.dates(lake) == []


@pytest.mark.parametrize("table", ["profiles", "import_report", "priors", "ranking"])
def test_table_with_different_columns_is_from_another_release(lake: Lake, table: str) -> None:
    first = next(iter(pl.read_parquet_schema(lake.path(table, DAY))))
    for added, without in [([pl.lit(1).alias("new")], ""), ([], first), ([pl.lit(1.5).alias(first)], "")]:
        before = lake.path(table, DAY).read_bytes()
        rewrite(lake, table, *added, without=without)
        assert outdated.dates(lake) == [DAY]
        lake.path(table, DAY).write_bytes(before)
    assert outdated.dates(lake) == []


def test_date_with_a_missing_table_is_current(lake: Lake) -> None:
    for table in ("quarantine", "segments"):
        lake.path(table, DAY).unlink()
    assert outdated.dates(lake) == []
