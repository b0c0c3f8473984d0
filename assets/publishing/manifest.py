"""What a generation consists of: the manifest that stands beside the published files.

Belongs here: the form of `manifest.json`. Whoever resolves paths through one reading of it sees one generation whole.
"""

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

FILE_NAME = "manifest.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class PublishedFile(_Frozen):
    """One file; `path` is below the generation's folder."""

    path: str
    rows: int
    bytes: int
    sha256: str


class CsvFile(PublishedFile):
    """A table as CSV, or a day of it: `day` is the snapshot date, of tables that are a file a day."""

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
    """The manifest of a folder, or None where there is none that can be read."""
    try:
        return Manifest.model_validate_json((folder / FILE_NAME).read_bytes())
    except (OSError, ValueError):
        return None
