"""Computation of one table of a date: runs its SQL file over other tables and checks the rows against the contract.

Belongs here: the one way from SQL to a committed table. Does not: the meaning of a table, or Dagster.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl
from pandera.polars import DataFrameModel

from assets.sql import read_sql
from assets.storage import batches, home_lock, progress
from assets.storage.engine import Input, stream_sql
from assets.storage.lake import Lake, TableWriter
from schemas.config.source import Metrics
from schemas.describe import polars_schema
from schemas.reference_data import csv_path
from schemas.segments import DIMENSIONS
from schemas.settings import Settings
from schemas.validation import ContractError, broken, validate


def reference(name: str) -> pl.DataFrame:
    """Reads a table of reference data: schemas/<name>.csv."""
    return pl.read_csv(csv_path(name), infer_schema_length=None)


def parameters(metrics: Metrics) -> pl.DataFrame:
    """Returns the configured metrics as the one-row table that SQL files read."""
    return pl.DataFrame([metrics.model_dump()])


def dimensions(combinations: Sequence[Sequence[str]]) -> pl.DataFrame:
    """Returns the segment dimensions as `segments.sql` reads them: single columns, and the configured combinations."""
    cuts = [(name,) for name in DIMENSIONS if name != "tier"] + [tuple(each) for each in combinations]
    rows = [{"dimension": "+".join(cut)} | {f"by_{name}": name in cut for name in DIMENSIONS} for cut in cuts]
    return pl.DataFrame(rows)


def compute(
    settings: Settings,
    table: str,
    model: type[DataFrameModel],
    inputs: dict[str, Input],
    snapshot_date: date,
    run_id: str,
    *,
    by_bucket: Sequence[str] = (),
    notes: Mapping[str, str] | None = None,
) -> int:
    """Runs `<table>.sql`, checks every row against its contract, and replaces the table of that date.

    Args:
        settings: Settings of the home.
        table: Name of the table and of its SQL file.
        model: Its contract.
        inputs: See `assets.storage.engine.stream_sql`.
        snapshot_date: The date.
        run_id: Distinguishes concurrent runs.
        by_bucket: See `assets.storage.engine.stream_sql`.
        notes: See `assets.storage.lake.TableWriter`.

    Returns:
        Rows written.

    Raises:
        ContractError: A row breaks the contract; the table of that date stays as it was.
    """
    schema = polars_schema(model)
    rows = 0
    lake = Lake(settings.lake)
    with (
        home_lock.adding(settings),
        lake.replacing(table, snapshot_date, run_id) as path,
        TableWriter(path, schema, notes) as writer,
    ):
        for batch in batches.of_rows(stream_sql(settings, read_sql(table), inputs, by_bucket=by_bucket)):
            frame = _conforming(batch, schema, model)
            writer.write(frame)
            rows += frame.height
            progress.report(table, rows)
    return rows


def _conforming(frame: pl.DataFrame, schema: pl.Schema, model: type[DataFrameModel]) -> pl.DataFrame:
    """Returns the frame with its columns in the contract's order, after checking every row."""
    if set(frame.columns) != set(schema):
        raise ContractError(
            f"{model.__name__}: columns differ from the contract: {sorted(set(frame.columns) ^ set(schema))}"
        )
    frame = frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    failures = validate(model, frame)
    if failures.height:
        raise broken(model.__name__, frame, failures)
    return frame
