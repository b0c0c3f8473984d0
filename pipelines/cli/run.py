"""Commands that run the pipeline: a nightly run, a range of dates, publishing alone, and pruning.

Belongs here: commands that compute or delete data of a home, and how their end is reported.
"""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click
from rich import filesize
from rich.console import Console

from assets.importing.import_report import import_report
from assets.landing import dates
from assets.landing.dates import DateError, yesterday
from assets.storage import home_lock
from pipelines.cli import console as screen
from pipelines.cli import summary
from pipelines.cli.command import chosen_date, common, main
from schemas.config import source_checks
from schemas.config.source import SourcesFile
from schemas.settings import Settings

if TYPE_CHECKING:
    from pipelines.runs import Outcome


@main.command()
@click.option(
    "--date",
    "day",
    help="Snapshot date, YYYY-MM-DD, or `newest`: the newest that has files. Default: yesterday, UTC.",
)
@click.option("--force", is_flag=True, help="Pull again although the date has landed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@common
def nightly(settings: Settings, loaded: SourcesFile, day: str | None, *, force: bool, as_json: bool) -> None:
    """Pull, validate, rank and publish one date."""
    chosen = chosen_date(settings, loaded, day)
    console = screen.opened(as_json=as_json)
    console.print(
        f"Nightly run for {chosen}" + (f", the newest date of {loaded.path}" if day == "newest" else ""), soft_wrap=True
    )
    _warn_of_undated(loaded, [chosen])
    from pipelines import runs  # noqa: PLC0415 - loads Dagster, which a usage error need not wait for

    with screen.bars(console):
        outcome = runs.run_dates(settings, loaded, [chosen], force=force, log_level=screen.log_level(console))
    _end(settings, loaded, chosen, outcome, console, as_json=as_json)


@main.command()
@click.option("--from", "first", required=True, help="First snapshot date, YYYY-MM-DD.")
@click.option("--to", "last", required=True, help="Last snapshot date, YYYY-MM-DD.")
@click.option("--available-only", is_flag=True, help="Only those dates of the range that a source has a file for.")
@click.option("--force", is_flag=True, help="Pull again although a date has landed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report of the last date as JSON.")
@common
def backfill(
    settings: Settings, loaded: SourcesFile, first: str, last: str, *, available_only: bool, force: bool, as_json: bool
) -> None:
    """Pull, validate and rank a range of dates, and publish once at the end."""
    start, end = dates.parse(first, settings), dates.parse(last, settings)
    if start > end:
        raise DateError(f"--from {start} is after --to {end}; swap them")
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    if available_only:
        found = dates.on_disk(loaded, settings)
        days = [day for day in found if start <= day <= end]
        if not days:
            raise DateError(
                f"no source has a file for a date from {start} to {end}; there are from {found[0]} to {found[-1]}"
            )
    console = screen.opened(as_json=as_json)
    console.print(f"Backfill of {len(days)} dates, {days[0]} to {days[-1]}")
    _warn_of_undated(loaded, days)
    from pipelines import runs  # noqa: PLC0415 - as above

    with screen.bars(console):
        outcome = runs.run_dates(settings, loaded, days, force=force, log_level=screen.log_level(console))
    _end(settings, loaded, days[-1], outcome, console, as_json=as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@common
def publish(settings: Settings, loaded: SourcesFile, *, as_json: bool) -> None:
    """Rebuild the published file from the lake, and swap it in."""
    console = screen.opened(as_json=as_json)
    from pipelines import runs  # noqa: PLC0415 - as above

    outcome = runs.publish(settings, loaded, log_level=screen.log_level(console))
    _end(settings, loaded, None, outcome, console, as_json=as_json)


@main.command()
@click.option("--dry-run", is_flag=True, help="List what would be deleted, and delete nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@common
def prune(settings: Settings, loaded: SourcesFile, *, dry_run: bool, as_json: bool) -> None:  # noqa: ARG001 - as below
    """Delete old dates, old runs and temporary files, as each nightly run does at its end."""
    from assets.retention import old_dates, temp_cleanup  # noqa: PLC0415 - as above
    from pipelines.instance import home_instance, retention  # noqa: PLC0415 - as above

    with home_lock.adding(settings), home_instance.existing_instance(settings) as instance:
        left_overs = 0 if dry_run else temp_cleanup.sweep(settings)
        found = retention.removable(settings, instance)
        refused = [] if dry_run else retention.remove(settings, instance, found)
    if as_json:
        items = [asdict(each) | {"path": str(each.path)} for each in found]
        document = {"dry_run": dry_run, "found": items, "left_overs": left_overs, "refused": refused}
        click.echo(json.dumps(document, indent=1))
    else:
        for each in found if dry_run else []:
            click.echo(f"{each.kind:8} {each.path} ({filesize.decimal(each.bytes)})")
        counts, freed = Counter(each.kind for each in found), sum(each.bytes for each in found)
        click.echo(f"{'Would delete' if dry_run else 'Deleted'} {old_dates.words(counts)}: {filesize.decimal(freed)}")
        if left_overs:
            click.echo(f"Deleted temporary files and folders of killed runs: {left_overs:,}")
    for reason in refused:
        screen.say("ERROR", reason)
    sys.exit(1 if refused else 0)


def _warn_of_undated(loaded: SourcesFile, days: Sequence[date]) -> None:
    """Warns of sources that have one export for all dates, where more than today's date is requested."""
    for source in loaded.sources if days[0] < yesterday() else []:
        if told := source_checks.undated(source):
            screen.say("WARNING", f"{loaded.path}: source {source.name!r}: {told}")


def _end(
    settings: Settings, loaded: SourcesFile, day: date | None, outcome: "Outcome", console: Console, *, as_json: bool
) -> None:
    """Prints the outcome of a run, and ends with exit code 1 if it failed."""
    if day:
        summary.print_import_report(console, settings, day)
    if outcome.notification_error:
        screen.say("WARNING", f"the failure was not notified: {outcome.notification_error}", outcome.run_id)
    if not outcome.succeeded:
        error = outcome.error
        screen.say("ERROR", error, outcome.run_id)
        if as_json:
            click.echo(
                json.dumps({"error": error, "sources": import_report(settings, day) if day else []}, default=str)
            )
        sys.exit(1)
    summary.print_published(console, settings, loaded)
    if as_json:
        click.echo(json.dumps(summary.as_document(settings, loaded, day or date.min), default=str, indent=1))
