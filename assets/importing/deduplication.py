"""Deduplication of the staged rows of a date: first within each source, then across sources.

Belongs here: the order and the counts of the steps. Does not: the rules, which are SQL (`assets/sql/identified`,
`repeated_in_source`, `merged`), or staging (`source_import`).
"""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl

from assets.importing.reconciliation import SourceImport
from assets.sql import read_sql
from assets.storage import batches
from assets.storage.engine import connect
from assets.storage.lake import BUCKET_OF, BucketWriter
from schemas.describe import polars_schema
from schemas.quoting import literal, parquet
from schemas.settings import Settings
from schemas.shape import MODELS, Records


def merge(
    settings: Settings, records: Records, imports: Sequence[SourceImport], target: Path, profiles: Path | None = None
) -> None:
    """Writes one row per account, or per post, of all sources; the others count as deduplicated in their source.

    Args:
        settings: Settings of the home.
        records: The table.
        imports: The staged imports of sources, in order of precedence; their counts are updated.
        target: The file to write.
        profiles: For posts, the merged profiles, by which posts that only name a handle get the id of their account.
    """
    schema = polars_schema(MODELS[records])
    staged = [path for source in imports for path in source.staged[records]]
    with BucketWriter(target, schema) as writer:
        if staged:
            readable = {path.parent for path in (*staged, target, *([profiles] if profiles else []))}
            with connect(settings, *readable) as connection:
                _expose(connection, records, imports, staged, profiles)
                columns = ", ".join([*schema.names(), f"{BUCKET_OF} AS bucket"])
                is_alone = sum(bool(source.staged[records]) for source in imports) == 1
                rows = "deduplicated" if is_alone else f"({read_sql('merged')})"
                merged = connection.sql(f"SELECT {columns} FROM {rows}")
                for frame in batches.of_rows(merged.to_arrow_reader(batches.ROWS)):
                    writer.write(frame)
    remaining = pl.scan_parquet(target).group_by("source", "landed_file").len().collect()
    kept = {(source, file): count for source, file, count in remaining.iter_rows()}
    for source in imports:
        for counts in source.counts:
            if counts.records == records:
                accepted = kept.get((source.manifest.source, counts.file.path), 0)
                counts.deduplicated, counts.accepted = counts.accepted - accepted, accepted


def _expose(
    connection: duckdb.DuckDBPyConnection,
    records: Records,
    imports: Sequence[SourceImport],
    staged: Sequence[Path],
    profiles: Path | None,
) -> None:
    """Exposes the rows of each source, without its repeated records, as the table `deduplicated`."""
    order = pl.DataFrame({"source": [source.manifest.source for source in imports]}).with_row_index("place")
    connection.register("source_order", order.to_arrow())
    files = f"read_parquet([{', '.join(map(literal, staged))}], filename = true, file_row_number = true)"
    # Profiles are identified by their account alone.
    post_id = ", '' AS post_id" if records == "profiles" else ""
    connection.execute(f"CREATE TEMP VIEW staged AS SELECT *{post_id} FROM {files}")
    accounts = parquet([profiles]) if profiles else "staged"
    connection.execute(f"CREATE TEMP VIEW accounts AS SELECT platform, handle, profile_id FROM {accounts}")
    connection.execute(f"CREATE TEMP VIEW identified AS {read_sql('identified')}")
    connection.execute(f"CREATE TEMP TABLE repeated AS {read_sql('repeated_in_source')}")
    connection.execute(
        "CREATE TEMP VIEW deduplicated AS SELECT * FROM identified ANTI JOIN repeated USING (filename, file_row_number)"
    )
