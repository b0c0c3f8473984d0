"""A table of a date, computed by its SQL file from other tables and held to its contract.

Belongs here: the one way from SQL to a committed table. Does not: what a table means, or Dagster.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from pandera.polars import DataFrameModel

from assets.sql import read_sql
from pipelines.engine import Input, run_sql
from pipelines.lake import Lake
from pipelines.settings import Settings
from pipelines.sources import Metrics
from schemas.describe import polars_schema
from schemas.validation import ContractError, validate

_SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
_VALIDATED_ROWS = 250_000


def reference(name: str) -> pl.DataFrame:
    """A table of reference data: schemas/<name>.csv."""
    return pl.read_csv(_SCHEMAS / f"{name}.csv", infer_schema_length=None)


def parameters(metrics: Metrics) -> pl.DataFrame:
    """The configured metrics as the one-row table that SQL files read."""
    return pl.DataFrame([metrics.model_dump()])


def compute(
    settings: Settings,
    table: str,
    model: type[DataFrameModel],
    inputs: dict[str, Input],
    snapshot_date: date,
    run_id: str,
    *,
    by_bucket: Sequence[str] = (),
) -> int:
    """Runs `<table>.sql`, checks every row against its contract, and replaces the table of that date.

    Args:
        settings: Where to work.
        table: Name of the table and of its SQL file.
        model: Its contract.
        inputs: See `pipelines.engine.run_sql`.
        snapshot_date: The date.
        run_id: Tells concurrent runs apart.
        by_bucket: See `pipelines.engine.run_sql`.

    Returns:
        Rows written.

    Raises:
        ContractError: A row breaks the contract; the table of that date stays as it was.
    """
    with Lake(settings.lake).replacing(table, snapshot_date, run_id) as path:
        run_sql(settings, read_sql(table), inputs, path, by_bucket=by_bucket)
        return check(path, model)


def check(path: Path, model: type[DataFrameModel]) -> int:
    """Checks a computed table against its contract, batch by batch, and counts its rows.

    Raises:
        ContractError: A row breaks it.
    """
    names = polars_schema(model).names()
    rows = 0
    with pq.ParquetFile(path) as file:
        if set(file.schema_arrow.names) != set(names):
            odd = sorted(set(file.schema_arrow.names) ^ set(names))
            raise ContractError(f"{model.__name__}: columns differ from the contract: {', '.join(odd)}")
        for batch in file.iter_batches(_VALIDATED_ROWS):
            frame = pl.DataFrame(batch).select(names)
            failures = validate(model, frame)
            if failures.height:
                first = failures.row(0, named=True)
                row = frame.row(first["index"], named=True)
                raise ContractError(f"{model.__name__}: {failures.height} rows break the contract; the first: {first['reason']}: {row}")
            rows += frame.height
    return rows
