"""The command that explains one account's rank.

Belongs here: options, exit codes and what is printed. Does not: the explanation (`assets/metrics/explain`).
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import click

from assets.landing import dates
from pipelines.cli import console as screen
from pipelines.cli.command import common, main
from pipelines.instance.terminal import printable
from schemas.config.source import SourcesFile
from schemas.settings import Settings


@main.command("explain")
@click.argument("platform")
@click.argument("handle")
@click.option("--date", "day", help="Snapshot date, YYYY-MM-DD. Default: the newest that is ranked.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@common
def explain_rank(
    settings: Settings, loaded: SourcesFile, platform: str, handle: str, day: str | None, *, as_json: bool
) -> None:
    """Say why an account has its rank: formulas with its numbers, its peers and posts, down to the landed line."""
    from assets.metrics import explain, explain_text  # noqa: PLC0415 - loads what a usage error need not wait for

    try:
        with _able_to_compute(settings) as able:
            told = explain.explain(
                able, loaded, platform, handle, dates.parse(day, settings) if day is not None else None
            )
    except explain.ExplainError as error:
        screen.say("ERROR", str(error))
        sys.exit(1)
    said = json.dumps(asdict(told), default=str, indent=1) if as_json else explain_text.text(told)
    click.echo(printable(said, keep="\n"))


@contextmanager
def _able_to_compute(settings: Settings) -> Iterator[Settings]:
    """Returns settings with a writable scratch folder; the caller may only have read access to the home."""
    if os.access(settings.scratch if settings.scratch.exists() else settings.home, os.W_OK):
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="smallvoices-") as aside:
        yield replace(settings, scratch_folder=Path(aside))
