"""The import report of a date for display: per source, with the reasons of the quarantine.

Belongs here: joining report and quarantine. Does not: creating the report (`reconciliation`).
"""

from datetime import date
from typing import Any

import polars as pl

from assets.importing.reconciliation import REJECTED_WITH_FILE
from assets.landing import store
from assets.storage.lake import Lake
from schemas.describe import polars_schema
from schemas.import_report import REFUSED
from schemas.quarantine import WHOLE_FILE, Quarantine
from schemas.settings import Settings


def import_report(settings: Settings, day: date) -> list[dict[str, Any]]:
    """Returns the counts of each source's records on a date, with the reasons of the quarantine.

    `pulled_again` is why a later pull of that date came to nothing: the rows are those of the pull before it.
    """
    lake = Lake(settings.lake)
    if not lake.path("import_report", day).exists():
        return []
    # Rejected records are deleted before the report that counts them.
    has_quarantine = lake.path("quarantine", day).exists()
    rejected = lake.scan("quarantine", day) if has_quarantine else pl.LazyFrame(schema=polars_schema(Quarantine))
    reasons = (
        rejected.filter(pl.col("landed_row") != WHOLE_FILE)
        .group_by("landed_file", "records", "reason")
        .len("rows")
        .collect()
    )
    report = (
        lake.scan("import_report", day)
        .group_by("source", "records", "state", "landed_date", "message", "inferred", maintain_order=True)
        .agg(pl.col("landed", "accepted", "quarantined", "deduplicated", "erased").sum(), files="landed_file")
        .collect()
    )
    told = []
    for row in report.to_dicts():
        # A source has rows of several days if an earlier day's are carried forward.
        of_it = reasons.filter(
            pl.col("landed_file").is_in(row.pop("files")), pl.col("records").eq_missing(pl.lit(row["records"]))
        )
        summed = of_it.group_by("reason").agg(pl.col("rows").sum())
        found = summed.sort("rows", "reason", descending=[True, False]).to_dicts()
        rejected_with_file = row["quarantined"] - sum(each["rows"] for each in found)
        if row["state"] in REFUSED and has_quarantine and rejected_with_file:
            found.insert(0, {"reason": REJECTED_WITH_FILE, "rows": rejected_with_file})
        again = store.failed_since(settings.landing, row["source"], day) if row["landed_date"] == day else None
        told.append(row | {"reasons": found, "pulled_again": again.message if again else None})
    return told
