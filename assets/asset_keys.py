"""Asset keys and owners: keys share one prefix, so that this code location can be combined with others in one Dagster.

Assets are declared by `dg.multi_asset`, one or several: `dg.asset` would put the prefix into the names of steps, which
people read in logs and notifications.
"""

import dagster as dg

_PREFIX = "smallvoices"
OWNERS = ["team:data-engineering"]


def asset_key(name: str) -> dg.AssetKey:
    """Returns the key of the asset of a table, a file or a source."""
    return dg.AssetKey([_PREFIX, name])
