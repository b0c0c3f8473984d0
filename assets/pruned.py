"""`pruned`: old dates and old runs, removed at the end of a nightly run.

Belongs here: the Dagster side of retention. Does not: which dates may go (`assets/retention`), or which runs
(`pipelines/instance`).
"""

from collections import Counter
from collections.abc import Callable, Sequence

import dagster as dg

from assets.asset_keys import OWNERS, asset_key
from assets.retention import old_dates
from assets.retention.old_dates import Removable
from assets.storage import home_lock
from schemas.first_line import first_line
from schemas.settings import Settings

NAME = "pruned"
# Prunes a home; returns the removed, and what could not be removed and why.
Prune = Callable[[Settings, dg.DagsterInstance], tuple[Sequence[Removable], list[str]]]


def build(settings: Settings, prune: Prune) -> dg.AssetsDefinition:
    """Builds the asset, which runs after a publish and never fails a run.

    Args:
        settings: Settings of the home.
        prune: Removes old dates, and old runs of Dagster's own storage.
    """

    @dg.multi_asset(
        name=NAME,
        specs=[
            dg.AssetSpec(
                asset_key(NAME),
                deps=[asset_key("published")],
                description=(
                    "Removes old dates of the lake, and what ended runs have logged; old dates of landing only where "
                    "SMALLVOICES_KEEP_LANDING_DAYS is set."
                ),
                group_name="published",
                kinds={"file"},
                owners=OWNERS,
            )
        ],
    )
    def pruned(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        counts: Counter[old_dates.Kind] = Counter()
        freed = 0
        try:
            with home_lock.adding(settings):
                found, refused = prune(settings, context.instance)
            counts, freed = Counter(each.kind for each in found), sum(each.bytes for each in found)
        except Exception as error:  # noqa: BLE001 - the next run tries again
            refused = [f"{type(error).__name__}: {first_line(error)}"]
        for reason in refused:
            context.log.warning(f"not removed: {reason}")
        context.log.info(f"let go of {old_dates.words(counts)}, {freed:,} bytes")
        return dg.MaterializeResult(
            metadata={
                **{f"removed_{kind}": counts[kind] for kind in old_dates.KINDS},
                "removed_bytes": freed,
                "refused": "; ".join(refused) or "nothing",
            }
        )

    return pruned
