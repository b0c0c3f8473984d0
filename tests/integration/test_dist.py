"""The wheel, installed without a checkout: it starts a project, and publishes a table from it."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.conftest import REPOSITORY

UV = str(Path(sys.executable).with_name("uv"))
# Variables that would let the checkout be found.
HIDDEN = ("SMALLVOICES_", "DAGSTER_", "PYTHONPATH", "VIRTUAL_ENV")

pytestmark = pytest.mark.proof


def run(folder: Path, *command: str | Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=1800
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of an environment's programs: the locked packages, and the wheel."""
    folder = tmp_path_factory.mktemp("installed")
    run(REPOSITORY, UV, "build", "--quiet", "--no-build-isolation", "--python", sys.executable, "--out-dir", folder)
    assert len(list(folder.glob("*.tar.gz"))) == 1
    (wheel,) = folder.glob("*.whl")
    run(folder, UV, "venv", "--quiet", "--python", sys.executable, "environment")
    python = folder / "environment/bin/python"
    install = (UV, "pip", "install", "--quiet", "--python", python)
    run(folder, *install, "--require-hashes", "-r", REPOSITORY / "requirements.lock")
    run(folder, *install, "--no-deps", wheel)
    return python.parent


def test_project_from_the_wheel_publishes_its_samples(installed: Path, tmp_path: Path) -> None:
    smallvoices = installed / "smallvoices"
    where = run(tmp_path, installed / "python", "-c", "import assets, pipelines, schemas; print(schemas.__file__)")
    assert where.startswith(str(installed.parent))
    run(tmp_path, smallvoices, "init", "mine", "--samples")
    run(tmp_path / "mine", smallvoices, "nightly", "--date", "newest")
    with duckdb.connect(str(tmp_path / "mine/data/published/micro_influencers.duckdb"), read_only=True) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM micro_influencers").fetchall()
    assert count == 229
    assert (tmp_path / "mine/data/published/report.html").stat().st_size > 500_000
    assert "shape yoo_2018" in run(tmp_path / "mine", smallvoices, "sources", "--date", "newest")
    assert "tempo_attic" in run(tmp_path / "mine", smallvoices, "explain", "instagram", "tempo_attic")
    inspected = run(tmp_path / "mine", smallvoices, "inspect", "samples/agency/2026-10-31.csv", "--shape", "yoo_2018")
    assert "followers" in inspected


def test_dagster_loads_the_code_location_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    run(tmp_path, installed / "smallvoices", "init", "mine", "--samples")
    find = "from pathlib import Path; import pipelines; print(Path(pipelines.__file__).parent)"
    workspace = Path(run(tmp_path, installed / "python", "-c", find).strip()) / "instance/workspace.yaml"
    run(tmp_path / "mine", installed / "dagster", "definitions", "validate", "-w", workspace)
