"""Published tables that grow by a day a night, kept between publishes: a night adds its day to what is there.

Belongs here: the DuckDB file that such tables lie in, and bringing it up to what the lake holds. Does not: the rest of
a generation's file (`published_file`), which begins as a copy of this one.

The file says which lake file, in which state, each day was made from. Where a day was made from another one, or a new
day does not follow all that are there, everything is built anew in a new file: of who was forgotten nothing stays.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from assets.storage import atomic_write
from pipelines.naming_table import naming_table
from schemas.quoting import literal

_MADE_FROM = "made_from"


@dataclass(frozen=True)
class Days:
    """What a table is made of.

    Attributes:
        select: Its rows, those of a `snapshot_date` together, oldest first.
        made_from: Per day, what tells the lake file that its rows come from, and its state.
    """

    select: str
    made_from: Mapping[date, str]


def begin(
    connection: duckdb.DuckDBPyConnection, kept: Path, path: Path, tables: Mapping[str, Days], storage_version: str
) -> None:
    """Begins the DuckDB file of a generation with these tables, and attaches it as `pub`.

    Args:
        connection: Where the SELECTs can be run.
        kept: Where the tables are kept; made where it is not there.
        path: The file of the generation; there is none yet.
        tables: Name to what it is made of.
        storage_version: The form of both files.

    Raises:
        ContractError: A table cannot be built.
    """
    attached = f"(STORAGE_VERSION {literal(storage_version)})"
    with atomic_write.naming_duckdb(kept):
        try:
            is_current = kept.exists() and _grown(connection, kept, attached, tables)
        except duckdb.Error as error:
            if atomic_write.is_of_disk(error):
                raise
            is_current = False  # What is built anew does not have what is wrong with it.
        if not is_current:
            drop(kept)
            _build(connection, kept, attached, tables)
    with atomic_write.naming(path):
        shutil.copyfile(kept, path)
    connection.execute(f"ATTACH {literal(path)} AS pub {attached}")
    connection.execute(f"DROP TABLE pub.main.{_MADE_FROM}")


def drop(kept: Path) -> None:
    """Has the next publish build the tables anew."""
    for path in (kept, kept.with_name(f"{kept.name}.wal")):
        path.unlink(missing_ok=True)


def _grown(connection: duckdb.DuckDBPyConnection, kept: Path, attached: str, tables: Mapping[str, Days]) -> bool:
    """Lets go of the days that are no longer wanted and adds those that are new; tells whether that is enough."""
    with _changing(connection, kept, attached):
        there: dict[str, dict[date, str]] = {name: {} for name in tables}
        for name, day, state in connection.execute(f"SELECT * FROM kept.main.{_MADE_FROM}").fetchall():
            there.setdefault(name, {})[day] = state
        for name, days in tables.items():
            oldest, newest = min(days.made_from), max(there[name], default=date.min)
            stays = {day: state for day, state in days.made_from.items() if day <= newest}
            if not stays or stays != {day: state for day, state in there[name].items() if day >= oldest}:
                return False
            connection.execute(f"DELETE FROM kept.main.{name} WHERE snapshot_date < {literal(oldest)}")
            connection.execute(
                f"INSERT INTO kept.main.{name} SELECT * FROM ({days.select}) WHERE snapshot_date > {literal(newest)}"
            )
        _note(connection, tables)
    return True


def _build(connection: duckdb.DuckDBPyConnection, kept: Path, attached: str, tables: Mapping[str, Days]) -> None:
    with _changing(connection, kept, attached):
        for name, days in tables.items():
            with naming_table(name):
                connection.execute(f"CREATE TABLE kept.main.{name} AS {days.select}")
        _note(connection, tables)


def _note(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Days]) -> None:
    """Writes down what each day was made from."""
    connection.execute(f'CREATE OR REPLACE TABLE kept.main.{_MADE_FROM} ("table" VARCHAR, day DATE, state VARCHAR)')
    rows = [(name, day, state) for name, days in tables.items() for day, state in days.made_from.items()]
    connection.executemany(f"INSERT INTO kept.main.{_MADE_FROM} VALUES (?, ?, ?)", rows)


@contextmanager
def _changing(connection: duckdb.DuckDBPyConnection, kept: Path, attached: str) -> Iterator[None]:
    """Changes the file as a whole or not at all."""
    connection.execute(f"ATTACH {literal(kept)} AS kept {attached}")
    try:
        connection.execute("BEGIN")
        yield
        connection.execute("COMMIT")
        connection.execute("CHECKPOINT kept")
    except BaseException:
        with suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise
    finally:
        with suppress(duckdb.Error):
            connection.execute("DETACH kept")
