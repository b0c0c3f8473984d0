"""The steps of `smallvoices erase`: identify the person, find their data, erase it, publish, and verify.

Belongs here: the order of the steps. The erasure is recorded first and the record removed last, so that the same
command completes an interrupted one. Does not: printing, or asking.
"""

from collections.abc import Callable
from dataclasses import dataclass

from assets.landing import suppression
from assets.publishing import publish_protocol
from assets.retention import temp_cleanup
from assets.storage import home_lock, outdated
from assets.storage.lake import Lake
from pipelines import runs
from pipelines.forget import dagster_storage, erasing, identity_resolution, published_postgres, verification
from pipelines.forget.erasing import Erased
from pipelines.forget.person import Person
from pipelines.forget.verification import Proof
from pipelines.instance import home_instance
from schemas.config.source import SourcesFile
from schemas.settings import Settings


class ForgetError(Exception):
    """The erasure failed or is incomplete; the message contains the remedy."""


@dataclass(frozen=True)
class ErasureResult:
    """The result of an erasure.

    Attributes:
        erased: Data erased from landing and lake.
        blotted: Texts changed in Dagster's storage.
        proof: The result of searching the home.
    """

    erased: Erased
    blotted: int
    proof: Proof


def look(settings: Settings, sources: SourcesFile, platform: str, name: str) -> tuple[Person, Erased]:
    """Identifies the person and finds the data to erase; changes nothing.

    Raises:
        ForgetError: The name is unknown, or another release has written dates of the lake.
        SettingsError: Dagster's storage is in PostgreSQL, and its address is not configured.
    """
    home_instance.require_storage(settings)
    if old := outdated.dates(Lake(settings.lake)):
        raise ForgetError(outdated.message(settings, old))
    with home_lock.erasing(settings):
        return _look(settings, sources, platform, name)


def forget(
    settings: Settings,
    sources: SourcesFile,
    person: Person,
    seen: Erased,
    *,
    log_level: str,
    say: Callable[[str], None],
) -> ErasureResult:
    """Erases a person, suppresses them, publishes once, and searches the home.

    Args:
        settings: The settings of the home.
        sources: The sources, which define how landed files are read.
        person: The person that `look` has found.
        seen: The data that `look` has found.
        log_level: The log level of the run that recomputes dates.
        say: Called with the name of each step as it begins.

    Raises:
        ForgetError: Dates could not be recomputed; the same command resumes there.
        HomeLockedError: A run is in progress.
        PostgresError: A database that has the person cannot be reached or written to; as above.
    """
    with home_lock.erasing(settings):
        earlier = [each for name in person.names for each in erasing.begun(settings, person.platform, name)]
        days = {*seen.days, *(day for _, _, days in earlier for day in days)}
        begun = {path for path, _, _ in earlier} | {erasing.begin(settings, person, sorted(days))}
        suppression.add(settings.suppressed, person.platform, person.names)
        say("Emptying their records in what has landed, and their rows in the lake")
        erased = erasing.erase(settings, sources, person)
        days |= set(erased.days)
        if days or publish_protocol.current(settings):
            say(f"Computing {len(days)} dates anew, and publishing")
            outcome = runs.recompute(settings, sources, sorted(days), log_level=log_level)
            if not outcome.succeeded:
                raise ForgetError(
                    f"{outcome.error}; their records are erased from landing and lake, and the published file still "
                    "has them: mend the cause, and run the same command again"
                )
            publish_protocol.keep_newest_only(settings)
        temp_cleanup.sweep(settings, is_alone=True)
        say("Blotting them out of Dagster's storage")
        blotted = dagster_storage.blot_out(settings, person)
        if sources.publish_to:
            say("Deleting them from earlier generations in PostgreSQL")
            published_postgres.take_out(sources.publish_to, person)
        say(
            "Searching every file under the home"
            + (", and PostgreSQL" if sources.publish_to or settings.dagster_in_postgres else "")
        )
        found = verification.search(settings, sources.publish_to, person)
        if found.holds and not erased.left:
            for path in begun:
                path.unlink()
        return ErasureResult(erased, blotted, found)


def lift(settings: Settings, platform: str, name: str) -> int:
    """Accepts a person again in later pulls; erased data stays erased.

    Args:
        settings: The settings of the home.
        platform: The platform.
        name: One of the ids and handles that were suppressed, a handle with or without `@`.

    Returns:
        The number of ids and handles that are no longer suppressed; 0 if the name was not suppressed.

    Raises:
        ForgetError: The erasure of that person has begun and not ended.
        HomeLockedError: A run is in progress.
        SuppressionError: The entries cannot be used.
    """
    with home_lock.erasing(settings):
        if erasing.begun(settings, platform, name):
            raise ForgetError(
                f"erasing {name!r} on {platform} was begun and has not ended; run `smallvoices erase` for them first"
            )
        return suppression.lift(settings.suppressed, platform, {name, identity_resolution.normal(name)})


def _look(settings: Settings, sources: SourcesFile, platform: str, name: str) -> tuple[Person, Erased]:
    earlier = erasing.begun(settings, platform, name)
    person = identity_resolution.person(settings, sources, platform, name)
    for _, begun, _ in earlier:
        person = begun if person is None else Person(
            platform, person.ids | begun.ids, person.handles | begun.handles, person.elsewhere | begun.elsewhere
        )  # fmt: skip
    # Unreadable records contain names only as text.
    asked = person or Person(
        platform,
        frozenset() if name.startswith("@") else frozenset({name}),
        frozenset({identity_resolution.normal(name)}),
    )
    seen = erasing.look(settings, sources, asked)
    if person is None and seen.is_nothing and not seen.left:
        raise ForgetError(
            f"nobody on {platform} is known by the id or handle {name!r} in {settings.home}; nothing was changed"
        )
    return asked, seen
