"""Checks of published data: its age, its contract, and the sources of its date."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version

import duckdb

from assets.importing.import_report import import_report
from assets.landing.dates import DateError, has_dated_files, on_disk, yesterday
from assets.publishing import publish_protocol, staleness
from assets.storage import outdated
from assets.storage.lake import Lake
from pipelines import jobs
from pipelines.doctor.finding import Finding
from schemas.config.sources_file import SourcesError, load
from schemas.published import CONTRACT_VERSION
from schemas.settings import Settings

_MODE = 0o444


def freshness(settings: Settings) -> Iterator[Finding]:
    """Checks that readers see the newest date that the schedule should have published."""
    try:
        generation = publish_protocol.current(settings)
    except publish_protocol.PublishError as error:
        yield Finding("published", "problem", str(error), settings.command("publish"))
        return
    if generation is None:
        yield Finding("published", "warning", "nothing is published yet", settings.command("nightly"))
        return
    newest = generation.snapshot_date
    said = f"generation {generation.number} shows {newest}"
    expected = jobs.due(settings, datetime.now(tz=UTC))
    if newest >= expected.date:
        yield Finding("published", "ok", said)
        return
    overdue = f"{expected.date} was due by {expected.since:%Y-%m-%d %H:%M} UTC"
    yield Finding("published", "problem", f"{said}; {overdue}", _caught_up(settings, newest))


def _caught_up(settings: Settings, newest: date) -> str:
    """Returns the command that catches up from a date to yesterday, as far as there are exports."""
    backfill = f"backfill --from {newest + timedelta(1)} --to {yesterday()}"
    try:
        loaded = load(settings.sources_file)
        if not all(map(has_dated_files, loaded.sources)):
            return settings.command(backfill)
        if on_disk(loaded, settings)[-1] > newest:
            return settings.command(f"{backfill} --available-only")
    except SourcesError:
        return settings.command(backfill)
    except DateError:
        pass  # no file of any date
    put = f"put the newest exports where {loaded.path} names them, and run `{settings.command('nightly')}`"
    return f"no source has a file of a later date; {put}"


def contract(settings: Settings) -> Iterator[Finding]:
    """Checks that the published file has this code's contract, and is safe from clients that open it for writing."""
    path = settings.published / publish_protocol.FILE_NAME
    if not path.exists():
        return
    with duckdb.connect(str(path), read_only=True) as connection:
        of_file, code = connection.execute("SELECT contract_version, code_version FROM _meta").fetchall()[0]
    said = f"contract {of_file}, written by smallvoices {code}"
    if of_file != CONTRACT_VERSION:
        yield Finding(
            "contract", "warning", f"{said}; this is contract {CONTRACT_VERSION}", settings.command("publish")
        )
    else:
        yield Finding("contract", "ok", f"{said}; this is {version('smallvoices')}")
    if (mode := path.stat().st_mode & 0o777) != _MODE:
        risk = "a client that opens it to write leaves a log that no reader gets past"
        yield Finding("contract", "warning", f"{path} has mode {mode:o}: {risk}", f"chmod {_MODE:o} {path}")


def sources(settings: Settings) -> Iterator[Finding]:
    """Reports the status of each source on the newest date."""
    lake = Lake(settings.lake)
    dates = lake.dates("ranking")
    if dates and outdated.is_outdated(lake, dates[-1]):  # reported by `stale`; its report has other columns
        return
    rows = import_report(settings, dates[-1]) if dates else []
    failed = {row["source"]: row for row in rows if row["state"] != "published"}
    for name, row in failed.items():
        stands_in = f"rows of {row['landed_date']} stand in; " if row["state"] == "carried_forward" else ""
        why = row["message"] or next((r["message"] for r in rows if r["source"] == name and r["message"]), None)
        said = f"{name} on {dates[-1]}: {row['state']}: {stands_in}{why or 'see the import report'}"
        yield Finding(
            "sources", "warning", said, f"once that is mended: {settings.command(f'nightly --date {dates[-1]}')}"
        )
    again = {row["source"]: row["pulled_again"] for row in rows if row["pulled_again"] and row["source"] not in failed}
    for name, why in again.items():
        said = f"{name} on {dates[-1]}: published, of an earlier pull; pulled again, in vain: {why}"
        remedy = f"once that is mended: {settings.command(f'nightly --date {dates[-1]} --force')}"
        yield Finding("sources", "warning", said, remedy)
    if dates and not failed and not again:
        yield Finding("sources", "ok", f"all published on {dates[-1]}")


def stale(settings: Settings) -> Iterator[Finding]:
    """Reports dates that another release has written, or whose result would differ if they were recomputed now."""
    if old := outdated.dates(Lake(settings.lake)):
        yield Finding("stale dates", "problem", outdated.reason(old), settings.command("publish"))
        return
    with suppress(SourcesError):  # reported by a check of its own
        found = staleness.find(settings, load(settings.sources_file))
        for each in found:
            yield Finding("stale dates", "warning", each.text, settings.command(each.remedy))
        if not found:
            yield Finding("stale dates", "ok", "none")
