"""Dagster's own processes: the UI and the daemon.

Belongs here: starting them in the foreground. Does not: how they are started (`pipelines/instance/services`).
"""

import sys

import click

from pipelines.cli import console as screen
from pipelines.cli.command import common, main
from schemas.config.source import SourcesFile
from schemas.settings import Settings


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on 127.0.0.1.")
@common
def ui(settings: Settings, loaded: SourcesFile, port: int) -> None:  # noqa: ARG001 - loaded, so that mistakes show first
    """Open the Dagster UI, with its scheduler, on 127.0.0.1."""
    from pipelines.instance import services  # noqa: PLC0415 - as above

    try:
        services.ui(settings, port)
    except services.ServiceRunningError as error:
        screen.say("ERROR", str(error))
        sys.exit(1)


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port to listen on.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on; the UI has no login, see Deployment."
)
@common
def webserver(settings: Settings, loaded: SourcesFile, port: int, host: str) -> None:  # noqa: ARG001 - as above
    """Serve the Dagster UI alone, for a machine that keeps it running."""
    from pipelines.instance import services  # noqa: PLC0415 - as above

    try:
        services.webserver(settings, host, port)
    except services.ServiceRunningError as error:
        screen.say("ERROR", str(error))
        sys.exit(1)


@main.command()
@common
def daemon(settings: Settings, loaded: SourcesFile) -> None:  # noqa: ARG001 - as above
    """Run the nightly schedule, automation and backfills, for a machine that keeps it running."""
    from pipelines.instance import services  # noqa: PLC0415 - as above

    services.daemon(settings)
