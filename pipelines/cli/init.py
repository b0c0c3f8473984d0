"""The command that starts a project: a folder with a sources.yaml, and optional sample exports.

Belongs here: the list of files. Does not: their content (`project/`).
"""

import sys
from pathlib import Path

import click

from pipelines.cli import console as screen
from pipelines.cli.command import FOLDER, main
from schemas.settings import SOURCES

_TEMPLATES = Path(__file__).with_name("project")
# Project file to its template. Template names have no leading dot, so that they are visible in listings.
_FILES = {
    SOURCES: "sources.yaml",
    "shapes/example.yaml": "shapes/example.yaml",
    ".env.example": "env.example",
    ".gitignore": "gitignore",
}
_OF_SAMPLES = {SOURCES: "sources_of_samples.yaml"}


@main.command()
@click.argument("folder", type=FOLDER)
@click.option("--samples", is_flag=True, help="Write invented exports too, and a sources.yaml that reads them.")
def init(folder: Path, *, samples: bool) -> None:
    """Begin a project in a folder: sources.yaml, a shape, and examples of settings. Overwrites nothing."""
    files = _FILES | (_OF_SAMPLES if samples else {})
    there = [name for name in [*files, "samples"] if (folder / name).exists()]
    if there:
        screen.say("ERROR", f"{folder / there[0]} is there already; name another folder, or move it away")
        sys.exit(2)
    for name, template in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((_TEMPLATES / template).read_text(encoding="utf-8"), encoding="utf-8")
    if samples:
        from pipelines.samples import generate  # noqa: PLC0415 - of no use to other commands

        list(generate.write(folder / "samples"))
    click.echo(f"Wrote {', '.join(files)}{' and samples/' if samples else ''} to {folder}. Next:")
    for step in _next_steps(folder, samples=samples):
        click.echo(f"  {step}")


def _next_steps(folder: Path, *, samples: bool) -> list[str]:
    if samples:
        return [f"cd {folder}", "smallvoices nightly --date newest", "smallvoices ui"]
    return [
        f"cd {folder}",
        "put an export into exports/, named after its date, such as exports/2026-11-20.csv",
        "smallvoices inspect exports/2026-11-20.csv --platform instagram",
        "smallvoices check --date newest",
        "smallvoices nightly --date newest",
    ]
