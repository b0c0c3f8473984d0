"""The `smallvoices` command.

Belongs here: options, exit codes and what is printed. Exit codes: 0 good, 1 failed, 2 wrong usage.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich import filesize
from rich.console import Console

from pipelines import console as screen
from pipelines import dates, landing, sources, summary
from pipelines.dates import DateError
from pipelines.home_lock import HomeLockedError
from pipelines.partitions import yesterday
from pipelines.postgres import PostgresError
from pipelines.pull import credentials
from pipelines.pull.addresses import place_of
from pipelines.pull.files import matching
from pipelines.pull.pulled import PullError
from pipelines.serving import PublishError
from pipelines.settings import Settings, SettingsError
from pipelines.sources import Source, SourcesError, SourcesFile
from pipelines.terminal import printable
from schemas import shape_file
from schemas.column import PLATFORMS
from schemas.shape import ShapeError

if TYPE_CHECKING:
    from pipelines.runs import Outcome

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smallvoices")
def main() -> None:
    """Turns influencer exports into one ranked, auditable table of micro-influencers."""


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """Options of every command, and mistakes in them as one line with exit code 2."""

    @click.option("--home", type=_FOLDER, help="Folder of landing, lake and published files.")
    @click.option("--sources", "sources_file", type=_FILE, help="The sources.yaml.")
    @wraps(command)
    def wrapped(home: Path | None, sources_file: Path | None, **options: Any) -> None:
        try:
            settings = click.get_current_context().obj = Settings.from_environment().at(home, sources_file)
            command(settings=settings, loaded=sources.load(settings.sources_file), **options)
        except (SettingsError, SourcesError, DateError) as mistake:
            screen.say("ERROR", str(mistake))
            sys.exit(2)

    return wrapped


@main.command()
@click.option(
    "--date",
    "day",
    default="",
    help="Snapshot date, YYYY-MM-DD, or `newest`: the newest that has files. Default: yesterday, UTC.",
)
@click.option("--force", is_flag=True, help="Pull again although the date has landed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@_common
def nightly(settings: Settings, loaded: SourcesFile, day: str, *, force: bool, as_json: bool) -> None:
    """Pull, validate, rank and publish one date."""
    chosen = _chosen(settings, loaded, day)
    console = screen.opened(as_json=as_json)
    console.print(
        f"Nightly run for {chosen}" + (f", the newest date of {loaded.path}" if day == "newest" else ""), soft_wrap=True
    )
    from pipelines import runs  # noqa: PLC0415 - loads Dagster, which a usage error need not wait for

    with screen.bars(console):
        outcome = runs.over(settings, loaded, [chosen], force=force, log_level=screen.log_level(console))
    _end(settings, chosen, outcome, console, as_json=as_json)


@main.command()
@click.option("--from", "first", required=True, help="First snapshot date, YYYY-MM-DD.")
@click.option("--to", "last", required=True, help="Last snapshot date, YYYY-MM-DD.")
@click.option("--force", is_flag=True, help="Pull again although a date has landed.")
@click.option("--json", "as_json", is_flag=True, help="Print the report of the last date as JSON.")
@_common
def backfill(settings: Settings, loaded: SourcesFile, first: str, last: str, *, force: bool, as_json: bool) -> None:
    """Pull, validate and rank a range of dates, and publish once at the end."""
    start, end = dates.parse(first, settings), dates.parse(last, settings)
    if start > end:
        raise DateError(f"--from {start} is after --to {end}; swap them")
    days = [start + timedelta(days=number) for number in range((end - start).days + 1)]
    console = screen.opened(as_json=as_json)
    console.print(f"Backfill of {len(days)} dates, {start} to {end}")
    from pipelines import runs  # noqa: PLC0415 - as above

    with screen.bars(console):
        outcome = runs.over(settings, loaded, days, force=force, log_level=screen.log_level(console))
    _end(settings, end, outcome, console, as_json=as_json)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@_common
def publish(settings: Settings, loaded: SourcesFile, *, as_json: bool) -> None:
    """Rebuild the published file from the lake, and swap it in."""
    console = screen.opened(as_json=as_json)
    from pipelines import runs  # noqa: PLC0415 - as above

    outcome = runs.publish(settings, loaded, log_level=screen.log_level(console))
    _end(settings, None, outcome, console, as_json=as_json)


@main.command("sources")
@click.option("--date", "day", default="", help="Snapshot date, YYYY-MM-DD, or `newest`. Default: yesterday, UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@_common
def list_sources(settings: Settings, loaded: SourcesFile, day: str, *, as_json: bool) -> None:
    """Check sources.yaml, and say what each source would pull, without pulling."""
    chosen = _chosen(settings, loaded, day)
    told = [_told(source, settings, loaded.path.parent, chosen) for source in loaded.sources]
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    for source in told:
        state = f", {source['changed'] or 'landed already'}" if source["landed"] else ""
        click.echo(f"{source['source']} (shape {source['shape']}){state}")
        for records, address in source["pulls"].items():
            found = f" ({source['found'][records]})" if records in source["found"] else ""
            click.echo(f"  {records}: {address}{found}")
        for name, is_set in source["secrets"].items():
            click.echo(f"  ${{{name}}}: {'set' if is_set else 'NOT SET: this source will fail'}")


def _told(source: Source, settings: Settings, folder: Path, day: date) -> dict[str, Any]:
    """What one source would pull, in words that --json prints too."""
    landed = landing.newest_complete(settings.landing, source.name, day)
    pulls = source.addresses(day)
    found: dict[str, str] = {}
    for records, address in pulls.items():
        if place_of(address) == "file":
            try:
                paths = matching(address, folder)
                found[records] = f"{len(paths)} files, {sum(path.stat().st_size for path in paths):,} bytes"
            except PullError as error:
                found[records] = str(error)
    return {
        "source": source.name,
        "shape": source.shape,
        "history": source.history,
        "pulls": pulls,
        "found": found,
        "paging": source.paging.kind if source.paging else None,
        "secrets": {name: credentials.is_set(name) for name in source.secrets},
        "landed": landed is not None,
        "changed": landing.changed_addresses(landed, source) if landed else None,
    }


@main.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shape", "name", help="Try this shape in place of an inferred one.")
@click.option("--platform", help="Declare the platform, or the column that holds it.")
@click.option("--date", "day", default="", help="Snapshot date of the trial import. Default: today, UTC.")
@click.option("--write", help="Write the shape to shapes/NAME.yaml beside sources.yaml.", metavar="NAME")
@click.option("--home", type=_FOLDER, help="Folder of landing, lake and published files; it is left as it is.")
@click.option("--sources", "sources_file", type=_FILE, help="The sources.yaml, whose folder has the shapes.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def inspect_file(
    file: Path,
    name: str | None,
    platform: str | None,
    day: str,
    write: str | None,
    home: Path | None,
    sources_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say what an unknown export looks like, and how it would be imported; nothing is kept but what --write writes.

    Ends with exit code 1 where something is undecided.
    """
    from pipelines import inspecting  # noqa: PLC0415 - loads what a usage error need not wait for

    try:
        settings = click.get_current_context().obj = Settings.from_environment().at(home, sources_file)
        folder = settings.sources_file.parent
        chosen = shape_file.load(name, folder / "shapes") if name else None
        date_of = dates.parse(day, settings) if day else yesterday() + timedelta(days=1)
        inferred = inspecting.inspect(
            file,
            shape=chosen,
            platform=platform,
            day=date_of,
            room=settings.temp_bytes,
            console=screen.opened(as_json=as_json),
            as_json=as_json,
        )
        if write:
            path = inspecting.keep(inferred, write, folder, file)
            click.echo(f"Wrote {path}; use it with `shape: {write}` in {settings.sources_file}", err=as_json)
    except (SettingsError, ShapeError, DateError, inspecting.InspectError) as mistake:
        screen.say("ERROR", str(mistake))
        sys.exit(2 if not isinstance(mistake, inspecting.InspectError) else 1)
    sys.exit(0 if inferred.proposal.is_decided else 1)


@main.command("explain")
@click.argument("platform")
@click.argument("handle")
@click.option("--date", "day", default="", help="Snapshot date, YYYY-MM-DD. Default: the newest that is ranked.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@_common
def explain_rank(
    settings: Settings, loaded: SourcesFile, platform: str, handle: str, day: str, *, as_json: bool
) -> None:
    """Say why an account has its rank: formulas with its numbers, its peers and posts, down to the landed line."""
    from assets import explained, explaining  # noqa: PLC0415 - loads what a usage error need not wait for

    try:
        told = explaining.explain(settings, loaded, platform, handle, dates.parse(day, settings) if day else None)
    except explaining.ExplainError as error:
        screen.say("ERROR", str(error))
        sys.exit(1)
    said = json.dumps(asdict(told), default=str, indent=1) if as_json else explained.text(told)
    click.echo(printable(said, keep="\n"))


@main.command("forget")
@click.argument("platform", type=click.Choice(PLATFORMS))
@click.argument("id_or_handle")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only list what would go.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON; asks nothing, so give --yes or --dry-run too.")
@_common
def forget_person(
    settings: Settings,
    loaded: SourcesFile,
    platform: str,
    id_or_handle: str,
    *,
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Erase a person from everything under the home, keep them out of later pulls, and prove it by searching.

    Takes the platform, and the platform's own id or the handle; `@` before it says that it is a handle.
    """
    from pipelines import forget_summary  # noqa: PLC0415 - loads Dagster, which a usage error need not wait for
    from pipelines.forget import forgetting  # noqa: PLC0415 - as above

    if as_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing: give --yes or --dry-run too")
    console = screen.opened(as_json=as_json)
    try:
        with screen.bars(console):
            person, seen = forgetting.look(settings, loaded, platform, id_or_handle)
        forget_summary.print_seen(console, person, seen)
        if dry_run:
            if as_json:
                click.echo(json.dumps(forget_summary.as_document(person, seen, None), indent=1))
            return
        if not yes:
            click.confirm("Erase this person? It cannot be undone", err=True, abort=True)
        with screen.bars(console):
            done = forgetting.forget(
                settings, loaded, person, seen, log_level=screen.log_level(console), say=console.print
            )
    except (forgetting.ForgetError, HomeLockedError, PublishError, PostgresError) as error:
        screen.say("ERROR", str(error))
        sys.exit(1)
    forget_summary.print_forgotten(console, done)
    if as_json:
        click.echo(json.dumps(forget_summary.as_document(person, done.erased, done), indent=1))
    sys.exit(0 if done.proof.holds and not done.erased.left else 1)


@main.command()
@click.option("--dry-run", is_flag=True, help="Say what would go, and leave it.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@_common
def tidy(settings: Settings, loaded: SourcesFile, *, dry_run: bool, as_json: bool) -> None:  # noqa: ARG001 - as below
    """Let go of old dates, old runs and left-overs, as each night does at its end."""
    from pipelines import home_lock, runs, sweeping, tidying  # noqa: PLC0415 - as above

    with home_lock.adding(settings), runs.existing_instance(settings) as instance:
        left_overs = 0 if dry_run else sweeping.sweep(settings)
        found = tidying.removable(settings, instance)
        refused = [] if dry_run else tidying.remove(settings, instance, found)
    if as_json:
        items = [asdict(each) | {"path": str(each.path)} for each in found]
        document = {"dry_run": dry_run, "found": items, "left_overs": left_overs, "refused": refused}
        click.echo(json.dumps(document, indent=1))
    else:
        for each in found if dry_run else []:
            click.echo(f"{each.kind:8} {each.path} ({filesize.decimal(each.bytes)})")
        counts, freed = Counter(each.kind for each in found), sum(each.bytes for each in found)
        click.echo(f"{'Would let' if dry_run else 'Let'} go of {tidying.words(counts)}: {filesize.decimal(freed)}")
        if left_overs:
            click.echo(f"Swept {left_overs:,} files and folders that killed runs had left")
    for reason in refused:
        screen.say("ERROR", reason)
    sys.exit(1 if refused else 0)


@main.command()
@click.option("--home", type=_FOLDER, help="Folder of landing, lake and published files.")
@click.option("--sources", "sources_file", type=_FILE, help="The sources.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor(home: Path | None, sources_file: Path | None, *, as_json: bool) -> None:
    """Say what is in order, what is not, and what to do; nothing is changed.

    Ends with exit code 1 where something is a problem.
    """
    from pipelines.doctor import examine  # noqa: PLC0415 - loads what a usage error need not wait for

    try:
        settings = Settings.from_environment().at(home, sources_file)
    except SettingsError as mistake:
        screen.say("ERROR", str(mistake))
        sys.exit(2)
    findings = []
    for finding in examine.examine(settings):
        findings.append(finding)
        if not as_json:
            mark = click.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
            click.echo(f"{mark} {finding.check}: {printable(finding.said)}")
            if finding.remedy:
                click.echo(f"{'':8} → {printable(finding.remedy)}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    sys.exit(1 if any(finding.level == "problem" for finding in findings) else 0)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port on 127.0.0.1.")
@_common
def ui(settings: Settings, loaded: SourcesFile, port: int) -> None:  # noqa: ARG001 - loaded, so that mistakes show first
    """Open the Dagster UI, with its scheduler, on 127.0.0.1."""
    from pipelines import services  # noqa: PLC0415 - as above

    services.ui(settings, port)


@main.command()
@click.option("--port", default=3000, show_default=True, help="Port on 127.0.0.1.")
@_common
def webserver(settings: Settings, loaded: SourcesFile, port: int) -> None:  # noqa: ARG001 - as above
    """Serve the Dagster UI alone, for a machine that keeps it running."""
    from pipelines import services  # noqa: PLC0415 - as above

    services.webserver(settings, port)


@main.command()
@_common
def daemon(settings: Settings, loaded: SourcesFile) -> None:  # noqa: ARG001 - as above
    """Run the nightly schedule, automation and backfills, for a machine that keeps it running."""
    from pipelines import services  # noqa: PLC0415 - as above

    services.daemon(settings)


def _chosen(settings: Settings, loaded: SourcesFile, day: str) -> date:
    if day == "newest":
        return dates.newest_on_disk(loaded, settings)
    return dates.parse(day, settings) if day else yesterday()


def _end(settings: Settings, day: date | None, outcome: "Outcome", console: Console, *, as_json: bool) -> None:
    """Shows what came of a run, and ends with exit code 1 where it failed."""
    if day:
        summary.print_import_report(console, settings, day)
    if outcome.untold:
        screen.say("WARNING", f"nobody was told that it failed: {outcome.untold}", outcome.run_id)
    if not outcome.succeeded:
        error = outcome.error
        screen.say("ERROR", error, outcome.run_id)
        if as_json:
            click.echo(
                json.dumps(
                    {"error": error, "sources": summary.import_report(settings, day) if day else []}, default=str
                )
            )
        sys.exit(1)
    summary.print_published(console, settings)
    if as_json:
        click.echo(json.dumps(summary.as_document(settings, day or date.min), default=str, indent=1))
