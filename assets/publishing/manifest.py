"""Manifest of a generation: the list of its files, stored beside the published files.

Belongs here: the form of `manifest.json`. Paths that are resolved from one read of it are of one whole generation.
"""

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE_NAME = "manifest.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PublishedFile(_Frozen):
    """A published file; `path` is relative to the generation's folder."""

    path: str
    rows: int
    bytes: int
    sha256: str


class CsvFile(PublishedFile):
    """A table as CSV, or one day of it: `day` is the snapshot date, for tables with one file a day."""

    day: date | None = None


class Manifest(_Frozen):
    """All files of one generation; `folder` is relative to the manifest's own."""

    generation: int
    snapshot_date: date
    contract_version: int
    code_version: str
    content_hash: str
    folder: str
    parquet: dict[str, PublishedFile]
    csv: dict[str, list[CsvFile]]


def read(folder: Path) -> Manifest | None:
    """Returns the manifest of a folder, or None if it is missing or unreadable."""
    try:
        return Manifest.model_validate_json((folder / FILE_NAME).read_bytes())
    except (OSError, ValueError):
        return None
