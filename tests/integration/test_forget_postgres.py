"""`smallvoices erase` with Dagster's storage, the published tables, or both in a real PostgreSQL."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from assets.publishing.postgres import PostgresError
from pipelines.forget import dagster_postgres, verification
from pipelines.forget.person import Person
from pipelines.instance import home_instance
from schemas.settings import POSTGRES, Settings, SettingsError
from tests.factories.people_to_forget import ANNA, everything, export
from tests.factories.postgres_server import PASSWORD, Postgres
from tests.factories.published_home import Home

DAY = "2026-10-30"
STORAGE, PUBLISHED = "forget_storage", "forget_published"
PERSON = Person("instagram", frozenset({"900123456"}), frozenset({ANNA}))
# Texts that only the person's own records contain.
OWN_WORDS = ("my own words", "Anna Summers", f"instagram.com/{ANNA}\t", "instagram\t900123456\t")


@dataclass(frozen=True)
class Databases:
    """A home whose runs and tables are in PostgreSQL, and its server."""

    server: Postgres
    home: Home
    storage: str

    def dumps(self) -> dict[str, str]:
        """Dumps all databases."""
        return {name: self.server.dump(name) for name in (STORAGE, PUBLISHED)}


@pytest.fixture(scope="module")
def databases(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Databases:
    """Builds a ranked day of exports that name a person, and a foreign view on the published tables."""
    for name in (STORAGE, PUBLISHED):
        postgres_server.make(name)
    home = export(tmp_path_factory.mktemp("forget"), [DAY], publish_to=postgres_server.address(PUBLISHED))
    made = Databases(postgres_server, home, postgres_server.full_address(STORAGE))
    done = home.process("nightly", "--date", DAY, PG_PASSWORD=PASSWORD, **{POSTGRES: made.storage})
    assert done.returncode == 0, done.stderr
    with postgres_server.connect(PUBLISHED) as connection:
        connection.execute("CREATE VIEW public.everyone AS SELECT * FROM smallvoices.accounts")
    return made


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_PASSWORD", PASSWORD)


@pytest.mark.proof
def test_person_is_erased_from_both_databases_and_others_are_kept(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, server = databases.home, databases.server
    before = databases.dumps()
    assert ANNA in before[STORAGE]
    assert all(words in before[PUBLISHED] for words in OWN_WORDS[1:])
    with server.connect(PUBLISHED) as connection:
        accounts = connection.execute("SELECT platform, profile_id FROM smallvoices.accounts ORDER BY 1, 2").fetchall()
    # A shell that does not know the storage would find nothing there, and report that as verified.
    unaware = home.run("erase", "instagram", ANNA, "--yes")
    assert unaware.returncode == 2, unaware.stderr
    assert f"{POSTGRES}: not set, and Dagster's storage of" in unaware.stderr
    with pytest.raises(SettingsError, match="is in PostgreSQL; set it as the nightly run has it"):
        home_instance.open_instance(home.settings)

    monkeypatch.setenv(POSTGRES, databases.storage)
    done = home.run("erase", "instagram", ANNA, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["found"], told["not_opened"], told["left"]) == ({}, {}, [])
    assert told["blotted"] > 0
    after = databases.dumps()
    for words in OWN_WORDS:
        assert not [name for name, dump in after.items() if words in dump], words
    assert not [line for line in after[STORAGE].splitlines() if f" {ANNA} " in line or f"@{ANNA}" in line]
    # A namesake on another platform is still published, and the view that kept the generation shows all others.
    with server.connect(PUBLISHED) as connection:
        for table in ("smallvoices.accounts", "public.everyone"):
            shown = connection.execute(f"SELECT platform, profile_id FROM {table} ORDER BY 1, 2".encode()).fetchall()
            assert shown == [row for row in accounts if row != ("instagram", "900123456")]
        kept = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'smallvoices%'").fetchall()
        assert kept == [(2,)]
    with server.connect(STORAGE) as connection:
        ended = connection.execute("SELECT status, count(*) FROM runs GROUP BY 1").fetchall()
        assert [status for status, _ in ended] == ["SUCCESS"]
    assert PASSWORD.encode() not in everything(home.folder)


def test_only_dagster_tables_are_searched_and_all_of_them(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    postgres_server.make("forget_tables")
    monkeypatch.setenv(POSTGRES, postgres_server.full_address("forget_tables"))
    with home_instance.open_instance(Settings(tmp_path / "home", tmp_path / "sources.yaml", dagster_in_postgres=True)):
        pass
    with postgres_server.connect("forget_tables") as connection:
        columns = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND data_type IN ('text', 'character varying', 'json', 'jsonb') ORDER BY 1, 2"
        ).fetchall()
        with dagster_postgres.connected() as database:
            seen = [(table, column) for table, found in dagster_postgres.columns_of_text(database) for column in found]
        assert sorted(seen) == [pair for pair in columns if pair[0] != "alembic_version"]
        # A foreign table in the same database is not touched.
        connection.execute("CREATE TABLE diary (entry text)")
        connection.execute("INSERT INTO diary VALUES (%s)", [f"met @{ANNA} today"])
        connection.execute(
            "INSERT INTO kvs (key, value) VALUES ('note', %s), ('name', %s)", [f"met @{ANNA} today", ANNA]
        )
        connection.execute("INSERT INTO run_tags (key, value) VALUES (%s, %s)", [f"for @{ANNA} a", f"for @{ANNA} b"])
        assert dagster_postgres.search(PERSON) == {"kvs.value": 1, "run_tags.key": 1, "run_tags.value": 1}
        assert dagster_postgres.blot_out(PERSON) == 3
        assert dagster_postgres.search(PERSON) == {}
        assert connection.execute("SELECT value FROM kvs WHERE key IN ('note', 'name') ORDER BY key").fetchall() == [
            (ANNA,), ("(erased)",)
        ]  # fmt: skip
        assert connection.execute("SELECT entry FROM diary").fetchall() == [(f"met @{ANNA} today",)]


def test_unsearchable_database_fails_verification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(POSTGRES, "postgresql+psycopg2://keeper:canary@127.0.0.1:1/nowhere")
    settings = Settings(tmp_path / "home", tmp_path / "sources.yaml", dagster_in_postgres=True)
    settings.home.mkdir()
    found = verification.search(settings, "postgresql://keeper:${PG_PASSWORD}@127.0.0.1:1/nowhere", PERSON)
    assert sorted(found.closed) == ["Dagster's storage in PostgreSQL", "PostgreSQL"]
    assert not found.holds
    assert not [said for said in found.closed.values() if "canary" in said or "nightingale" in said]
    with pytest.raises(PostgresError, match="Connection refused"):
        dagster_postgres.blot_out(PERSON)
