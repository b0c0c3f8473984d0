"""A folder with a sources.yaml and small exports written by a test, imported without Dagster.

Belongs here: writing exports, landing and importing them, and reading back rows, quarantine and report.
"""

import csv
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from assets.importing.importing import import_date
from assets.landing import store
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.config.sources_file import load
from schemas.settings import Settings

DAY = date(2026, 10, 30)

Row = dict[str, Any]


def csv_bytes(rows: Iterable[Sequence[object]], *, delimiter: str = ",", newline: str = "\n") -> bytes:
    """Returns rows of cells as a CSV file, the header first."""
    return "".join(_csv_line(row, delimiter) + newline for row in rows).encode()


def _csv_line(row: Sequence[object], delimiter: str) -> str:
    text = io.StringIO()
    # Python before 3.13 quotes only its own line end, and half of another would split the record.
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(row)
    return text.getvalue().removesuffix("\r\n")


def ndjson_bytes(records: Iterable[Mapping[str, object]]) -> bytes:
    """Returns records as JSON, one per line."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


@dataclass
class Imported:
    """The tables of a date in the lake."""

    report: list[Row]
    profiles: list[Row]
    posts: list[Row]
    quarantine: list[Row]

    def told(self, *names: str) -> list[tuple[Any, ...]]:
        """Returns columns of the report, a tuple for each of its rows."""
        return [tuple(row[name] for name in names) for row in self.report]

    def bad(self, *names: str) -> list[tuple[Any, ...]]:
        """Returns columns of the quarantine, a tuple for each of its rows."""
        return [tuple(row[name] for name in names) for row in self.quarantine]

    def accounts(self, *names: str) -> list[tuple[Any, ...]]:
        """Returns columns of the profiles, a tuple for each of its rows, sorted by the first column."""
        return sorted(tuple(row[name] for name in names) for row in self.profiles)


class Exports:
    """A folder of exports with its sources.yaml."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = Settings(home=folder / "home", sources_file=folder / "sources.yaml", threads=1)
        self._sources: list[Row] = []
        self.segments: object = []

    def copied(self, folder: Path) -> "Exports":
        """Copies the exports to another folder, with everything landed and imported."""
        shutil.copytree(self.folder, folder)
        other = Exports(folder)
        other._sources, other.segments = list(self._sources), self.segments
        return other

    def source(self, name: str, file: str, **keys: object) -> "Exports":
        """Adds a source whose url is this file; the default shape is smallvoices."""
        self._sources.append({"name": name, "shape": "smallvoices", "url": file, **keys})
        return self

    def write(self, file: str, content: bytes) -> Path:
        """Writes an export."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def shape(self, name: str, **keys: object) -> "Exports":
        """Adds a user-defined shape."""
        self.write(f"shapes/{name}.yaml", json.dumps({"description": "Invented.", **keys}).encode())
        return self

    def sources(self) -> SourcesFile:
        """Writes and loads the sources.yaml."""
        # JSON is YAML too.
        self.write("sources.yaml", json.dumps({"sources": self._sources, "segments": self.segments}).encode())
        return load(self.folder / "sources.yaml")

    def land(self, day: date = DAY, *, force: bool = False) -> dict[str, store.Manifest]:
        """Pulls every source."""
        sources = self.sources()
        return {
            source.name: store.land(
                source, sources.shape(source), day, landing=self.settings.landing, folder=self.folder, force=force
            )
            for source in sources.sources
        }

    def run(self, day: date = DAY, *, force: bool = False) -> Imported:
        """Lands and imports a date."""
        self.land(day, force=force)
        import_date(self.settings, self.sources(), day, "run")
        return self.tables(day)

    def tables(self, day: date = DAY) -> Imported:
        """Returns the tables of a date in the lake; an empty frame for a missing table."""
        lake = Lake(self.settings.lake)

        def rows(table: str) -> list[Row]:
            path = lake.path(table, day)
            return pl.read_parquet(path, hive_partitioning=False).to_dicts() if path.exists() else []

        return Imported(rows("import_report"), rows("profiles"), rows("posts"), rows("quarantine"))


def at(day: date, hour: int = 12) -> datetime:
    """Returns a point in time of a day, in the form of the lake."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC).replace(tzinfo=None)


def ago(days: int) -> date:
    """Returns a day before `DAY`."""
    return DAY - timedelta(days=days)
