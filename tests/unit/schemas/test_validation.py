"""Validation of rows: rejects exactly the rows that pandera rejects, with less work for valid batches."""

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors
from pandera.polars import DataFrameModel

from schemas.describe import polars_schema
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.published import Accounts, RankHistory
from schemas.validation import validate

_CELLS: dict[Any, st.SearchStrategy[Any]] = {
    pl.Int64: st.sampled_from([0, 1, 7, -1, -9_000_000_000_000_000, 2**53 + 1]),
    pl.Int32: st.sampled_from([0, 1, -1]),
    pl.Float64: st.sampled_from([0.0, 0.5, 1.0, 100.0, -0.5, 1e300, float("nan"), float("inf")]),
    pl.String: st.sampled_from(["instagram", "a", "", "1.23457E+17", "x" * 5000, "micro", "a@b.example"]),
    pl.Boolean: st.booleans(),
    pl.Date: st.sampled_from([date(2026, 10, 31), date(1, 1, 1), date(9999, 12, 31)]),
    pl.Datetime: st.sampled_from([datetime(2026, 10, 31, 12), datetime(1, 1, 1)]),  # noqa: DTZ001 - landed without zone
}


def _frames(model: type[DataFrameModel]) -> st.SearchStrategy[pl.DataFrame]:
    """Builds frames of a contract's columns and types, with arbitrary values."""
    schema = polars_schema(model)
    row = st.fixed_dictionaries({name: st.none() | _CELLS[kind.base_type()] for name, kind in schema.items()})
    return st.lists(row, min_size=1, max_size=4).map(lambda rows: pl.DataFrame(rows, schema=schema))


@pytest.mark.parametrize("model", [Posts, Profiles, Accounts, RankHistory])
def test_row_is_rejected_if_pandera_rejects_it(model: type[DataFrameModel]) -> None:
    @settings(max_examples=15)
    @given(_frames(model))
    def refused_alike(frame: pl.DataFrame) -> None:
        assert set(validate(model, frame)["index"]) == _refused_by_pandera(model, frame)

    refused_alike()


def _refused_by_pandera(model: type[DataFrameModel], frame: pl.DataFrame) -> set[int]:
    try:
        model.to_schema().validate(frame, lazy=True)
    except SchemaErrors as errors:
        return set(errors.failure_cases["index"])
    return set()


@given(st.data())
def test_single_invalid_cell_is_found(data: st.DataObject) -> None:
    good = {
        "snapshot_date": date(2026, 10, 31), "platform": "instagram", "profile_id": "1", "rank": 1, "score": 50.0,
        "followers": 2_000, "engagement_estimate": 0.05,
    }  # fmt: skip
    bad = {"platform": "myspace", "profile_id": None, "rank": 0, "score": 100.5, "followers": -1}
    field = data.draw(st.sampled_from(sorted(bad)))
    frame = pl.DataFrame([good, good | {field: bad[field]}, good], schema=polars_schema(RankHistory))
    assert validate(RankHistory, frame.head(1)).is_empty()
    assert validate(RankHistory, frame).select("index", "field").rows() == [(1, field)]
