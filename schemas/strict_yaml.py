"""YAML 1.2 for hand-written files: duplicate keys are errors, and errors have line numbers."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

# A placeholder: `{date}` in addresses, ${NAME} for secrets.
_UNQUOTED = re.compile(r"\{\w+\}")


class YamlError(ValueError):
    """Invalid YAML, or a duplicate key; the message has the line."""


class _Constructor(RoundTripConstructor):
    def check_mapping_key(self, node: Any, key_node: Any, mapping: Any, key: Any, value: Any) -> bool:  # noqa: ANN401
        if key in mapping and (first := _line(mapping, key)):
            both = f"in line {first} and line {key_node.start_mark.line + 1}"
            raise YamlError(f"{key}: twice in one mapping, {both}; allowed: once")
        return bool(super().check_mapping_key(node, key_node, mapping, key, value))


def load(text: str) -> Any:  # noqa: ANN401 - any document
    """Returns the document of a text; its mappings and lists have the lines of their entries.

    Raises:
        YamlError: The text is not YAML, or a key is duplicated.
    """
    reader = YAML()
    reader.Constructor = _Constructor
    try:
        return reader.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        written = text.splitlines()[mark.line : mark.line + 1] if mark else []
        unquoted = "; put a text with { in it in quotes" if any(map(_UNQUOTED.search, written)) else ""
        why = "a tab where blanks belong; use blanks" if "'\\t'" in (error.problem or "") else error.problem
        raise YamlError(f"not YAML: {f'line {mark.line + 1}: ' if mark else ''}{why}{unquoted}") from error
    except YAMLError as error:
        raise YamlError(f"not YAML: {' '.join(str(error).split())}") from error


def located(path: Path, document: object, place: Sequence[str | int]) -> str:
    """Returns `file:line` of a place in a document, the form that editors open.

    Args:
        path: The file.
        document: The document of the file.
        place: The keys and positions that lead there. A place that is not in the text, such as a missing key or one
            from an alias, has the line of its parent.
    """
    found = None
    for part in place:
        if (line := _line(document, part)) is None:
            break
        found, document = line, document[part]  # type: ignore[index] # it has a line
    return f"{path}:{found}" if found else str(path)


def _line(holder: object, part: str | int) -> int | None:
    lines = holder.lc.data if isinstance(holder, CommentedBase) else None
    return int(lines[part][0]) + 1 if lines and part in lines else None
