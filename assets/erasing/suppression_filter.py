"""People who were erased, kept out of what is pulled later.

Belongs here: emptying their records in pulled files before these land. Does not: the import, which leaves out whatever
of theirs stands in landed files all the same (`assets/importing/importing`).
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
    """What `landing.land` passes pulled files through; None where nobody was erased, and nothing is read twice."""
    suppressed = suppression.load(settings.suppressed)
    if not suppressed:
        return None
    wanted = Wanted(suppressed.mask, lambda _: False)

    def without_erased(files: Sequence[LandedFile], folder: Path) -> list[LandedFile] | None:
        try:
            return emptied(settings, source, shape, files, wanted, folder)
        except UnreadableFileError:
            return None  # the import says so, and takes nothing of it
        except CannotEmptyError as error:
            raise PullError(f"people who were erased cannot be left out: {error}") from error

    return without_erased
