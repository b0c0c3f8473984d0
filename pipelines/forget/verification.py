"""Verification that a person is erased: opens and searches every file under a home, and every database that it writes.

Belongs here: searching, with the hits and the files that could not be opened. Rows of tables are matched by their
identity columns; all other text by `Person.mentions`. Mentions in other people's records (`@handle` in a caption) are
their content: they stay, and are counted separately.
"""

import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from assets.landing import store
from assets.publishing.content_hash import FILE_NAME
from assets.publishing.postgres import PostgresError
from assets.reading.csv_records import text_encoding
from assets.storage import progress
from pipelines.forget import dagster_postgres, dagster_storage, published_postgres
from pipelines.forget.counts import Counts, cells, in_frames
from pipelines.forget.person import Person
from schemas.quoting import identifier
from schemas.settings import Settings


@dataclass
class Proof:
    """The result of searching a home.

    Attributes:
        files: Files searched.
        bytes: Bytes in them, as stored.
        found: Remaining records of the person, by file or database table.
        mentions: Mentions in other people's content, by file or database table.
        closed: Files and databases that could not be opened, with the reason.
    """

    files: int = 0
    bytes: int = 0
    found: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Reports whether no record of the person was found, and everything was opened."""
        return not self.found and not self.closed

    def add(self, name: str, counts: Counts) -> None:
        """Adds the counts of a file or table."""
        if counts.found:
            self.found[name] = counts.found
        if counts.mentions:
            self.mentions[name] = counts.mentions


def search(settings: Settings, publish_to: str | None, person: Person) -> Proof:
    """Searches every file under the home, decompressed, and the databases.

    Args:
        settings: The settings of the home and of Dagster's storage.
        publish_to: The database of the published tables, if there is one.
        person: The person.
    """
    proof = Proof()
    _search_files(settings, person, proof)
    try:
        if settings.dagster_in_postgres:
            for name, count in dagster_postgres.search(person).items():
                proof.add(f"Dagster's storage in PostgreSQL, {name}", Counts(count, 0))
    except PostgresError as error:
        proof.closed["Dagster's storage in PostgreSQL"] = str(error)
    try:
        if publish_to:
            for name, counts in published_postgres.search(publish_to, person).items():
                proof.add(f"PostgreSQL, {name}", counts)
    except PostgresError as error:
        proof.closed["PostgreSQL"] = str(error)
    return proof


def _search_files(settings: Settings, person: Person, proof: Proof) -> None:
    alone = replace(person, handles=person.handles - _namesakes(settings, person))
    paths = [
        path
        for path in sorted(settings.home.rglob("*"))
        if path.is_file() and not path.is_symlink() and settings.forgetting not in path.parents
    ]
    landed = _landed(settings)
    for number, path in enumerate(paths, start=1):
        progress.report("search the home", number, total=len(paths), unit="files")
        name = str(path.relative_to(settings.home))
        try:
            # On the report page only the platform distinguishes namesakes.
            counts = _searched(settings, path, landed, alone if path == settings.report else person)
            proof.files, proof.bytes = proof.files + 1, proof.bytes + path.stat().st_size
        except (OSError, EOFError, ValueError, zlib.error, duckdb.Error, sqlite3.Error, pa.ArrowException) as error:
            proof.closed[name] = " ".join(str(error).split())
            continue
        proof.add(name, counts)


def text_of(path: Path) -> str:
    """Yields all text in a file, decompressed and unpacked; for Parquet the text cells."""
    content = path.read_bytes()
    if content.startswith(b"PAR1"):
        return "\n".join(cells(pl.DataFrame(pq.read_table(path))))
    return _text(content)


def _namesakes(settings: Settings, person: Person) -> set[str]:
    """Returns handles of the person that a published account of somebody else has as well, on another platform."""
    path = settings.published / FILE_NAME
    if not path.exists():
        return set()
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT handle FROM accounts WHERE platform <> ? AND list_contains(?, handle)",
            [person.platform, sorted(person.handles)],
        ).fetchall()
    return {handle for (handle,) in rows}


def _landed(settings: Settings) -> frozenset[Path]:
    """Returns the landed files that manifests list."""
    return frozenset(
        settings.landing / file.path
        for place in settings.landing.glob("*/????-??-??")
        for manifest in store.pulls_of(place)
        for file in manifest.files
    )


def _searched(settings: Settings, path: Path, landed: frozenset[Path], person: Person) -> Counts:
    """Counts the records of a person in a file, and the mentions by others."""
    if path.suffix == ".parquet" and settings.landing not in path.parents:
        return in_frames(person, _parquet(path))
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY table_name"
            ).fetchall()
            frames = (connection.sql(f"SELECT * FROM {identifier(table)}").pl() for (table,) in tables)
            return in_frames(person, frames)
    if path.suffix == ".db":
        return Counts(dagster_storage.count_in_database(path, person), 0)
    if path.suffix == ".csv" and settings.published in path.parents:
        return in_frames(person, [pl.read_csv(path, infer_schema=False)])
    said = person.mentions(f"/{path.stem}") + person.mentions(text_of(path))
    if path in landed:
        # Their own records are known to be empty: each file was verified when it was rewritten.
        return Counts(0, said)
    return Counts(said, 0)


def _parquet(path: Path) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        for group in range(file.metadata.num_row_groups):
            yield pl.DataFrame(file.read_row_group(group))


def _text(content: bytes) -> str:
    if content.startswith(b"\x1f\x8b"):
        return _text(gzip.decompress(content))
    if content.startswith(b"\x28\xb5\x2f\xfd"):
        return _text(pa.input_stream(io.BytesIO(content), compression="zstd").read())
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(f"/{name}\n{_text(archive.read(name))}" for name in archive.namelist())
    if content.startswith(b"PAR1"):
        return "\n".join(cells(pl.DataFrame(pq.read_table(io.BytesIO(content)))))
    encoding = text_encoding(content[:4], "utf-8")
    return content.decode(encoding, errors="replace")
