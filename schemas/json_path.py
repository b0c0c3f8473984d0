"""Paths into JSON documents, and their SQL.

Belongs here: parsing paths of shapes, such as `statistics.viewCount` or `data.items`, and the SQL with which DuckDB
reads a set of paths from a record in one pass. Does not: opening files (`assets/reading`).

A path is a list of keys joined by points. A key that contains a point is in double quotes, a number selects an element
of a list, and in the path to records `*` matches any key.
"""

import json
import re
from collections.abc import Iterable, Sequence

from schemas.quoting import identifier, literal

_KEYS = re.compile(r'(?:"(?P<quoted>[^"]+)"|(?P<plain>[^".]+))(?:\.(?=.)|$)')

_RAW = literal('["JSON"]')

# Keys of a level to the tree below them; None for a value that is read as text.
_Tree = dict[str, "_Tree | None"]


class JsonPathError(ValueError):
    """A path that is invalid; the message has the reason."""


def keys(path: str) -> list[str]:
    """Returns the keys of a path, outermost first.

    Raises:
        JsonPathError: The path is invalid.
    """
    found, place = [], 0
    while place < len(path):
        match = _KEYS.match(path, place)
        if match is None:
            break
        found.append(match["quoted"] or match["plain"])
        place = match.end()
    if not found or place < len(path):
        raise JsonPathError(f'{path!r} is no path; allowed: keys joined by points, "in quotes" where they hold one')
    return found


def structure(paths: Iterable[str]) -> str:
    """Returns the structure with which `from_json` reads all of these paths, every value as text.

    Raises:
        JsonPathError: Two of the paths contradict each other.
    """
    tree: _Tree = {}
    for path in paths:
        _add(tree, keys(path), path)
    return json.dumps(_nested(tree))


def member(record: str, path: str) -> str:
    """Returns a SQL expression for the value of a path in a record that was read with `structure`."""
    steps = (f"[{int(key) + 1}]" if key.isdecimal() else f".{identifier(key)}" for key in keys(path))
    return f"{record}{''.join(steps)}"


def pointer(path: str) -> str:
    """Returns a path in the syntax of the JSON functions of DuckDB."""
    return "$" + "".join(_step(key) for key in keys(path))


def records_within(documents: str, path: str, wanted: str) -> str:
    """Returns SQL for the records at a path in each document, a list of records or a single one.

    Lists along the path are flattened. A document without the path yields one record without values, so that an error
    document is not mistaken for an empty result.

    Args:
        documents: A relation with a column `json`, to follow FROM.
        path: The path to the records.
        wanted: The structure of a record.

    Returns:
        A relation with one column, `record`.
    """
    return f"(SELECT unnest({list_within(path, wanted)}) AS record FROM {documents})"


def list_within(path: str, wanted: str) -> str:
    """Returns SQL for the same records of a document `json`, as a list."""
    steps = keys(path)
    elements = "[json]"
    for place, key in enumerate(steps, start=1):
        inner = literal(f"[{wanted}]") if place == len(steps) else _RAW
        elements = f"flatten(list_transform({elements}, lambda json: {_elements(key, inner)}))"
    if "*" not in steps:
        # The common case, objects that lead to a list, is read in one pass and without copies.
        nested = f"[{wanted}]"
        for key in reversed(steps):
            nested = f"[{nested}]" if key.isdecimal() else f"{{{json.dumps(key)}: {nested}}}"
        whole = f"from_json(json, {literal(nested)}){member('', path)}"
        elements = f"CASE json_type(json, {literal(pointer(path))}) WHEN 'ARRAY' THEN {whole} ELSE {elements} END"
    return elements


def raw_records_within(documents: str, path: str) -> str:
    """Returns SQL for the same records in the same order, as raw JSON: the columns `document` and `json`."""
    for key in keys(path):
        documents = f"(SELECT document, unnest({_elements(key, _RAW)}) AS json FROM {documents})"
    return documents


def _elements(key: str, wanted: str) -> str:
    """Returns SQL for the value of a key of `json`, as a list read with a structure for lists."""
    if key == "*":
        return (
            "CASE json_type(json) WHEN 'OBJECT' "
            f"THEN flatten(list_transform(json_extract(json, '$.*'), lambda child: {_listed('child', wanted)})) "
            "ELSE [NULL] END"
        )
    return _listed(f"json_extract(json, {literal('$' + _step(key))})", wanted)


def _listed(child: str, wanted: str) -> str:
    return f"from_json(CASE json_type({child}) WHEN 'ARRAY' THEN {child} ELSE json_array({child}) END, {wanted})"


def _step(key: str) -> str:
    return f"[{key}]" if key.isdecimal() else f'."{key}"'


def _add(tree: _Tree, steps: Sequence[str], path: str) -> None:
    first, *rest = steps
    if any(
        other != first and (other.lower() == first.lower() or other.isdecimal() != first.isdecimal()) for other in tree
    ):
        raise JsonPathError(f"{path!r} contradicts another column at {first!r}; leave one out")
    if (not rest and first in tree) or (rest and tree.get(first, {}) is None):
        raise JsonPathError(f"{path!r} lies within another column, or holds one; leave one out")
    if not rest:
        tree[first] = None
        return
    below = tree.setdefault(first, {})
    if below is not None:
        _add(below, rest, path)


def _nested(tree: _Tree) -> object:
    if all(key.isdecimal() for key in tree):
        # All elements of a list share one structure.
        merged: _Tree = {}
        for below in tree.values():
            if below is None:
                return ["VARCHAR"]
            _merge(merged, below)
        return [_nested(merged)]
    return {key: "VARCHAR" if below is None else _nested(below) for key, below in tree.items()}


def _merge(tree: _Tree, other: _Tree) -> None:
    for key, below in other.items():
        known = tree.setdefault(key, below)
        if known is not None and below is not None and known is not below:
            _merge(known, below)
