"""The published contract: it matches the built tables, and changes only with its version."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from open_data_contract_standard.model import OpenDataContractStandard

from assets.column_lineage import column_sources
from assets.tables import TABLES as COMPUTED
from assets.tables import TableSpec, columns_of
from schemas import contract, dbt_sources
from schemas.describe import polars_schema
from schemas.published import CONTRACT_VERSION, TABLES, Accounts
from tests.conftest import REPOSITORY
from tests.factories.samples_night import SamplesNight


def test_committed_contract_and_dictionary_match_the_models() -> None:
    remedy = "run `make contract`; a released version needs the next CONTRACT_VERSION in schemas/published.py"
    committed = contract.contract_file(CONTRACT_VERSION)
    assert committed.read_text(encoding="utf-8") == contract.as_yaml(contract.contract()), remedy
    assert contract.DICTIONARY.read_text(encoding="utf-8") == contract.dictionary(), "run `make contract`"
    sources = contract.as_yaml(dbt_sources.document())
    assert contract.DBT_SOURCES.read_text(encoding="utf-8") == sources, "run `make contract`"
    assert f"Contract version {CONTRACT_VERSION}" in (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")


def test_released_contract_version_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contract, "CONTRACT_IS_OPEN", False)
    monkeypatch.setattr(contract, "DOCS", tmp_path)
    monkeypatch.setattr(contract, "DICTIONARY", tmp_path / "data_dictionary.md")
    path = contract.contract_file(CONTRACT_VERSION)
    path.write_text("something else\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="raise CONTRACT_VERSION"):
        contract.main()
    assert path.read_text(encoding="utf-8") == "something else\n"


def test_contract_validates_with_the_odcs_model() -> None:
    read = OpenDataContractStandard.from_file(str(contract.contract_file(CONTRACT_VERSION)))
    assert read.version == f"{CONTRACT_VERSION}.0.0"
    assert [table.name for table in read.schema_ or []] == list(TABLES)
    assert all(column.description for table in read.schema_ or [] for column in table.properties or [])


def test_published_file_matches_the_contract(samples_night: SamplesNight) -> None:
    path = samples_night.folder / "home/published/micro_influencers.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal "
            "ORDER BY table_name, column_name"
        ).fetchall()
    document = yaml.safe_load(contract.contract_file(CONTRACT_VERSION).read_text(encoding="utf-8"))
    promised = [
        (table["name"], column["name"], column["physicalType"])
        for table in document["schema"]
        for column in table["properties"]
    ]
    assert found == sorted(promised)


def test_contract_generator_runs_as_a_command() -> None:
    done = subprocess.run([sys.executable, "-m", "schemas.contract"], cwd=REPOSITORY, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("spec", COMPUTED, ids=lambda spec: spec.name)
def test_computed_column_lineage_reaches_input_columns(spec: TableSpec) -> None:
    sources = column_sources(spec.name, columns_of(spec.upstream))
    assert set(sources) == set(polars_schema(spec.model))
    assert {table for found in sources.values() for table, _ in found} <= {*spec.upstream, *spec.reference, "earlier"}
    counts_and_constants = {"accounts", "basis", "creator_accounts", "earlier_snapshots", "metric"}
    assert {name for name, found in sources.items() if not found} <= counts_and_constants


def test_published_column_lineage_reaches_source_columns() -> None:
    sources = column_sources("published_accounts", columns_of(("ranking", "engagement", "history", "creators")))
    assert set(sources) == set(polars_schema(Accounts))
    assert [name for name, found in sources.items() if not found] == []
