"""Rows against a contract: which hold, and what is wrong with the others.

Belongs here: running a pandera model over a batch and wording its failures for people. What a column may
hold stands in the models alone.
"""

from collections.abc import Iterator
from functools import cache

import polars as pl
from pandera.errors import SchemaErrors
from pandera.polars import Check, DataFrameModel, DataFrameSchema, PolarsData

from schemas.column import limit
from schemas.describe import polars_schema

# What the macros of schemas/shapes/macros.sql give for a cell that holds something they cannot read: a value
# that no contract allows, so that the row is quarantined. Null would mean "not given", and pass.
UNREADABLE_NUMBER = -9_000_000_000_000_000
UNREADABLE_TIME = "0001-01-01"

_IDENTITY = ("snapshot_date", "platform", "profile_id", "source", "landed_file", "landed_row")
FAILURES_SCHEMA = {"index": pl.UInt32, "field": pl.String, "reason": pl.String}


class ContractError(ValueError):
    """A table does not have the columns or types of its contract: a defect of the code, not of a row."""


def broken(table: str, frame: pl.DataFrame, failures: pl.DataFrame) -> ContractError:
    """The error of a table in which rows break the contract.

    Args:
        table: What to call it.
        frame: The rows that were validated.
        failures: What `validate` says of them.
    """
    first = failures.row(0, named=True)
    row = frame.row(first["index"], named=True)
    # Which row, and no more of it: errors go to logs, events and webhooks, where people's data has no place.
    where = ", ".join(f"{name} {row[name]}" for name in _IDENTITY if row.get(name) is not None)
    return ContractError(
        f"{table}: {failures.height:,} rows break the contract; the first: {first['reason']} ({where})"
    )


def validate(model: type[DataFrameModel], frame: pl.DataFrame) -> pl.DataFrame:
    """Checks every row of a batch against a contract.

    Args:
        model: The pandera model.
        frame: The batch, one row per record, collected (pandera does not look into a LazyFrame's values).

    Returns:
        One row per failed record: `index` (0-based row of the batch), `field` (the first column at fault) and
        `reason` (all that is wrong with it). Empty where every row holds.

    Raises:
        ContractError: Columns are missing, surplus or of another type than the contract says.
    """
    expected = polars_schema(model)
    if frame.schema != expected:
        odd = [
            f"{name} is {frame.schema.get(name)}, not {expected.get(name)}"
            for name in sorted({*expected, *frame.schema})
            if frame.schema.get(name) != expected.get(name)
        ]
        raise ContractError(f"{model.__name__}: {'; '.join(odd) or 'columns are in another order'}")
    # A nullable column without a single value holds by definition; exports leave many of them empty.
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
    """Whether each of pandera's checks holds for every row, to be collected at once.

    Pandera collects several frames a check, which costs some milliseconds a column whatever the rows: most batches
    hold, and are spared that.
    """
    for name, field in schema.columns.items():
        if not field.nullable:
            given = pl.col(name).is_not_null()
            # To pandera a number that is none is as good as null.
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
    schema.strict = False  # what was removed is still there; the columns as such have been checked
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
    """The field at fault and the reason in words, from pandera's name of a check."""
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
        case _:  # a check over several columns is named by what is wrong
            return name, name.replace("_", " ")
