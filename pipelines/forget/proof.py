"""Proof that a person is gone: every file under a home, opened and searched.

Belongs here: searching, with what was found and what could not be opened. Rows of tables are told by their columns of
identity; in all other text the account counts as `Person.mentions` says. Where other people's records name the account
(`@handle` in a caption), that is their content: it stays, and is counted apart.
"""

import gzip
import io
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import progress
from pipelines.content_hash import FILE_NAME
from pipelines.forget import dagster_storage
from pipelines.forget.person import Person
from pipelines.forget.records import IDENTITY
from pipelines.read.csv_records import text_encoding
from pipelines.settings import Settings
from schemas.quoting import identifier


@dataclass
class Proof:
    """What searching a home came to.

    Attributes:
        files: Files searched.
        bytes: Bytes in them, as they lie there.
        found: File to how often the person is still in it.
        mentions: File to how often other people's content in it names the account.
        closed: Files that could not be opened, with the reason.
    """

    files: int = 0
    bytes: int = 0
    found: dict[str, int] = field(default_factory=dict)
    mentions: dict[str, int] = field(default_factory=dict)
    closed: dict[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether the person is nowhere, and everything was opened."""
        return not self.found and not self.closed


def search(settings: Settings, person: Person) -> Proof:
    """Searches every file under the home, decompressed."""
    proof = Proof()
    alone = replace(person, handles=person.handles - _namesakes(settings, person))
    paths = [
        path
        for path in sorted(settings.home.rglob("*"))
        if path.is_file() and not path.is_symlink() and settings.forgetting not in path.parents
    ]
    for number, path in enumerate(paths, start=1):
        progress.report("search the home", number, total=len(paths), unit="files")
        name = str(path.relative_to(settings.home))
        try:
            # On the page nothing but the platform tells namesakes apart.
            found, mentions = _searched(settings, path, alone if path == settings.report else person)
            proof.files, proof.bytes = proof.files + 1, proof.bytes + path.stat().st_size
        except (OSError, EOFError, ValueError, zlib.error, duckdb.Error, sqlite3.Error, pa.ArrowException) as error:
            proof.closed[name] = " ".join(str(error).split())
            continue
        if found:
            proof.found[name] = found
        if mentions:
            proof.mentions[name] = mentions
    return proof


def text_of(path: Path) -> str:
    """All text in a file, decompressed and unpacked; of Parquet the cells of text."""
    content = path.read_bytes()
    if content.startswith(b"PAR1"):
        return "\n".join(_cells(pl.DataFrame(pq.read_table(path))))
    return _text(content)


def _namesakes(settings: Settings, person: Person) -> set[str]:
    """Handles of theirs that a published account of somebody else has as well, on another platform."""
    path = settings.published / FILE_NAME
    if not path.exists():
        return set()
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute(
            "SELECT handle FROM accounts WHERE platform <> ? AND list_contains(?, handle)",
            [person.platform, sorted(person.handles)],
        ).fetchall()
    return {handle for (handle,) in rows}


def _searched(settings: Settings, path: Path, person: Person) -> tuple[int, int]:
    """How often the person is in a file, and how often others name the account in it."""
    if path.suffix == ".parquet" and settings.landing not in path.parents:
        return _in_frames(person, _parquet(path))
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute(
                "SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY table_name"
            ).fetchall()
            frames = (connection.sql(f"SELECT * FROM {identifier(table)}").pl() for (table,) in tables)
            return _in_frames(person, frames)
    if path.suffix == ".db":
        return _in_sqlite(path, person), 0
    if path.suffix == ".csv" and settings.published in path.parents:
        return _in_frames(person, [pl.read_csv(path, infer_schema=False)])
    said = person.mentions(f"/{path.stem}") + person.mentions(text_of(path))
    if settings.landing in path.parents and path.parent.name != "manifests":
        # Their own records are known to be empty: each file was read back when it was rewritten.
        return 0, said
    return said, 0


def _in_frames(person: Person, frames: Iterator[pl.DataFrame] | list[pl.DataFrame]) -> tuple[int, int]:
    found = mentions = 0
    for frame in frames:
        rest = frame
        if {"platform", "profile_id"} <= set(frame.columns):
            names = frame.with_columns(
                pl.lit(None, dtype=pl.String).alias(name) for name in IDENTITY if name not in frame.columns
            )
            theirs = person.mask(names.select(*IDENTITY), date.max)
            found += int(theirs.sum())
            rest = frame.filter(~theirs).drop(IDENTITY, strict=False)
        mentions += sum(person.mentions(cell) for cell in _cells(rest) if not cell.isalnum())
    return found, mentions


def _in_sqlite(path: Path, person: Person) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as database:
        database.create_function("says", 1, lambda text: dagster_storage.says(text, person))
        return sum(
            database.execute(f"SELECT count(*) FROM {identifier(table)} WHERE says({identifier(column)})").fetchone()[0]
            for table, column in list(dagster_storage.texts(database))
        )


def _parquet(path: Path) -> Iterator[pl.DataFrame]:
    with pq.ParquetFile(path) as file:
        for group in range(file.metadata.num_row_groups):
            yield pl.DataFrame(file.read_row_group(group))


def _cells(frame: pl.DataFrame) -> Iterator[str]:
    for column in frame.iter_columns():
        if column.dtype == pl.String:
            yield from column.drop_nulls().unique().to_list()


def _text(content: bytes) -> str:
    if content.startswith(b"\x1f\x8b"):
        return _text(gzip.decompress(content))
    if content.startswith(b"\x28\xb5\x2f\xfd"):
        return _text(pa.input_stream(io.BytesIO(content), compression="zstd").read())
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(f"/{name}\n{_text(archive.read(name))}" for name in archive.namelist())
    if content.startswith(b"PAR1"):
        return "\n".join(_cells(pl.DataFrame(pq.read_table(io.BytesIO(content)))))
    encoding = text_encoding(content[:4], "utf-8")
    return content.decode(encoding, errors="replace")
