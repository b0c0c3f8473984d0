"""Texts that Dagster keeps: matching them to a person, and redacting them.

Belongs here: previews, explanations, errors and logs as texts. Does not: where they are kept (`dagster_storage`).

In a table the person's lines are removed; a text about them is removed as a whole. Names of assets, steps and runs are
not touched: a handle may be any word.
"""

import json
from typing import Any

from pipelines.forget.person import Person

GONE = "(erased)"


def says(text: object, person: Person) -> bool:
    """Reports whether a cell of Dagster's storage mentions a person, beyond names of assets and runs."""
    if not isinstance(text, str) or not person.is_named_in(text):
        return False
    return cleaned(text, person) != text


def cleaned(text: str, person: Person) -> str:
    """Redacts a person in a cell of Dagster's storage, which may be JSON."""
    try:
        document = json.loads(text)
    except ValueError:
        return without(text, person)
    if not isinstance(document, (dict, list)):
        return text
    walked = _walked(document, person)
    return text if walked == document else json.dumps(walked)


def without(text: str, person: Person) -> str:
    """Redacts a person in a human-readable text."""
    if not any(mark in text for mark in " |\n\t") or not person.is_named_in(text):
        return text
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip() and not line.startswith("```")), "")
    if not first.startswith("|") and person.is_named_in(first):
        return GONE
    return "".join(
        line if not person.is_named_in(line) else "" if line.startswith("|") else f"{GONE}\n" for line in lines
    )


def _walked(value: Any, person: Person) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _walked(child, person) for key, child in value.items()}
    if isinstance(value, list):
        return [_walked(item, person) for item in value]
    return without(value, person) if isinstance(value, str) else value
