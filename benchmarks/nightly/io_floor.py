"""The I/O floor of a nightly run: `python -m benchmarks.nightly.io_floor EXPORTS HOME OUT`.

A lower bound for any implementation: copies, hashes and syncs the exports; runs bare.sql over them; validates every row
against the contract with pandera; and writes the tables that a run has published in HOME again, as DuckDB, Parquet and
CSV, synced and read back. It computes no intervals, authenticity or segments: those tables are copied.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

import duckdb
import polars as pl
from pandera.polars import DataFrameModel

from assets.publishing.duckdb_file import STORAGE_VERSION
from benchmarks.nightly import bare
from schemas.describe import polars_schema
from schemas.posts import Posts
from schemas.profiles import Profiles
from schemas.quoting import literal

_ROWS = 1_000_000
_MODELS: dict[str, type[DataFrameModel]] = {"profiles": Profiles, "posts": Posts}


def main(exports: Path, home: Path, output: Path) -> None:
    """Runs all steps, one after the other."""
    for path in exports.iterdir():
        _make_durable(Path(shutil.copyfile(path, output / path.name)))
    bare.main(output, output)
    for table, model in _MODELS.items():
        _validate(next((home / f"lake/{table}").glob("snapshot_date=*/data.parquet")), model)
    published = sorted((home / "published/latest").glob("*.parquet"))
    with duckdb.connect(":memory:", config={"temp_directory": str(output / "scratch")}) as connection:
        connection.execute(f"ATTACH '{output}/published.duckdb' AS published (STORAGE_VERSION '{STORAGE_VERSION}')")
        for path in published:
            table = f'published."{path.stem}"'
            connection.execute(f"CREATE TABLE {table} AS FROM {literal(path)}")
            for kind in ("parquet", "csv"):
                copied = output / f"{path.stem}.{kind}"
                connection.execute(f"COPY {table} TO {literal(copied)} (FORMAT {kind})")
                _make_durable(copied)
            connection.execute(f"SELECT sum(CAST(hash(t) AS HUGEINT)) FROM {table} AS t")
            connection.execute(f"SELECT sum(CAST(hash(t) AS HUGEINT)) FROM {literal(output / path.name)} AS t")
        connection.execute("DETACH published")
    _make_durable(output / "published.duckdb")


def _make_durable(path: Path) -> None:
    """Hashes a file, and syncs it to disk."""
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
        os.fsync(file.fileno())


def _validate(path: Path, model: type[DataFrameModel]) -> None:
    schema = polars_schema(model)
    rows = pl.scan_parquet(path).select(schema.names())
    for start in range(0, rows.select(pl.len()).collect().item(), _ROWS):
        model.validate(rows.slice(start, _ROWS).cast(schema).collect(), lazy=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
