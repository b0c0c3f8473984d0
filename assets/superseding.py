"""Who supersedes whom: of all records about one account, or one post, the newest capture counts.

Belongs here: leaving one row of each and counting the others. Does not: the rule itself (`assets/sql/newest_*.sql`), or
the quick look that tells whether there is anything to settle (`repeats`).
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from assets.accounting import Reading
from assets.sql import read_sql
from assets.storage.engine import BATCH_ROWS, connect
from assets.storage.lake import BucketWriter
from schemas.config.source import SourcesFile
from schemas.describe import polars_schema
from schemas.settings import Settings
from schemas.shape import MODELS, Records


def settle(
    settings: Settings, sources: SourcesFile, records: Records, staged: Path, readings: Mapping[str, Reading]
) -> None:
    """Leaves one row per account, or per post, in a staged table, and moves the others from accepted to superseded.

    Args:
        settings: Where to work.
        sources: The sources, in order of precedence.
        records: Which table it is.
        staged: Its file, which is replaced.
        readings: Source to its reading, whose tallies are put right.
    """
    schema = polars_schema(MODELS[records])
    rest = staged.with_name(f"{staged.name}.settled")
    with connect(settings, staged.parent) as connection:
        connection.execute(f"CREATE TEMP VIEW landed AS SELECT * FROM read_parquet('{staged}')")
        order = pl.DataFrame({"source": [source.name for source in sources.sources]}).with_row_index("place")
        connection.register("source_order", order.to_arrow())
        try:
            with BucketWriter(rest, schema) as writer:
                for batch in connection.sql(read_sql(f"newest_{records}")).to_arrow_reader(BATCH_ROWS):
                    writer.write(pl.DataFrame(batch).select(pl.col(name).cast(kind) for name, kind in schema.items()))
            kept = connection.execute(
                f"SELECT source, landed_file, count(*) FROM read_parquet('{rest}') GROUP BY ALL"
            ).fetchall()
            rest.replace(staged)
        finally:
            rest.unlink(missing_ok=True)
    remaining = {(source, file): count for source, file, count in kept}
    for source, reading in readings.items():
        for tally in reading.tallies:
            if tally.records == records:
                accepted = remaining.get((source, tally.file.path), 0)
                tally.superseded, tally.accepted = tally.accepted - accepted, accepted
