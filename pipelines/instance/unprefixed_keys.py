"""Asset keys of releases before the prefix: moves their materializations to today's keys.

Belongs here: Dagster's record of landed dates. Does not: tables, whose dates are recomputed under today's keys anyway.
The Dagster instance of a home belongs to this project alone, so every key without a prefix is its own.
"""

import dagster as dg

from assets.asset_keys import asset_key

_AT_ONCE = 1_000
_LANDED = "landed_"


def move(instance: dg.DagsterInstance) -> None:
    """Reports the landed dates of each source under today's key, and removes the keys without a prefix."""
    keys = [key for key in instance.get_asset_keys() if len(key.path) == 1]
    for key in keys:
        if key.path[0].startswith(_LANDED):
            _copy(instance, key, asset_key(key.path[0]))
    instance.wipe_assets(keys)


def _copy(instance: dg.DagsterInstance, old: dg.AssetKey, new: dg.AssetKey) -> None:
    newest: dict[str | None, dg.AssetMaterialization] = {}
    cursor = None
    while True:
        found = instance.fetch_materializations(old, limit=_AT_ONCE, cursor=cursor)
        for record in found.records:
            if record.asset_materialization:
                newest.setdefault(record.partition_key, record.asset_materialization)
        cursor = found.cursor
        if not found.has_more:
            break
    for partition, made in newest.items():
        instance.report_runless_asset_event(
            dg.AssetMaterialization(new, partition=partition, metadata=dict(made.metadata))
        )
