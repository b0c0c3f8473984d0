"""Suppression filter: keeps erased people out of later pulls.

Belongs here: redacting their records in pulled files before these land. Does not: the import, which drops those that
are in landed files regardless (`assets/importing/importing`).
"""

from collections.abc import Sequence
from pathlib import Path

from assets.erasing.landed import Wanted, emptied
from assets.erasing.redaction import CannotEmptyError
from assets.landing import suppression
from assets.landing.pull.errors import PullError
from assets.landing.store import LandedFile, LandingFilter
from assets.reading.formats import UnreadableFileError
from schemas.config.source import Source
from schemas.settings import Settings
from schemas.shape import Shape


def landing_filter(settings: Settings, source: Source, shape: Shape) -> LandingFilter | None:
    """Returns the filter of pulled files for `landing.land`; None if nobody was erased, which avoids a second read."""
    suppressed = suppression.load(settings.suppressed)
    if not suppressed:
        return None
    wanted = Wanted(suppressed.mask, lambda _: False)

    def without_erased(files: Sequence[LandedFile], folder: Path) -> list[LandedFile] | None:
        try:
            return emptied(settings, source, shape, files, wanted, folder)
        except UnreadableFileError:
            return None  # the import reports it, and uses nothing of it
        except CannotEmptyError as error:
            raise PullError(f"people who were erased cannot be left out: {error}") from error

    return without_erased
