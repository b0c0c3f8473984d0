"""`tidied`: what is old or left over goes at the end of a night, and the room that the home takes is told.

Belongs here: the Dagster side of tidying. Does not: what may go (`pipelines/tidying.py`).
"""

from collections import Counter

import dagster as dg

from assets.daily import OWNERS
from assets.storage import home_lock
from pipelines import tidying
from schemas.first_line import first_line
from schemas.settings import Settings

NAME = "tidied"


def build(settings: Settings) -> dg.AssetsDefinition:
    """The asset: after a publish, and never a reason for a night to fail."""

    @dg.asset(
        name=NAME,
        deps=["published"],
        description=(
            "Lets go of old dates of the lake, and of what ended runs have logged; of old dates of landing only where "
            "SMALLVOICES_KEEP_LANDING_DAYS is set."
        ),
        group_name="published",
        kinds={"file"},
        owners=list(OWNERS),
    )
    def tidied(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        counts: Counter[tidying.Kind] = Counter()
        freed = 0
        try:
            with home_lock.adding(settings):
                found = tidying.removable(settings, context.instance)
                refused = tidying.remove(settings, context.instance, found)
            counts, freed = Counter(each.kind for each in found), sum(each.bytes for each in found)
        except Exception as error:  # noqa: BLE001 - what could not be tidied tonight can be tomorrow
            refused = [f"{type(error).__name__}: {first_line(error)}"]
        for reason in refused:
            context.log.warning(f"not tidied: {reason}")
        context.log.info(f"let go of {tidying.words(counts)}, {freed:,} bytes")
        return dg.MaterializeResult(
            metadata={
                **{f"removed_{kind}": counts[kind] for kind in tidying.KINDS},
                "removed_bytes": freed,
                "refused": "; ".join(refused) or "nothing",
            }
        )

    return tidied
