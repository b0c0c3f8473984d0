"""The command itself, and what its commands share: the location to work in, and errors in that.

Belongs here: options that more than one module of commands takes. Does not: any one command.
"""

import sys
from collections.abc import Callable
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import click

from assets.landing import dates
from assets.landing.dates import DateError, yesterday
from assets.storage import atomic_write
from pipelines.cli import console as screen
from pipelines.cli import old_names
from schemas.config.source import SourcesFile
from schemas.config.sources_file import SourcesError, load
from schemas.settings import Settings, SettingsError

# Exit code of shells after Ctrl-C.
_INTERRUPTED = 130

FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group(cls=old_names.Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smallvoices")
def main() -> None:
    """Turns influencer exports into one ranked, auditable table of micro-influencers."""


def common(command: Callable[..., None]) -> Callable[..., None]:
    """Defines the options of every command, and prints errors in them as one line with exit code 2."""

    @click.option("--home", type=FOLDER, help="Folder of landing, lake and published files.")
    @click.option("--sources", "sources_file", type=FILE, help="The sources.yaml.")
    @wraps(command)
    def wrapped(home: Path | None, sources_file: Path | None, **options: Any) -> None:
        try:
            settings = click.get_current_context().obj = Settings.from_environment().at(home, sources_file)
            command(settings=settings, loaded=load(settings.sources_file), **options)
        except (SettingsError, SourcesError, DateError) as mistake:
            screen.say("ERROR", str(mistake))
            sys.exit(2)
        except PermissionError as refusal:
            screen.say("ERROR", f"{refusal}; run as the user who made the home, or see `{settings.command('doctor')}`")
            sys.exit(1)
        except OSError as refusal:
            if not atomic_write.is_refusal(refusal.errno):
                raise
            screen.say("ERROR", f"{refusal}; `{settings.command('doctor')}` prints how much room there is")
            sys.exit(1)
        except KeyboardInterrupt:
            screen.say("ERROR", "interrupted; what is published is whole, and the same command goes on")
            sys.exit(_INTERRUPTED)

    return wrapped


def chosen_date(settings: Settings, loaded: SourcesFile, day: str | None) -> date:
    """Returns the date of --date: `newest`, or by default yesterday, UTC."""
    if day == "newest":
        return dates.on_disk(loaded, settings)[-1]
    try:
        return yesterday() if day is None else dates.parse(day, settings)
    except DateError as error:
        raise DateError(f"{error}; or newest, the newest that has files") from error
