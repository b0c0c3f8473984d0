"""The parameters that the tables of a date were computed with.

Belongs here: the note of them in each lake file that depends on them, reading it back, and the dates whose parameters
are not the configured ones. Does not: the meaning of a parameter (`schemas/config/source`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date

from assets.sql import read_sql
from assets.storage.lake import Lake
from schemas.config.source import Metrics

_NOTE = "parameters"

# None marks a parameter for which upstream tables had different values.
Parameters = Mapping[str, int | float | None]


def notes(lake: Lake, table: str, upstream: Sequence[str], day: date, metrics: Metrics) -> Mapping[str, str]:
    """Returns the note for a table: the parameters that its SQL reads, and those that its upstream tables depend on."""
    found: dict[str, int | float | None] = {}
    sql = re.sub("--.*", "", read_sql(table))  # a comment that names a parameter does not read it
    own = {name: value for name, value in metrics.model_dump().items() if re.search(rf"\b{name}\b", sql)}
    for noted in (*(_of_table(lake, name, day) for name in upstream), own):
        for name, value in noted.items():
            found[name] = value if found.get(name, value) == value else None
    return {_NOTE: json.dumps(found)} if found else {}


def of(lake: Lake, day: date) -> Parameters:
    """Returns the parameters of a ranked date; a lake written before release 0.2.0 recorded none."""
    return _of_table(lake, "ranking", day)


def stale(lake: Lake, metrics: Metrics) -> list[date]:
    """Returns the ranked dates whose recorded parameters are not the configured ones, oldest first."""
    configured = metrics.model_dump()
    return [
        day for day in lake.dates("ranking")
        if any(value != configured.get(name) for name, value in of(lake, day).items())
    ]  # fmt: skip


def are_the_same(one: Parameters, other: Parameters) -> bool | None:
    """Compares the parameters of two dates; returns None where one of them recorded none."""
    if not one or not other:
        return None
    return one == other and None not in one.values()


def _of_table(lake: Lake, table: str, day: date) -> Parameters:
    if not lake.path(table, day).exists():
        return {}
    noted: Parameters = json.loads(lake.notes(table, day).get(_NOTE, "{}"))
    return noted
