"""Keys of sources.yaml that mean nothing: where they stand, and what was probably meant.

Belongs here: the words for them. Does not: which keys there are (`sources`).
"""

from collections.abc import Sequence
from typing import Any

import yaml

from schemas.did_you_mean import meant


def told(text: str, place: Sequence[str | int], allowed: Sequence[str]) -> str:
    """What to say of an unknown key.

    Args:
        text: The YAML that it stands in.
        place: The keys and positions that lead to it, itself last.
        allowed: The keys that there are.
    """
    line = _line(text, place)
    key = str(place[-1])
    where = f" in line {line}" if line else ""
    return f"unknown key{where}; {meant(key, allowed)}allowed: {', '.join(allowed)}"


def _line(text: str, place: Sequence[str | int]) -> int | None:
    """The line of a key; None where it came by an alias or merge."""
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    line: int | None = None
    for part in place:
        if isinstance(part, int):
            node = node.value[part]
            continue
        found = [(key, value) for key, value in node.value if key.value == part]
        if not found:
            return None
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return line
