"""The `smallvoices` command, run in the process of a test or in a new process.

Belongs here: running a command and reading its result. A process takes two seconds of processor time to import its
modules, so tests use one only for behaviour of a process: signals, locale, time zone, and imports.
"""

import json
import os
import subprocess
import sys
import traceback
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from click.testing import CliRunner

SMALLVOICES = Path(sys.executable).with_name("smallvoices")


@dataclass(frozen=True)
class Finished:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Returns the output of --json."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def run_here(*arguments: str, folder: Path, **environment: str) -> Finished:
    """Runs `smallvoices` with arguments in this process, with the given folder and additional environment."""
    from pipelines.cli import main  # noqa: PLC0415 - loads most of the project, which few tests of schemas/ need

    with patch.dict(os.environ, environment), chdir(folder):
        done = CliRunner().invoke(main, arguments, prog_name="smallvoices")
    error = done.exception
    trace = "" if error is None or isinstance(error, SystemExit) else "".join(traceback.format_exception(error))
    return Finished(done.exit_code, done.stdout, done.stderr + trace)


def run_process(*arguments: str, folder: Path, **environment: str) -> Finished:
    """Runs `smallvoices` with arguments in a new process."""
    done = subprocess.run(
        [str(SMALLVOICES), *arguments],
        capture_output=True, text=True, check=False, cwd=folder, env=os.environ | environment, timeout=300,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Command:
    """Runs `smallvoices` in a home, by default that of the test.

    Attributes:
        folder: The folder of the test, in which the command starts, with the home and the sources.yaml.
    """

    folder: Path

    def __call__(
        self, *arguments: str, home: Path | None = None, sources: Path | None = None, **environment: str
    ) -> Finished:
        """Runs it in this process."""
        return run_here(*arguments, *self._places(home, sources), folder=self.folder, **environment)

    def process(
        self, *arguments: str, home: Path | None = None, sources: Path | None = None, **environment: str
    ) -> Finished:
        """Runs it in a new process."""
        return run_process(*arguments, *self._places(home, sources), folder=self.folder, **environment)

    def _places(self, home: Path | None, sources: Path | None) -> list[str]:
        return ["--home", str(home or self.folder / "home"), "--sources", str(sources or self.folder / "sources.yaml")]
