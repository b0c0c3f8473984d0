"""The container files: linted, complete, and run step by step without an engine."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.cli import main
from tests.conftest import REPOSITORY

DOCKERFILE = REPOSITORY / "deploy/Dockerfile"
HADOLINT = Path(sys.prefix) / "readers/hadolint/bin/hadolint"
START_SECONDS = 300


def instructions() -> Iterator[tuple[str, str]]:
    """Returns name and arguments of each instruction, with continued lines joined."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            name, _, arguments = line.partition(" ")
            yield name, " ".join(arguments.split())


def arguments_of(name: str) -> list[str]:
    return [arguments for found, arguments in instructions() if found == name]


def copied() -> list[tuple[str, str]]:
    """Returns source and destination of each copy from the checkout."""
    found = [each.split() for each in arguments_of("COPY") if not each.startswith("--from")]
    return [(source, words[-1]) for words in found for source in words[:-1]]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((REPOSITORY / "deploy/compose.yaml").read_text(encoding="utf-8"))
    return document


def test_dockerfile_passes_the_linter() -> None:
    if not HADOLINT.exists():
        pytest.skip("hadolint is not installed; run `make hadolint`")
    done = subprocess.run([HADOLINT, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_docker_build_context_contains_every_copied_file() -> None:
    let_through = {
        line.removeprefix("!") for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    assert let_through == {source for source, _ in copied()}
    assert all((REPOSITORY / source).exists() for source in let_through)


def test_every_service_has_a_health_check_and_minimal_privileges(compose: dict[str, Any]) -> None:
    assert arguments_of("USER") == ["10001:10001"]
    assert len(arguments_of("HEALTHCHECK")) == 1
    services = compose["services"]
    assert set(services) == {"webserver", "daemon", "postgres"}
    assert all("healthcheck" in services[name] for name in ("daemon", "postgres"))
    for name in ("webserver", "daemon"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
        assert "home:/data" in services[name]["volumes"]
    commands = [json.loads(arguments_of("CMD")[-1]), services["daemon"]["command"]]
    assert all(words[0] == "smallvoices" and words[1] in main.commands for words in commands)
    assert all(port.startswith("127.0.0.1:") for port in services["webserver"]["ports"])


def test_workspace_example_names_the_code_location() -> None:
    own, example = (
        yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))["load_from"][0]["python_module"]
        for name in ("pipelines/instance/workspace.yaml", "deploy/workspace_example.yaml")
    )
    assert example == own | {"executable_path": "/opt/smallvoices/.venv/bin/python"}


@pytest.mark.proof
def test_dockerfile_commands_install_and_serve(tmp_path: Path) -> None:
    places = {
        name: str(tmp_path / name.strip("/").replace("/", "_")) for name in ("/opt/smallvoices", "/data", "/project")
    }

    def here(text: str) -> str:
        for place, instead in places.items():
            text = text.replace(place, instead)
        return text

    build = tmp_path / "build"
    for source, destination in copied():
        target = build / destination if destination != "./" else build / Path(source).name
        target.parent.mkdir(parents=True, exist_ok=True)
        found = REPOSITORY / source
        shutil.copytree(found, target) if found.is_dir() else shutil.copy(found, target)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SMALLVOICES_", "PYTHONPATH"))}
    kept["PATH"] = f"{Path(sys.executable).parent}:{kept['PATH']}"
    to_run = [each for each in arguments_of("RUN") if "pip" in each]
    assert len(to_run) == 2
    for command in to_run:
        done = subprocess.run(  # noqa: S602 - the Dockerfile's own command
            here(command), shell=True, cwd=build, env=kept, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr

    environment = dict(each.split("=", 1) for each in here(arguments_of("ENV")[-1]).split())
    environment = kept | environment | {"PATH": f"{places['/opt/smallvoices']}/bin:{kept['PATH']}"}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    serve = [port if each == "3000" else each for each in json.loads(arguments_of("CMD")[-1])]
    check = json.loads(arguments_of("HEALTHCHECK")[0].partition("CMD ")[2].replace(":3000", f":{port}"))
    subprocess.run(["smallvoices", "init", places["/project"], "--samples"], env=environment, check=True)  # noqa: S607
    server = subprocess.Popen(serve, cwd=places["/project"], env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
            assert server.poll() is None
            assert time.monotonic() < deadline
            time.sleep(1)
    finally:
        server.terminate()
        server.wait(60)
    assert (Path(places["/data"]) / "dagster").is_dir()
