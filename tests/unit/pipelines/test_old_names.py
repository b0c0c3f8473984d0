"""Former names of commands and options: accepted for one release, and hidden from the help."""

import pytest
from click.testing import CliRunner

from pipelines.cli import main


@pytest.mark.parametrize(
    "old,new", [("tidy", "prune"), ("forget", "erase"), ("unsuppress", "allow"), ("sources", "check")]
)
def test_former_command_runs_the_current_one(old: str, new: str) -> None:
    told = CliRunner().invoke(main, [old, "--help"])
    assert told.exit_code == 0
    assert told.output == CliRunner().invoke(main, [new, "--help"]).output
    assert f"  {old} " not in CliRunner().invoke(main, ["--help"]).output


@pytest.mark.parametrize(
    "command,old,error",
    [
        (["backfill", "--to", "2026-10-31"], ["--on-disk"], "Missing option '--from'"),
        (["inspect", __file__], ["--write", "My List"], "--save-shape 'My List' is not allowed"),
        (["inspect", __file__], ["--write=My List"], "--save-shape 'My List' is not allowed"),
    ],
)
def test_former_option_sets_the_current_one(command: list[str], old: list[str], error: str) -> None:
    run = CliRunner().invoke(main, [*command, *old])
    assert run.exit_code == 2
    assert error in run.output
    assert old[0] not in CliRunner().invoke(main, [command[0], "--help"]).output
