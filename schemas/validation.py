"""Validation of rows against a contract.

Belongs here: running a pandera model over a batch and formatting its failures as messages. Does not: the values that
a column allows, which only the models define.
"""

from collections.abc import Iterator
from functools import cache

import polars as pl
from pandera.errors import SchemaErrors
from pandera.polars import Check, DataFrameModel, DataFrameSchema, PolarsData

from schemas.column import limit
from schemas.describe import polars_schema

# Values that the macros of schemas/shapes/macros.sql return for a cell that they cannot parse. No contract allows
# them, so the row is quarantined. Null would mean "not given", and be valid.
UNREADABLE_NUMBER = -9_000_000_000_000_000
UNREADABLE_TIME = "0001-01-01"

_IDENTITY = ("snapshot_date", "platform", "profile_id", "source", "landed_file", "landed_row")
FAILURES_SCHEMA = {"index": pl.UInt32, "field": pl.String, "reason": pl.String}


class ContractError(ValueError):
    """A table does not have the columns or types of its contract: a defect of the code, not of the data."""


def broken(table: str, frame: pl.DataFrame, failures: pl.DataFrame) -> ContractError:
    """Returns the error for a table with rows that violate the contract.

    Args:
        table: Its name in the message.
        frame: The rows that were validated.
        failures: The result of `validate`.
    """
    first = failures.row(0, named=True)
    row = frame.row(first["index"], named=True)
    # Only the identity of the row: errors go to logs, events and webhooks, which must not hold personal data.
    where = ", ".join(f"{name} {row[name]}" for name in _IDENTITY if row.get(name) is not None)
    return ContractError(
        f"{table}: {failures.height:,} rows break the contract; the first: {first['reason']} ({where})"
    )


def validate(model: type[DataFrameModel], frame: pl.DataFrame) -> pl.DataFrame:
    """Checks every row of a batch against a contract.

    Args:
        model: The pandera model.
        frame: The batch, one row per record, collected (pandera does not check the values of a LazyFrame).

    Returns:
        One row per invalid record: `index` (0-based row of the batch), `field` (the first invalid column) and
        `reason` (all violations). Empty where every row is valid.

    Raises:
        ContractError: Columns are missing, unexpected or of the wrong type.
    """
    expected = polars_schema(model)
    if frame.schema != expected:
        odd = [
            f"{name} is {frame.schema.get(name)}, not {expected.get(name)}"
            for name in sorted({*expected, *frame.schema})
            if frame.schema.get(name) != expected.get(name)
        ]
        raise ContractError(f"{model.__name__}: {'; '.join(odd) or 'columns are in another order'}")
    # A nullable column without any value is valid by definition; most exports have many of them.
    nullable = [name for name, field in model.to_schema().columns.items() if field.nullable]
    empty = frozenset(name for name in nullable if name in frame.columns and frame[name].null_count() == frame.height)
    schema = _schema(model, empty)
    if not all(held.item() for held in pl.collect_all(list(_held(schema, frame.lazy())))):
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            return _failures(errors.failure_cases)
    return pl.DataFrame(schema=FAILURES_SCHEMA)


def _held(schema: DataFrameSchema, rows: pl.LazyFrame) -> Iterator[pl.LazyFrame]:
    """Yields, for each of pandera's checks, a frame that is true where every row passes, to be collected at once.

    Pandera collects several frames per check, at a fixed cost of some milliseconds per column. Most batches are valid
    and skip it.
    """
    for name, field in schema.columns.items():
        if not field.nullable:
            given = pl.col(name).is_not_null()
            # Pandera treats NaN as null.
            yield rows.select((given & pl.col(name).is_not_nan() if field.dtype.type.is_float() else given).all())
        for check in field.checks:
            yield _outcome(check, PolarsData(rows, name))
    for check in schema.checks:
        yield _outcome(check, PolarsData(rows, "*"))


def _outcome(check: Check, data: PolarsData) -> pl.LazyFrame:
    holds: pl.LazyFrame = check.get_backend(data.lazyframe)(check).apply(data)  # type: ignore[no-untyped-call]
    return holds.select(pl.all().fill_null(check.ignore_na).all())


@cache
def _schema(model: type[DataFrameModel], without: frozenset[str]) -> DataFrameSchema:
    schema = model.to_schema().remove_columns(sorted(without))
    schema.strict = False  # the frame still has the removed columns, and its schema is checked above
    return schema


def _failures(cases: pl.DataFrame) -> pl.DataFrame:
    is_unreadable = (pl.col("failure_case").cast(pl.Float64, strict=False) <= UNREADABLE_NUMBER / 2) | pl.col(
        "failure_case"
    ).str.starts_with(UNREADABLE_TIME)
    worded = {
        (column, check): _wording(column, check) for column, check in cases.select("column", "check").unique().rows()
    }
    wording = pl.DataFrame(
        [(column, check, field, reason) for (column, check), (field, reason) in worded.items()],
        schema=["column", "check", "field", "reason"],
        orient="row",
    )
    return (
        cases.join(wording, on=["column", "check"], how="left", maintain_order="left")
        .with_columns(
            index=pl.col("index").cast(pl.UInt32),
            reason=pl.when(is_unreadable.fill_null(value=False))
            .then(pl.col("field") + pl.lit(": unreadable"))
            .otherwise(pl.col("reason")),
        )
        .group_by("index", maintain_order=True)
        .agg(pl.col("field").first(), pl.col("reason").unique(maintain_order=True).str.join("; "))
        .sort("index")
        .select(pl.col(name).cast(dtype) for name, dtype in FAILURES_SCHEMA.items())
    )


def _wording(column: str, check: str) -> tuple[str, str]:
    """Returns the invalid field and the reason, from pandera's name of a check."""
    name, _, argument = check.partition("(")
    argument = argument.removesuffix(")")
    match name:
        case "not_nullable":
            return column, f"{column}: missing"
        case "greater_than_or_equal_to":
            return column, f"{column}: below {limit(argument)}"
        case "in_range":
            return column, f"{column}: not from {' to '.join(map(limit, argument.split(', ')))}"
        case "isin":
            return column, f"{column}: not one of {argument}"
        case "str_length":
            return column, f"{column}: longer than {limit(argument.split(',')[-1].strip())} characters"
        case _:  # a check over several columns is named after its violation
            return name, name.replace("_", " ")
