"""Commands about people: erase a person, and allow an erased person again.

Belongs here: the question, and the output. Does not: erasing (`pipelines/forget`).
"""

import json
import sys

import click

from assets.publishing.publish_protocol import PublishError
from assets.storage.home_lock import HomeLockedError
from pipelines.cli import console as screen
from pipelines.cli.command import common, main
from schemas.column import PLATFORMS
from schemas.config.source import SourcesFile
from schemas.settings import Settings


@main.command("erase")
@click.argument("platform", type=click.Choice(PLATFORMS))
@click.argument("id_or_handle")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="List what would be erased, and erase nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON; asks nothing, so give --yes or --dry-run too.")
@common
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
    """Erase a person from everything under the home, keep them out of later pulls, and verify it by a search.

    Takes the platform, and the platform's own id or the handle; `@` before it marks a handle.
    """
    from assets.landing import suppression  # noqa: PLC0415 - as above
    from assets.publishing.postgres import PostgresError  # noqa: PLC0415 - loads a driver, which is as slow
    from pipelines.cli import erasure_summary  # noqa: PLC0415 - loads Dagster, which a usage error need not wait for
    from pipelines.forget import forgetting  # noqa: PLC0415 - as above

    if as_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing: give --yes or --dry-run too")
    console = screen.opened(as_json=as_json)
    try:
        with screen.bars(console):
            person, seen = forgetting.look(settings, loaded, platform, id_or_handle)
        erasure_summary.print_seen(console, person, seen)
        if dry_run:
            if as_json:
                click.echo(json.dumps(erasure_summary.as_document(person, seen, None), indent=1))
            return
        if not yes:
            click.confirm("Erase this person? It cannot be undone", err=True, abort=True)
        with screen.bars(console):
            done = forgetting.forget(
                settings, loaded, person, seen, log_level=screen.log_level(console), say=console.print
            )
    except (
        forgetting.ForgetError, HomeLockedError, PublishError, PostgresError, suppression.SuppressionError
    ) as error:  # fmt: skip
        screen.say("ERROR", str(error))
        sys.exit(1)
    erasure_summary.print_erased(console, done)
    if as_json:
        click.echo(json.dumps(erasure_summary.as_document(person, done.erased, done), indent=1))
    sys.exit(0 if done.proof.holds and not done.erased.left else 1)


@main.command("allow")
@click.argument("platform", type=click.Choice(PLATFORMS))
@click.argument("id_or_handle")
@common
def lift_suppression(settings: Settings, loaded: SourcesFile, platform: str, id_or_handle: str) -> None:  # noqa: ARG001 - loaded, so that mistakes show first
    """Allow an erased person again, so that later pulls accept them.

    Takes any suppressed id or handle of the person, and lifts the suppression of the others too. Erased data comes back
    only with a pull. Ends with exit code 2 where that name is not suppressed.
    """
    from assets.landing import suppression  # noqa: PLC0415 - as above
    from pipelines.forget import forgetting  # noqa: PLC0415 - as above

    try:
        lifted = forgetting.lift(settings, platform, id_or_handle)
    except (forgetting.ForgetError, HomeLockedError, suppression.SuppressionError) as error:
        screen.say("ERROR", str(error))
        sys.exit(1)
    if not lifted:
        screen.say("ERROR", f"{id_or_handle!r} on {platform} is not suppressed in {settings.home}; nothing was changed")
        sys.exit(2)
    click.echo(
        f"Lifted the suppression of {lifted} ids and handles on {platform}: later pulls accept them. Dates that have "
        "landed stay without them until they are pulled again with --force"
    )
