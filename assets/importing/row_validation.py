"""Validation of rows: splits them into valid rows, invalid rows, and rows of erased people.

Belongs here: the validation of one batch. Does not: reading it, or the choice of files for a date
(`importing`).
"""

from datetime import date

import polars as pl

from assets.importing.limit_guard import Bounds
from assets.importing.reconciliation import RecordCounts
from assets.landing.store import LandedFile, Manifest
from assets.landing.suppression import Suppression, is_empty
from assets.reading.json_records import PAGE_ROWS
from schemas.config.source import Source
from schemas.describe import polars_schema
from schemas.shape import MODELS, Records
from schemas.standard_forms import standardised
from schemas.validation import validate

# Invalid rows; `part` is the index of their file among those that are read together.
FAILED = {"part": pl.Int64, "landed_row": pl.Int64, "field": pl.String, "reason": pl.String, "raw": pl.String}


def with_provenance(
    frame: pl.DataFrame, source: Source, day: date, counts: list[RecordCounts], manifest: Manifest
) -> pl.DataFrame:
    """Adds the origin to rows; `part` is the index of their file among those that are read together."""
    if len(counts) > 1:
        frame = frame.with_columns(
            part=pl.col("landed_row") // PAGE_ROWS - 1, landed_row=pl.col("landed_row") % PAGE_ROWS
        )
        files: pl.Series | pl.Expr = pl.Series([each.file.path for each in counts]).gather(frame["part"])
    else:
        if "landed_row" not in frame.columns:
            frame = frame.with_row_index("landed_row", counts[0].landed + 1)
        frame = frame.with_columns(pl.col("landed_row").cast(pl.Int64), part=pl.lit(0, dtype=pl.Int64))
        files = pl.lit(counts[0].file.path)
    return frame.with_columns(
        source=pl.lit(source.name),
        snapshot_date=pl.lit(day),
        data_age_days=pl.lit((day - manifest.date).days, dtype=pl.Int32),
        landed_file=files,
    )


def without_erased(frame: pl.DataFrame, counts: list[RecordCounts], suppressed: Suppression) -> pl.DataFrame:
    """Drops tombstones, and rows of erased people that are still in the landed file."""
    stones = [
        (place, stone.row)
        for place, each in enumerate(counts)
        for stone in each.file.tombstones
        if stone.records == each.records
    ]
    if not stones and not suppressed:
        return frame
    names = standardised(frame.select("platform", "profile_id", "handle", "is_blank"))
    # A record with a name is not a tombstone: the shape has changed since, and counts records differently.
    is_stone = (
        frame.select("part", "landed_row")
        .join(
            pl.DataFrame(stones, schema={"part": pl.Int64, "landed_row": pl.Int64}, orient="row").with_columns(
                stone=True
            ),
            on=["part", "landed_row"],
            how="left",
            maintain_order="left",
        )["stone"]
        .fill_null(value=False)
    )
    is_erased = (is_stone & is_empty(names)) | suppressed.mask(names)
    for place, count in frame.filter(is_erased)["part"].value_counts().iter_rows():
        counts[place].erased += count
    return frame.filter(~is_erased)


def split_valid_invalid(frame: pl.DataFrame, records: Records, bounds: Bounds) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Splits a batch into valid rows and (part, landed_row, field, reason, raw) of invalid ones."""
    schema = polars_schema(MODELS[records])
    rows = standardised(frame.select(schema.names()))
    long = bounds.long_texts(rows)
    failures = validate(MODELS[records], rows)
    if long.height:
        failures = pl.concat([long, failures.join(long, on="index", how="anti")]).sort("index")
    if "refused" in frame.columns:
        refused = (
            frame.select("refused")
            .with_row_index("index")
            .filter(pl.col("refused").is_not_null())
            .select("index", field=pl.lit(None, dtype=pl.String), reason="refused")
        )
        failures = pl.concat([refused, failures.join(refused, on="index", how="anti")]).sort("index")
    raw = pl.col("raw") if "raw" in frame.columns else pl.lit(None, dtype=pl.String)
    if failures.is_empty():
        return rows, pl.DataFrame(schema=FAILED)
    indices = failures["index"]
    bad = frame.select("part", "landed_row", "is_blank", raw.alias("raw"))[indices].with_columns(
        failures["field"], failures["reason"]
    )
    worded = bad.select(
        "part",
        "landed_row",
        pl.when("is_blank").then(None).otherwise("field").alias("field"),
        pl.when("is_blank").then(pl.lit("nothing of it could be read")).otherwise("reason").alias("reason"),
        "raw",
    )
    mask = pl.Series([True]).new_from_index(0, rows.height).scatter(indices, values=False)
    return rows.filter(mask), worded


def quarantined(
    bad: pl.DataFrame,
    raw: dict[int, tuple[int | None, str]],
    source: Source,
    day: date,
    file: LandedFile,
    records: Records,
) -> pl.DataFrame:
    """Builds the quarantine rows for the invalid rows of a file, each with its line and its raw text."""
    nothing: tuple[int | None, str | None] = (None, None)
    found = [raw.get(number, nothing) for number in bad["landed_row"]]
    return bad.select(
        snapshot_date=pl.lit(day),
        source=pl.lit(source.name),
        records=pl.lit(records),
        landed_file=pl.lit(file.path),
        landed_row="landed_row",
        landed_line=pl.Series([line for line, _ in found], dtype=pl.Int64),
        field="field",
        reason="reason",
        raw=pl.coalesce("raw", pl.Series([text for _, text in found], dtype=pl.String)),
    )
