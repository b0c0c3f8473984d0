"""YAML 1.2 as people write it by hand: no key stands twice in a mapping, and an error is reported with its line."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

# As `{date}` stands in addresses, and ${NAME} in secrets.
_UNQUOTED = re.compile(r"\{\w+\}")


class YamlError(ValueError):
    """A text is not YAML, or a key stands twice; the message says where, in one line."""


class _Constructor(RoundTripConstructor):
    def check_mapping_key(self, node: Any, key_node: Any, mapping: Any, key: Any, value: Any) -> bool:  # noqa: ANN401
        if key in mapping and (first := _line(mapping, key)):
            both = f"in line {first} and line {key_node.start_mark.line + 1}"
            raise YamlError(f"{key}: twice in one mapping, {both}; allowed: once")
        return bool(super().check_mapping_key(node, key_node, mapping, key, value))


def load(text: str) -> Any:  # noqa: ANN401 - whatever the document holds
    """Returns the document of a text; its mappings and lists know the lines of what they hold.

    Raises:
        YamlError: It is not YAML, or a key stands twice.
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
    """Returns a file with the line, as editors open it, of a place in its document.

    Args:
        path: The file.
        document: What it holds.
        place: The keys and positions that lead there. What is not written out, such as a missing key or one that came
            by an alias, has the line of what it would stand in.
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
