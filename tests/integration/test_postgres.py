"""The published tables in a real PostgreSQL database: equal cells, and swaps without lost or blocked reads."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from assets.publishing import postgres
from assets.publishing.postgres import Loaded, PostgresError
from assets.publishing.publish_protocol import FILE_NAME
from schemas.config import sources_file
from schemas.config.sources_file import SourcesError
from schemas.published import TABLES, published_columns
from tests.factories.command import Command
from tests.factories.postgres_server import PASSWORD, Postgres
from tests.factories.published_home import Home

PATIENCE_SECONDS = 60
HOSTILE = [
    '{"a": "quo""te"}',
    "line\nfeed\r\n",
    "\\N",
    "",
    "tab\tcomma,",
    "👩‍👩‍👧 é",
    "'; DROP SCHEMA smallvoices; --",
    "nul\0l",
]


@dataclass(frozen=True)
class Database:
    """A separate database for each test, and its publisher."""

    server: Postgres
    name: str
    file: Path
    again: Callable[[], object]

    @property
    def address(self) -> str:
        """Returns the address in the form of sources.yaml."""
        return self.server.address(self.name)

    def publish(self) -> Loaded:
        """Publishes the generation of the file to the database."""
        return postgres.publish(self.address, self.file)

    def query(self, statement: str, user: str = "keeper") -> list[tuple[Any, ...]]:
        """Returns rows of a statement, over a separate connection."""
        with self.server.connect(self.name, user) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@pytest.fixture
def database(
    postgres_server: Postgres, home: Home, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Database:
    """Creates an empty database; `again` publishes the next generation of the file."""
    monkeypatch.setenv("PG_PASSWORD", PASSWORD)
    name = f"t{abs(hash(request.node.name)) % 10**9}"
    with postgres_server.connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return Database(postgres_server, name, home.published / FILE_NAME, home.publish)


def names(table: str) -> str:
    return ", ".join(f'"{column.name}"' for column in published_columns(TABLES[table]))


def cells(database: Database) -> dict[str, list[Any]]:
    return {table: database.query(f"SELECT {names(table)} FROM smallvoices.{table}") for table in TABLES}


def test_database_has_every_cell_and_comment_of_the_file(database: Database) -> None:
    loaded = database.publish()
    assert loaded.kept == ()
    with duckdb.connect(str(database.file), read_only=True) as published:
        for table, found in cells(database).items():
            meant = published.execute(f"SELECT {names(table)} FROM {table}").fetchall()
            assert sorted(map(repr, found)) == sorted(map(repr, meant)), table
        comments = dict(
            published.execute(
                "SELECT table_name || '.' || column_name, comment FROM duckdb_columns() "
                "WHERE schema_name = 'main' AND database_name = current_database()"
            ).fetchall()
        )
    told = database.query(
        "SELECT relname || '.' || attname, col_description(c.oid, attnum) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid "
        "WHERE relnamespace = to_regnamespace('smallvoices') AND attnum > 0"
    )
    assert dict(told) == comments
    assert database.publish() == loaded


def test_hostile_text_arrives_unchanged(database: Database, tmp_path: Path) -> None:
    copy = tmp_path / FILE_NAME
    copy.write_bytes(database.file.read_bytes())
    with duckdb.connect(str(copy)) as published:
        for place, text in enumerate(HOSTILE, start=1):
            published.execute("UPDATE micro_influencers SET display_name = ? WHERE rank = ?", [text, place])
        published.execute("UPDATE micro_influencers SET display_name = NULL WHERE rank = 20")
    postgres.publish(database.address, copy)
    found = database.query("SELECT display_name FROM smallvoices.micro_influencers WHERE rank <= 8 ORDER BY rank")
    assert [row[0] for row in found] == [text.replace("\0", "") for text in HOSTILE]
    assert database.query("SELECT display_name FROM smallvoices.micro_influencers WHERE rank = 20") == [(None,)]


def keep_reading(
    database: Database, place: int, seen: list[tuple[Any, ...]], wrong: list[object], is_over: threading.Event
) -> None:
    """Reads all tables until stopped: single statements, two in an old snapshot, and over new connections."""
    everything = " + ".join(f"(SELECT count(*) FROM smallvoices.{table})" for table in TABLES if table != "_meta")
    statement = (
        f"SELECT generation, rows, {everything}, (SELECT min(generation) FROM smallvoices._meta) FROM smallvoices._meta"
    )
    isolation = "REPEATABLE READ" if place == 1 else "READ COMMITTED"
    connection = database.server.connect(database.name)
    try:
        while not is_over.is_set():
            if place == 0:
                connection.close()
                connection = database.server.connect(database.name)
            connection.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
            if place == 1:
                connection.execute("SELECT count(*) FROM pg_class")
            row = connection.execute(statement.encode()).fetchall()[0]
            connection.execute("COMMIT")
            seen.append(row)
    except psycopg.Error as error:
        wrong.append(error)
    finally:
        connection.close()


@pytest.mark.skipif(
    "SMALLVOICES_POSTGRES_READERS" not in os.environ, reason="a proof of its own: `make postgres-readers`"
)
def test_readers_see_one_complete_generation_during_swaps(database: Database) -> None:
    database.publish()
    first = database.query("SELECT generation FROM smallvoices._meta")[0][0]
    rows = database.query("SELECT rows FROM smallvoices._meta")[0][0]
    seen: list[list[tuple[Any, ...]]] = [[] for _ in range(4)]
    wrong: list[object] = []
    is_over = threading.Event()
    readers = [
        threading.Thread(target=keep_reading, args=[database, place, seen[place], wrong, is_over], daemon=True)
        for place in range(len(seen))
    ]
    for reader in readers:
        reader.start()
    for number in range(1, 4):
        database.again()
        database.publish()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not wrong and not all(rows_seen and rows_seen[-1][0] == first + number for rows_seen in seen):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    is_over.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    for rows_seen in seen:
        assert {row[1:3] for row in rows_seen} == {(rows, rows)}
        assert all(row[0] == row[3] for row in rows_seen)
        assert [row[0] for row in rows_seen] == sorted(row[0] for row in rows_seen)
    assert database.query("SELECT generation FROM smallvoices._meta") == [(first + 3,)]
    # A generation with a reader has stayed, until a publish finds it without readers.
    database.again()
    assert database.publish().kept == ()
    assert database.query("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'smallvoices%'") == [(1,)]


def test_long_running_reader_keeps_its_generation_without_blocking(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_SWAP_SECONDS", 1)
    monkeypatch.setattr(postgres, "_DROP_MILLISECONDS", 100)
    before = database.publish().generation
    with database.server.connect(database.name) as reader, reader.transaction():
        reader.execute("DECLARE long CURSOR FOR SELECT rank FROM smallvoices.micro_influencers")
        database.again()
        kept = database.publish().kept
        assert kept == (
            f"schema smallvoices_before_{before} is still being read, and will be dropped by a later publish",
        )
        assert database.query("SELECT generation FROM smallvoices._meta") == [(before + 1,)]
        assert reader.execute("FETCH ALL FROM long").rowcount > 100
    database.again()
    assert database.publish().kept == ()


def test_privileges_are_copied_and_foreign_views_are_kept(database: Database) -> None:
    database.publish()
    database.query(f"CREATE ROLE \"BI team\" LOGIN PASSWORD '{PASSWORD}'")
    for grant in ("USAGE ON SCHEMA smallvoices", "SELECT ON smallvoices.micro_influencers"):
        database.query(f'GRANT {grant} TO "BI team"')
    database.query("CREATE VIEW public.best AS SELECT * FROM smallvoices.micro_influencers WHERE rank <= 40")
    database.again()
    kept = database.publish().kept
    assert len(database.query("SELECT rank FROM smallvoices.micro_influencers", user="BI team")) > 100
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.query("SELECT * FROM smallvoices.accounts", user="BI team")
    assert len(kept) == 1
    assert "view best depends on table smallvoices_before_" in kept[0]
    assert database.query("SELECT count(*) FROM public.best") == [(40,)]
    database.query('DROP OWNED BY "BI team"; DROP ROLE "BI team"')


def test_generation_with_tables_of_another_contract_is_replaced(database: Database) -> None:
    database.publish()
    # An earlier contract: one table was removed since, and one did not exist yet.
    database.query(
        "ALTER TABLE smallvoices.tier_benchmarks RENAME TO benchmarks_of_contract_1; DROP TABLE smallvoices.contacts"
    )
    database.again()
    assert database.publish().kept == ()
    assert database.query("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'smallvoices%'") == [(1,)]
    assert set(cells(database)) == set(TABLES)


def test_earlier_generation_with_other_tables_is_dropped_after_its_last_reader(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "_SWAP_SECONDS", 1)
    monkeypatch.setattr(postgres, "_DROP_MILLISECONDS", 100)
    before = database.publish().generation
    database.query(
        "ALTER TABLE smallvoices.tier_benchmarks RENAME TO benchmarks_of_contract_1; DROP TABLE smallvoices.contacts"
    )
    with database.server.connect(database.name) as reader, reader.transaction():
        reader.execute("SELECT rank FROM smallvoices.micro_influencers LIMIT 1")
        database.again()
        assert f"schema smallvoices_before_{before} is still being read" in database.publish().kept[0]
    database.again()
    assert database.publish().kept == ()


def test_foreign_table_in_the_schema_is_kept(database: Database) -> None:
    before = database.publish().generation
    database.query("CREATE TABLE smallvoices.theirs AS SELECT 1 AS note")
    database.again()
    kept = database.publish().kept
    assert len(kept) == 1
    assert f"table smallvoices_before_{before}.theirs depends on schema" in kept[0]
    assert database.query(f"SELECT note FROM smallvoices_before_{before}.theirs") == [(1,)]


def test_later_generation_and_foreign_schema_are_not_replaced(database: Database, tmp_path: Path) -> None:
    shown = database.publish().generation
    copy = tmp_path / FILE_NAME
    copy.write_bytes(database.file.read_bytes())
    with duckdb.connect(str(copy)) as older:
        older.execute("UPDATE _meta SET snapshot_date = snapshot_date - 1")
    with pytest.raises(PostgresError, match=f"already shows generation {shown} of 2026-10-31, later than"):
        postgres.publish(database.address, copy)
    database.query("DROP SCHEMA smallvoices CASCADE; CREATE SCHEMA smallvoices; CREATE TABLE smallvoices.theirs ()")
    with pytest.raises(PostgresError, match="not ours to replace"):
        database.publish()
    assert database.query("SELECT count(*) FROM smallvoices.theirs") == [(0,)]
    assert database.query("SELECT to_regnamespace('smallvoices_next')") == [(None,)]


def test_command_publishes_to_database_and_survives_its_outage(
    database: Database, smallvoices: Command, samples: Path, after_the_night: Path, tmp_path: Path
) -> None:
    with samples.open("a", encoding="utf-8") as file:
        file.write(f"publish_to: {database.address}\n")
    run = smallvoices("publish")
    assert run.code == 0, run.err
    assert database.query("SELECT snapshot_date FROM smallvoices._meta") == [(date(2026, 10, 31),)]
    wrong = smallvoices("publish", PG_PASSWORD=f"not {PASSWORD}")
    assert wrong.code == 1
    assert "publish_to: PostgreSQL says: connection failed: " in wrong.err
    assert 'password authentication failed for user "keeper"' in wrong.err
    assert "the published file is new all the same" in wrong.err
    with duckdb.connect(str(tmp_path / "home/published" / FILE_NAME), read_only=True) as published:
        assert published.execute("SELECT generation FROM _meta").fetchall() == [(3,)]
    assert smallvoices("publish").code == 0
    assert database.query("SELECT generation FROM smallvoices._meta") == [(4,)]
    written = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    told = (run.out + run.err + wrong.out + wrong.err).encode()
    assert b"nightingale" not in written + told


def test_unset_variable_is_named(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PG_PASSWORD")
    with pytest.raises(PostgresError, match="publish_to: environment variable PG_PASSWORD is not set"):
        database.publish()


@pytest.mark.parametrize(
    "address, told",
    [
        ("postgresql://me:secret@h/db", "has a password written out"),
        ("postgresql://h/db?user=me&password=secret", "has a password written out"),
        ("mysql://h/db", "must begin with postgresql://"),
        ("[1, 2]", "must begin with postgresql://"),
    ],
)
def test_unusable_address_is_reported_before_pulling(samples: Path, address: str, told: str) -> None:
    with samples.open("a", encoding="utf-8") as file:
        file.write(f"publish_to: {address}\n")
    with pytest.raises(SourcesError) as mistake:
        sources_file.load(samples)
    assert f"publish_to: {told}" in str(mistake.value)
    assert "secret" not in str(mistake.value)


@pytest.mark.parametrize(
    "address", ["postgresql://h:5432/db", "postgresql:///db?host=/run/pg", "postgres://me:${X}@h/db"]
)
def test_address_without_password_is_accepted(samples: Path, address: str) -> None:
    with samples.open("a", encoding="utf-8") as file:
        file.write(f'publish_to: "{address}"\n')
    assert sources_file.load(samples).publish_to == address
