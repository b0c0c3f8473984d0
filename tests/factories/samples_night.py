"""The nightly run of the samples, run once per session in a new process, and homes that start with it.

Belongs here: the output and files of `smallvoices nightly --date newest`, for tests that read or continue it.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from schemas.settings import REPOSITORY
from tests.factories.built_once import built_once
from tests.factories.command import Command, Finished

SOURCES = """
sources:
  - {name: agency, shape: yoo_2018, url: "samples/agency/{date}.csv"}
  - {name: scraper, shape: apify_instagram, url: "samples/scraper/{date}.json"}
  - name: tiktok_team
    shape: smallvoices
    url: samples/tiktok_team/profiles-{date}.csv
    posts_url: samples/tiktok_team/posts-{date}.ndjson
"""


def write_sources(folder: Path) -> Path:
    """Writes the samples and a sources.yaml into a folder, and returns the latter."""
    (folder / "samples").symlink_to(REPOSITORY / "samples")
    path = folder / "sources.yaml"
    path.write_text(SOURCES, encoding="utf-8")
    return path


@dataclass(frozen=True)
class SamplesNight:
    """The result of the run, and its folder, which tests share read-only."""

    folder: Path
    run: Finished


def _run(folder: Path) -> None:
    write_sources(folder)
    run = Command(folder).process("nightly", "--date", "newest")
    assert run.code == 0, run.err
    (folder / "run.json").write_text(json.dumps(asdict(run)), encoding="utf-8")


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Writes synthetic exports in three shapes of 2026-10-01, 24, 30 and 31, with a sources.yaml."""
    return write_sources(tmp_path)


@pytest.fixture(scope="session")
def samples_night(tmp_path_factory: pytest.TempPathFactory) -> SamplesNight:
    """Runs the nightly run of 2026-10-31 of the samples."""
    folder = built_once(tmp_path_factory, "samples_night", _run)
    return SamplesNight(folder, Finished(**json.loads((folder / "run.json").read_text(encoding="utf-8"))))


@pytest.fixture
def after_the_night(samples_night: SamplesNight, tmp_path: Path) -> Path:
    """Returns a home of the test after that run."""
    return Path(shutil.copytree(samples_night.folder / "home", tmp_path / "home", symlinks=True))
