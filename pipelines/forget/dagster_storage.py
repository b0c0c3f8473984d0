"""What Dagster keeps of a person: previews, explanations and errors in its events, and logs of runs.

Belongs here: blotting that out in Dagster's SQLite files and log files, so that runs and their state stay. In a table
the person's lines go; a text that is about them goes as a whole. Names of assets, steps and runs are left alone: a
handle may be any word.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pipelines.forget.person import Person
from schemas.quoting import identifier

GONE = "(forgotten)"
_WAIT_SECONDS = 60


def databases(folder: Path) -> list[Path]:
    """Dagster's SQLite files."""
    return sorted(path for path in folder.rglob("*.db") if path.is_file())


def blot_out(folder: Path, person: Person) -> int:
    """Removes what is said of a person.

    Args:
        folder: Dagster's home.
        person: Whom.

    Returns:
        How many texts were changed.
    """
    changed = sum(_in_database(path, person) for path in databases(folder))
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in (".err", ".out", ".log"):
            text = path.read_text(encoding="utf-8", errors="surrogateescape")
            if person.is_named_in(text):
                path.write_text(_without(text, person), encoding="utf-8", errors="surrogateescape")
                changed += 1
    return changed


def says(text: object, person: Person) -> bool:
    """Whether a cell of Dagster's storage says something of a person, beyond names of assets and runs."""
    if not isinstance(text, str) or not person.is_named_in(text):
        return False
    return _cleaned(text, person) != text


def texts(database: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Every (table, column) of a database; system tables left out."""
    for (table,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall():
        for column in database.execute(f"PRAGMA table_info({identifier(table)})").fetchall():
            yield table, column[1]


def _in_database(path: Path, person: Person) -> int:
    changed = 0
    with closing(sqlite3.connect(path, timeout=_WAIT_SECONDS)) as database:
        # Freed pages would keep the text otherwise.
        database.execute("PRAGMA secure_delete = ON")
        database.create_function("says", 1, lambda text: says(text, person))
        for table, column in list(texts(database)):
            cell = identifier(column)
            rows = database.execute(
                f"SELECT rowid, {cell} FROM {identifier(table)} WHERE typeof({cell}) = 'text' AND says({cell})"
            ).fetchall()
            database.executemany(
                f"UPDATE {identifier(table)} SET {cell} = ? WHERE rowid = ?",
                [(_cleaned(text, person), row) for row, text in rows],
            )
            changed += len(rows)
        database.commit()
        if changed:
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return changed


def _cleaned(text: str, person: Person) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        return _without(text, person)
    if not isinstance(document, (dict, list)):
        return text
    cleaned = _walked(document, person)
    return text if cleaned == document else json.dumps(cleaned)


def _walked(value: Any, person: Person) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _walked(child, person) for key, child in value.items()}
    if isinstance(value, list):
        return [_walked(item, person) for item in value]
    return _without(value, person) if isinstance(value, str) else value


def _without(text: str, person: Person) -> str:
    if not any(mark in text for mark in " |\n\t") or not person.is_named_in(text):
        return text
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip() and not line.startswith("```")), "")
    if not first.startswith("|") and person.is_named_in(first):
        return GONE
    return "".join(
        line if not person.is_named_in(line) else "" if line.startswith("|") else f"{GONE}\n" for line in lines
    )
