"""Commands that change nothing in a home: they check sources.yaml, an export, and the installation.

Belongs here: options, exit codes and what is printed. Does not: the checks (`pipelines/doctor`), or inference
(`assets/inference`).
"""

import json
import re
import sys
from contextlib import suppress
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from assets.landing import dates, store
from assets.landing.dates import DateError, yesterday
from assets.landing.pull.credentials import Secrets
from assets.landing.pull.errors import PullError
from assets.landing.pull.files import matching
from pipelines.cli import console as screen
from pipelines.cli.command import FILE, FOLDER, chosen_date, common, main
from pipelines.instance.terminal import printable
from schemas import shape_file
from schemas.config import source_checks
from schemas.config.addresses import place_of
from schemas.config.secrets import is_set
from schemas.config.source import Source, SourcesFile
from schemas.settings import Settings, SettingsError
from schemas.shape import ShapeError

_NO_FILE = "no file"
_COLOURS = {"ok": "green", "warning": "yellow", "problem": "red"}


@main.command("check")
@click.option("--date", "day", help="Snapshot date, YYYY-MM-DD, or `newest`. Default: yesterday, UTC.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@common
def list_sources(settings: Settings, loaded: SourcesFile, day: str | None, *, as_json: bool) -> None:
    """Check sources.yaml, and print what each source would pull, without pulling.

    Ends with exit code 1 where a source would fail: its file is missing, or a secret is not set.
    """
    chosen = chosen_date(settings, loaded, day)
    told = [_told(source, settings, loaded.path.parent, chosen) for source in loaded.sources]
    if as_json:
        click.echo(json.dumps(told, indent=1))
    for source in [] if as_json else told:
        state = f", {source['changed'] or 'landed already'}" if source["landed"] else ""
        click.echo(f"{source['source']} (shape {source['shape']}){state}")
        for records, address in source["pulls"].items():
            found = f" ({source['found'][records]})" if records in source["found"] else ""
            click.echo(f"  {records}: {address}{found}")
        for name, is_there in source["secrets"].items():
            click.echo(f"  ${{{name}}}: {'set' if is_there else 'NOT SET: this source will fail'}")
    for source in told:
        if source["warning"]:
            screen.say("WARNING", f"source {source['source']!r}: {source['warning']}")
    failing = [f"source {source['source']!r}: {problem}" for source in told for problem in source["problems"]]
    for problem in failing:
        screen.say("ERROR", problem)
    if any(where == _NO_FILE for source in told for where in source["found"].values()):
        with suppress(DateError):
            newest = dates.on_disk(loaded, settings)[-1]
            if newest != chosen:
                screen.say("WARNING", f"the newest date that has files is {newest}: --date newest")
    sys.exit(1 if failing else 0)


def _told(source: Source, settings: Settings, folder: Path, day: date) -> dict[str, Any]:
    """Describes what one source would pull, with the texts of --json."""
    landed = store.newest_complete(settings.landing, source.name, day)
    pulls = source.addresses(day)
    found: dict[str, str] = {}
    problems: list[str] = []
    try:
        Secrets(source.url, source.posts_url, source.parts(day))
    except PullError as error:
        problems.append(str(error))
    if not landed and not store.is_offered(source, day):
        problems.append(store.unoffered(source, day).removeprefix(f"source {source.name} "))
    for records, address in pulls.items():
        if place_of(address) == "file":
            try:
                paths = matching(address, folder)
                files = f"{len(paths):,} {'file' if len(paths) == 1 else 'files'}"
                found[records] = f"{files}, {sum(path.stat().st_size for path in paths):,} bytes"
            except PullError as error:
                found[records] = _NO_FILE
                # What has landed is not pulled again.
                problems += [] if landed else [str(error)]
    return {
        "source": source.name,
        "shape": source.shape,
        "history": source.history,
        "pulls": pulls,
        "found": found,
        "paging": source.paging.kind if source.paging else None,
        "secrets": {name: is_set(name) for name in source.secrets},
        "warning": source_checks.undated(source),
        "problems": problems,
        "landed": landed is not None,
        "changed": store.changed_addresses(landed, source) if landed else None,
    }


@main.command("inspect")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shape", "name", help="Try this shape in place of an inferred one.")
@click.option("--platform", help="Declare the platform, or the column that holds it.")
@click.option("--date", "day", help="Snapshot date of the trial import. Default: today, UTC.")
@click.option(
    "--save-shape", "save_as", help="Write the shape to shapes/NAME.yaml beside sources.yaml.", metavar="NAME"
)
@click.option("--home", type=FOLDER, help="Folder of landing, lake and published files; it is left as it is.")
@click.option("--sources", "sources_file", type=FILE, help="The sources.yaml, whose folder has the shapes.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def inspect_file(
    file: Path,
    name: str | None,
    platform: str | None,
    day: str | None,
    save_as: str | None,
    home: Path | None,
    sources_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Infer the shape of an unknown export, and try its import; nothing is kept but the shape of --save-shape.

    Ends with exit code 1 where something is ambiguous.
    """
    if save_as is not None and not (re.fullmatch(r"[a-z0-9_]{1,60}", save_as) and save_as != "auto"):
        allowed = "up to 60 of a-z, 0-9 and _, and not auto"
        screen.say("ERROR", f"--save-shape {save_as!r} is not allowed; allowed: {allowed}")
        sys.exit(2)
    from pipelines.cli import inspect_report  # noqa: PLC0415 - loads what a usage error need not wait for

    try:
        settings = click.get_current_context().obj = Settings.from_environment().at(home, sources_file)
        folder = settings.sources_file.parent
        chosen = shape_file.load(name, folder / "shapes") if name else None
        date_of = dates.parse(day, settings) if day is not None else yesterday() + timedelta(days=1)
        inferred = inspect_report.inspect(
            file,
            shape=chosen,
            platform=platform,
            day=date_of,
            allowed=inspect_report.allowed_share(settings.sources_file, file, name),
            room=settings.temp_bytes,
            console=screen.opened(as_json=as_json),
            as_json=as_json,
        )
        if save_as:
            path = inspect_report.keep(inferred, save_as, folder, file)
            click.echo(f"Wrote {path}; use it with `shape: {save_as}` in {settings.sources_file}", err=as_json)
    except (SettingsError, ShapeError, DateError, inspect_report.InspectError) as mistake:
        screen.say("ERROR", str(mistake))
        sys.exit(2 if not isinstance(mistake, inspect_report.InspectError) else 1)
    sys.exit(0 if inferred.proposal.is_decided else 1)


@main.command()
@click.option("--home", type=FOLDER, help="Folder of landing, lake and published files.")
@click.option("--sources", "sources_file", type=FILE, help="The sources.yaml.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor(home: Path | None, sources_file: Path | None, *, as_json: bool) -> None:
    """Check the installation and the home, and print remedies; nothing is changed.

    Ends with exit code 1 where something is a problem.
    """
    from pipelines.doctor import checks  # noqa: PLC0415 - loads what a usage error need not wait for

    try:
        settings = Settings.from_environment().at(home, sources_file)
    except SettingsError as mistake:
        screen.say("ERROR", str(mistake))
        sys.exit(2)
    findings = []
    for finding in checks.examine(settings):
        findings.append(finding)
        if not as_json:
            mark = click.style(f"{finding.level:8}", fg=_COLOURS[finding.level])
            click.echo(f"{mark} {finding.check}: {printable(finding.said)}")
            if finding.remedy:
                click.echo(f"{'':8} → {printable(finding.remedy)}")
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    sys.exit(1 if any(finding.level == "problem" for finding in findings) else 0)
