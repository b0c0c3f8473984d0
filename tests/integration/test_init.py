"""`smallvoices init`: its project works with all commands unchanged."""

import os
import subprocess
import sys
from pathlib import Path

import yaml
from click.testing import CliRunner

from pipelines.cli import main
from pipelines.samples import generate
from schemas.config import sources_file
from tests.conftest import REPOSITORY

SHIPPED = REPOSITORY / "samples"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs `smallvoices` in a folder, without options for home and sources."""
    command = [str(Path(sys.executable).with_name("smallvoices")), *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SMALLVOICES_")}
    return subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True, check=False, timeout=300)


def test_new_project_has_a_valid_sources_file_and_a_shape(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["init", str(tmp_path / "mine")])
    assert done.exit_code == 0, done.output
    files = {str(path.relative_to(tmp_path / "mine")) for path in (tmp_path / "mine").rglob("*") if path.is_file()}
    assert files == {"sources.yaml", "shapes/example.yaml", ".env.example", ".gitignore"}
    assert "smallvoices nightly --date newest" in done.output
    loaded = sources_file.load(tmp_path / "mine/sources.yaml")
    assert [source.name for source in loaded.sources] == ["agency"]
    text = (tmp_path / "mine/sources.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine/sources.yaml").write_text(text.replace("shape: auto ", "shape: example "), encoding="utf-8")
    assert sources_file.load(tmp_path / "mine/sources.yaml").sources[0].shape == "example"


def test_init_overwrites_no_file(tmp_path: Path) -> None:
    for name in ("sources.yaml", "shapes/example.yaml", ".env.example", ".gitignore", "samples/mine.csv"):
        folder = tmp_path / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("mine", encoding="utf-8")
        done = CliRunner().invoke(main, ["init", str(folder), "--samples"])
        assert done.exit_code == 2
        assert [path for path in folder.rglob("*") if path.is_file()] == [folder / name]
        assert (folder / name).read_text(encoding="utf-8") == "mine"


def test_project_samples_equal_those_of_the_repository(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["init", str(tmp_path), "--samples"]).exit_code == 0
    written = {path.relative_to(tmp_path / "samples") for path in (tmp_path / "samples").rglob("*") if path.is_file()}
    assert written == {path.relative_to(SHIPPED) for path in SHIPPED.rglob("*") if path.is_file()}
    assert all((tmp_path / "samples" / name).read_bytes() == (SHIPPED / name).read_bytes() for name in written)
    assert len(written) == 4 * len(generate.DATES)
    entries = [
        yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in (tmp_path / "sources.yaml", REPOSITORY / "sources.yaml")
    ]
    assert entries[0] == entries[1]


def test_commands_in_a_project_folder_use_its_sources_file(tmp_path: Path) -> None:
    assert run(tmp_path, "init", "mine").returncode == 0
    folder = tmp_path / "mine"
    (folder / "exports").mkdir()
    rows = "".join(f"h{number},{2000 + number},{90 + number},5\n" for number in range(40))
    (folder / "exports/2026-11-20.csv").write_text(f"username,followers,average likes,average comments\n{rows}")
    checked = run(folder, "sources", "--date", "newest")
    assert (checked.returncode, checked.stdout.splitlines()[0]) == (0, "agency (shape auto)"), checked.stderr
    night = run(folder, "nightly", "--date", "newest")
    assert night.returncode == 0, night.stderr
    assert (folder / "data/published/micro_influencers.duckdb").exists()
    assert "--home" not in run(folder, "doctor").stdout
