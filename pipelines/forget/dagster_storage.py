"""The run data of Dagster: SQLite files and logs in the home, or PostgreSQL.

Belongs here: redacting a person in the files, so that runs and their state stay. Does not: matching texts
(`dagster_texts`), or PostgreSQL (`dagster_postgres`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pipelines.forget import dagster_postgres
from pipelines.forget.dagster_texts import cleaned, says, without
from pipelines.forget.person import Person
from schemas.quoting import identifier
from schemas.settings import Settings

_WAIT_SECONDS = 60


def blot_out(settings: Settings, person: Person) -> int:
    """Removes every mention of a person.

    Args:
        settings: Where Dagster's home is, and whether it keeps runs in PostgreSQL.
        person: The person.

    Returns:
        The number of changed texts.

    Raises:
        PostgresError: The storage is in PostgreSQL, which cannot be reached or written to.
    """
    folder = settings.dagster_home
    changed = sum(_in_database(path, person) for path in sorted(folder.rglob("*.db")) if path.is_file())
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in (".err", ".out", ".log"):
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            if person.is_named_in(text):
                path.write_text(without(text, person), encoding="utf-8", errors="surrogateescape")
                changed += 1
    return changed + (dagster_postgres.blot_out(person) if settings.dagster_in_postgres else 0)


def count_in_database(path: Path, person: Person) -> int:
    """Counts the cells of a SQLite file that mention a person."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=_WAIT_SECONDS)) as database:
        database.create_function("says", 1, lambda text: says(text, person))
        return sum(
            database.execute(f"SELECT count(*) FROM {identifier(table)} WHERE says({identifier(column)})").fetchone()[0]
            for table, column in list(_texts(database))
        )


def _texts(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yields every (table, column) of a database, without system tables."""
    for (table,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall():
        for column in database.execute(f"PRAGMA table_info({identifier(table)})").fetchall():
            yield table, column[1]


def _in_database(path: Path, person: Person) -> int:
    changed = 0
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as database:
        # Otherwise freed pages would keep the text.
        database.execute("PRAGMA secure_delete = ON")
        database.create_function("says", 1, lambda text: says(text, person))
        for table, column in list(_texts(database)):
            cell = identifier(column)
            rows = database.execute(
                f"SELECT rowid, {cell} FROM {identifier(table)} WHERE typeof({cell}) = 'text' AND says({cell})"
            ).fetchall()
            database.executemany(
                f"UPDATE {identifier(table)} SET {cell} = ? WHERE rowid = ?",
                [(cleaned(text, person), row) for row, text in rows],
            )
            changed += len(rows)
        database.commit()
        if changed:
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed
