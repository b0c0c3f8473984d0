"""The output of `smallvoices inspect`: a report of an unknown export, and its shape file.

Belongs here: texts and tables. Does not: inference (`assets/inference/inference`), or the trial import
(`assets/importing/dry_run`).
"""

import json
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click
import polars as pl
from rich.console import Console
from rich.table import Table

from assets.importing.dry_run import Trial, try_out
from assets.inference.inference import Inferred, infer, named_shape
from assets.inference.shape_text import shape_text
from assets.landing.dates import is_read_by
from assets.reading import archives, decompression_guard
from assets.reading.formats import UnreadableFileError, container_of
from pipelines.instance.terminal import shown
from schemas.column import PLATFORMS
from schemas.config.limits import DEFAULT_LIMITS
from schemas.config.source import Source
from schemas.config.sources_file import SourcesError, load
from schemas.quarantine import WHOLE_FILE
from schemas.shape import Shape

_SHOWN_ACCOUNTS = 5
_FIGURES = (
    "platform",
    "handle",
    "profile_id",
    "followers",
    "avg_likes",
    "avg_comments",
    "avg_engagement",
    "reported_engagement_ratio",
)
_SURE = {"sure": "sure", "likely": "[yellow]likely[/]", "ambiguous": "[red]ambiguous[/]", "aside": "[dim]left aside[/]"}

# Columns that rank an account without posts.
_RANKED_BY = {"avg_likes", "avg_engagement"}
_DEFAULT_ALLOWED: float = Source.model_fields["max_quarantine_share"].default


class InspectError(Exception):
    """The file cannot be inspected, or the shape cannot be kept; the message says what to do."""


def inspect(
    file: Path,
    *,
    shape: Shape | None,
    platform: str | None,
    day: date,
    allowed: float,
    room: int,
    console: Console,
    as_json: bool,
) -> Inferred:
    """Infers the shape of a file, tries its import, and prints both.

    Args:
        file: The file.
        shape: A shape to try in place of the inferred one.
        platform: The declared platform, or its column.
        day: The snapshot date that the trial is for.
        allowed: The share of records that may be quarantined.
        room: How many bytes an archive may unpack to.
        console: Where to print to.
        as_json: Whether to print JSON.

    Raises:
        InspectError: It holds no table, or the import would take nothing of it.
    """
    try:
        inferred = _inferred(file, shape, platform, room)
        trial = _tried(file, inferred, platform if shape else None, day)
    except UnreadableFileError as error:
        raise InspectError(_worded(file, str(error))) from error
    if as_json:
        click.echo(json.dumps(_document(inferred, trial), default=str, indent=1, ensure_ascii=False))
    else:
        _print(file, inferred, trial, console, allowed)
    if trial and trial.message:
        raise InspectError(_worded(file, trial.message))
    return inferred


def allowed_share(sources_file: Path, file: Path, shape: str | None) -> float:
    """Returns the share of records that the file's source may quarantine.

    Of several sources that read the file or have the shape, the strictest counts; without one, the default.
    """
    try:
        loaded = load(sources_file)
    except SourcesError:
        # An export is inspected before its source exists.
        return _DEFAULT_ALLOWED
    of_file = [source for source in loaded.sources if is_read_by(source, file, loaded.path.parent)]
    found = of_file or [source for source in loaded.sources if shape and source.shape == shape]
    return min((source.max_quarantine_share for source in found), default=_DEFAULT_ALLOWED)


def _worded(file: Path, mistake: str) -> str:
    """Describes the problem of a file for a reader who has it locally and pulls nothing."""
    told = mistake.removeprefix(file.name).replace("pull it again", "have it sent again")
    return f"{file}{told}" if told[:1] in (" ", ":") else f"{file}: {told}"


def _inferred(file: Path, shape: Shape | None, platform: str | None, room: int) -> Inferred:
    """Infers the shape of a file, or of the largest file of an archive."""
    decompression_guard.require_harmless(file, DEFAULT_LIMITS)
    if container_of(file) != "zip":
        return named_shape(file, shape, platform) if shape else infer(file, platform=platform)
    with tempfile.TemporaryDirectory(prefix="smallvoices-") as folder:
        members = archives.members(file, Path(folder), DEFAULT_LIMITS, room)
        name, largest = max(members, key=lambda member: member[1].stat().st_size)
        names = (Path(name).stem, file.stem, file.absolute().parent.name)
        inferred = named_shape(largest, shape, platform) if shape else infer(largest, platform=platform, names=names)
    of_several = f", the largest of {len(members)} files" if len(members) > 1 else ""
    return replace(inferred, said=("zip", f"{name}{of_several}", *inferred.said))


def keep(inferred: Inferred, name: str, folder: Path, file: Path) -> Path:
    """Writes the shape file.

    Raises:
        InspectError: A file of that name exists.
    """
    path = folder / "shapes" / f"{name}.yaml"
    if path.exists():
        raise InspectError(f"{path} is there already; choose another name, or remove it")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(shape_text(inferred.proposal, f"Inferred from {file.name}."), encoding="utf-8")
    return path


def _tried(file: Path, inferred: Inferred, platform: str | None, day: date) -> Trial | None:
    """Runs the trial import as far as the shape is decided, with a placeholder for a missing platform."""
    shape = inferred.proposal.shape
    if (
        shape is None
        or shape.profiles is None
        or ("followers" not in shape.profiles.select and not inferred.proposal.fits)
    ):
        return None
    if not {"handle", "profile_id"} & set(shape.profiles.select) and not inferred.proposal.fits:
        return None
    told = shape.platform or platform or "platform" in shape.profiles.select
    return try_out(file, shape, platform if told else PLATFORMS[0], day)


def _document(inferred: Inferred, trial: Trial | None) -> dict[str, Any]:
    proposal = inferred.proposal
    return {
        "file": list(inferred.said),
        "records": inferred.records,
        "decided": proposal.is_decided,
        "fits": proposal.fits or None,
        "columns": [vars(column) for column in proposal.columns],
        "checks": proposal.checks,
        "questions": [vars(question) for question in proposal.questions],
        "shape": proposal.shape.model_dump(exclude_defaults=True) if proposal.shape else None,
        "import": None if trial is None else {
            "message": trial.message,
            "files": trial.report.select(
                "landed_file", "records", "landed", "accepted", "quarantined", "deduplicated"
            ).to_dicts() if trial.report.height else [],
            "quarantined": _reasons(trial),
            "accounts": _accounts(inferred, trial),
        },
    }  # fmt: skip


def _reasons(trial: Trial) -> dict[str, int]:
    if trial.quarantine.is_empty():
        return {}
    return dict(Counter(trial.quarantine.filter(pl.col("landed_row") != WHOLE_FILE)["reason"]).most_common())


def _accounts(inferred: Inferred, trial: Trial) -> list[dict[str, Any]]:
    if not trial.profiles.height:
        return []
    is_told = not any(question.about == "platform" for question in inferred.proposal.questions)
    wanted = [name for name in _FIGURES if is_told or name != "platform"]
    return trial.profiles.select(wanted).head(_SHOWN_ACCOUNTS).to_dicts()


def _print(file: Path, inferred: Inferred, trial: Trial | None, console: Console, allowed: float) -> None:
    proposal = inferred.proposal
    console.print(f"[bold]{shown(file.name)}[/]: {shown(', '.join(inferred.said))}, {inferred.records:,} records")
    if proposal.fits:
        console.print(f"Read by the shape [bold]{proposal.fits}[/].")
    table = Table("column", "taken for", "how sure", "why", "first cells", box=None, header_style="bold")
    for column in proposal.columns:
        table.add_row(
            shown(column.column), column.taken_for, _SURE[column.certainty], shown(column.why), shown(column.sample)
        )
    console.print(table)
    taken = {column.taken_for for column in proposal.columns}
    for check in proposal.checks:
        console.print(f"Checked: {shown(check)}")
    if trial is not None:
        _print_trial(inferred, trial, console, allowed)
    elif proposal.shape and proposal.shape.posts and not proposal.shape.profiles:
        console.print("Posts are imported with their profiles, and not tried alone: put `posts:` into that shape.")
    if (
        trial is not None
        and not proposal.fits
        and not (proposal.shape and proposal.shape.posts)
        and not _RANKED_BY & taken
    ):
        console.print(
            "[yellow]No rank from this file alone[/]: it has neither posts nor averages of likes; posts may come by "
            "posts_url"
        )
    for question in proposal.questions:
        console.print(f"[red]Undecided[/], {shown(question.about)}: {shown(question.text)}")
        if question.choices:
            console.print("  Say which, in the shape file or in sources.yaml:")
        for choice in question.choices:
            console.print(f"    {shown(choice)}")


def _print_trial(inferred: Inferred, trial: Trial, console: Console, allowed: float) -> None:
    for row in trial.report.iter_rows(named=True):
        if row["records"]:
            console.print(
                f"The import would take {row['accepted']:,} of {row['landed']:,} {row['records']}, "
                f"quarantine {row['quarantined']:,}, and set {row['deduplicated']:,} aside as older copies."
            )
            if row["accepted"] and row["quarantined"] / row["landed"] > allowed:
                console.print(
                    f"[red]A night would refuse them all[/]: more than a share of {allowed:g} is quarantined; leave "
                    "rows out by `where:` in the shape, or set max_quarantine_share in sources.yaml"
                )
    for reason, count in list(_reasons(trial).items())[:10]:
        console.print(f"  quarantined {count:,} × {shown(reason)}")
    accounts = _accounts(inferred, trial)
    if accounts:
        table = Table(*accounts[0], box=None, header_style="bold")
        for account in accounts:
            table.add_row(*(shown(_cell(value)) for value in account.values()))
        console.print(table)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:,.6f}".rstrip("0").rstrip(".")
        case int():
            return f"{value:,}"
        case _:
            return str(value)
