"""A small DuckDB file for readers that stay connected for days.

Belongs here: `latest.duckdb`, whose views read the Parquet files of the generation that the link `latest` names when a
query begins. The file itself changes only with the contract or the folder, so that an open connection sees new
generations. Each view reads one whole generation; `_meta` names it.
"""

from pathlib import Path

import duckdb

from assets.publishing.duckdb_file import STORAGE_VERSION
from assets.storage import atomic_write
from schemas.describe import columns, summary
from schemas.published import TABLES
from schemas.quoting import identifier, literal

FILE_NAME = "latest.duckdb"
LINK = "latest"


def write(published: Path) -> None:
    """Writes the file, unless an equal one exists: clients that have it open must not lose it."""
    path, aside = published / FILE_NAME, published / f".build-{FILE_NAME}"
    aside.unlink(missing_ok=True)
    with atomic_write.naming_duckdb(aside), duckdb.connect(":memory:") as connection:
        connection.execute(f"ATTACH {literal(aside)} AS views (STORAGE_VERSION '{STORAGE_VERSION}')")
        # One commit for all of it, instead of a write to disk for each comment.
        connection.execute("BEGIN")
        for table, model in TABLES.items():
            file = literal(published.resolve() / LINK / f"{table}.parquet")
            view = f"views.main.{identifier(table)}"
            connection.execute(f"CREATE VIEW {view} AS SELECT * FROM read_parquet({file})")
            connection.execute(f"COMMENT ON VIEW {view} IS {literal(summary(model))}")
            for column in columns(model):
                connection.execute(f"COMMENT ON COLUMN {view}.{identifier(column.name)} IS {literal(column.comment)}")
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT views")
        connection.execute("DETACH views")
    # A leftover WAL of a client would be applied to this file.
    path.with_name(f"{FILE_NAME}.wal").unlink(missing_ok=True)
    if _said(path) == _said(aside):
        aside.unlink()
        return
    atomic_write.sync_file(aside)
    aside.chmod(0o444)
    aside.replace(path)


def _said(path: Path) -> list[tuple[str, str, str]] | None:
    """Returns views, columns and comments of a file, or None if it is missing or unreadable."""
    try:
        return _read(path)
    except duckdb.Error:
        return None


def _read(path: Path) -> list[tuple[str, str, str]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        views = connection.execute(
            "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        described = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
    return views + described
