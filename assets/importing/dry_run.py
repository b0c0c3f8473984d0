"""Dry run of the import of one file, in a temporary folder.

Belongs here: landing and importing a single file separately, for `smallvoices inspect`. Does not:
inference, or printing.
"""

import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from assets.importing.importing import NothingToPublishError, import_date
from assets.importing.source_import import KEPT_AT
from assets.landing import store
from assets.storage.lake import Lake
from schemas.config.source import Source, SourcesFile
from schemas.settings import Settings
from schemas.shape import RECORDS, Shape

_NAME = "inspected"


@dataclass(frozen=True)
class Trial:
    """Counts and reasons from a dry run of a file.

    Attributes:
        report: The import report, one row per file and kind of record.
        quarantine: The records refused, with their reasons.
        profiles: The profiles accepted, in the order of the file.
        posts: Number of accepted posts.
        message: Why nothing could be imported; empty where something was.
    """

    report: pl.DataFrame
    quarantine: pl.DataFrame
    profiles: pl.DataFrame
    posts: int
    message: str


def try_out(path: Path, shape: Shape, platform: str | None, day: date) -> Trial:
    """Lands and imports a file with a given shape.

    Args:
        path: The file.
        shape: Its shape.
        platform: The platform declared beside the shape.
        day: The snapshot date that it is taken for.
    """
    # Under another name: with `auto` it would be inferred again, without the caller's declarations.
    shape = shape.model_copy(update={"name": _NAME})
    source = Source(
        name=_NAME,
        shape=shape.name,
        url=str(path.absolute()),
        platform=platform,
        max_quarantine_share=1.0,
        carry_days=0,
    )
    with tempfile.TemporaryDirectory(prefix="smallvoices-") as folder:
        settings = Settings(home=Path(folder), sources_file=Path(folder) / "sources.yaml")
        sources = SourcesFile(path=settings.sources_file, sources=[source], shapes={shape.name: shape})
        manifest = store.land(source, shape, day, landing=settings.landing, folder=path.parent, force=False)
        message = manifest.message
        if manifest.state == "complete":
            try:
                import_date(settings, sources, day, "inspect")
            except NothingToPublishError:
                report = Lake(settings.lake).scan("import_report", day).collect()
                # The temporary folder is deleted, so the path of the landed bytes is left out.
                message = report["message"][0].partition(KEPT_AT)[0]
        lake = Lake(settings.lake)
        tables = {
            name: lake.scan(name, day).collect() if lake.path(name, day).exists() else pl.DataFrame()
            for name in ("import_report", "quarantine", *RECORDS)
        }
        profiles = tables["profiles"]
        return Trial(
            report=tables["import_report"],
            quarantine=tables["quarantine"],
            profiles=profiles.sort("landed_row") if profiles.height else profiles,
            posts=tables["posts"].height,
            message=message,
        )
