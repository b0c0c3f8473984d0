"""The published tables as sources of a dbt project: dbt reads the declaration, and its tests pass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.contract import DBT_SOURCES
from schemas.published import TABLES
from tests.factories.published_home import Home

DBT = Path(sys.prefix) / "readers/dbt/bin/dbt"
PROJECT = "name: reader\nversion: 1.0.0\nprofile: reader\n"
PROFILES = """
reader:
  target: dev
  outputs:
    dev: {{type: duckdb, path: ":memory:", attach: [{{path: "{path}", read_only: true}}]}}
"""
MODEL = "select rank, handle from {{ source('smallvoices', 'micro_influencers') }}\n"


def test_dbt_finds_every_table_as_declared(ranked: Home, tmp_path: Path) -> None:
    if not DBT.exists():
        pytest.skip("dbt is not installed; run `make readers`")
    (tmp_path / "models").mkdir()
    shutil.copy(DBT_SOURCES, tmp_path / "models")
    (tmp_path / "models/first.sql").write_text(MODEL, encoding="utf-8")
    (tmp_path / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
    file = ranked.published / "micro_influencers.duckdb"
    (tmp_path / "profiles.yml").write_text(PROFILES.format(path=file), encoding="utf-8")
    done = subprocess.run(
        [DBT, "--warn-error", "--no-use-colors", "build", "--profiles-dir", tmp_path],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600,
        env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(TABLES)} sources" in done.stdout
    assert "ERROR=0" in done.stdout
