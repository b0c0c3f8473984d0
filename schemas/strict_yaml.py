"""YAML as people write it by hand, in which no key of a mapping stands twice, and where in its file a mistake stands.

YAML's own reader takes the last of them without a word, and what was declared before is lost.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

# As `{date}` stands in addresses, and ${NAME} in secrets.
_UNQUOTED = re.compile(r"\{\w+\}")


class YamlError(ValueError):
    """A text is no YAML, or a key stands twice; the message says where, in one line."""


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        lines: dict[str, int] = {}
        for key, _ in node.value:
            # What a merge brings in is meant to be replaced.
            if not isinstance(key, ScalarNode) or key.tag == "tag:yaml.org,2002:merge":
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                both = f"in line {lines[key.value]} and line {line}"
                raise YamlError(f"{key.value}: twice in one mapping, {both}; allowed: once")
            lines[key.value] = line
        return super().construct_mapping(node, deep=deep)


def load(text: str) -> Any:  # noqa: ANN401 - whatever the document holds
    """The document of a text.

    Raises:
        YamlError: It is no YAML, or a key stands twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        written = text.splitlines()[error.problem_mark.line : error.problem_mark.line + 1] if error.problem_mark else []
        unquoted = "; put a text with { in it in quotes" if any(_UNQUOTED.search(line) for line in written) else ""
        why = "a tab where blanks belong; use blanks" if "'\\t'" in (error.problem or "") else error.problem
        raise YamlError(f"not YAML: {line}{why}{unquoted}") from error
    except yaml.YAMLError as error:
        raise YamlError(f"not YAML: {' '.join(str(error).split())}") from error


def located(path: Path, text: str, place: Sequence[str | int]) -> str:
    """A file with the line, as editors open it, at which somebody looks for a place in its document.

    Args:
        path: The file.
        text: What it holds.
        place: The keys and positions that lead there. Of what is not written out, as a key that is missing or came by
            an alias, it is the line of what it would stand in; where not even the first key is there, none.
    """
    node: Node | None = yaml.compose(text, Loader=_Loader)
    line: int | None = None
    for part in place:
        found: list[tuple[Node, Node]] = []
        if isinstance(node, MappingNode):
            found = [(key, value) for key, value in node.value if key.value == str(part)]
        elif isinstance(node, SequenceNode) and isinstance(part, int):
            found = [(each, each) for each in node.value[part : part + 1]]
        if not found:
            break
        line, node = found[0][0].start_mark.line + 1, found[0][1]
    return f"{path}:{line}" if line else str(path)
