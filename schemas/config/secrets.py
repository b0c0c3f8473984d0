"""Secrets as sources.yaml names them: `${NAME}`, a variable of the environment.

Belongs here: finding the names, and secrets that are written out instead. Does not: their values.
"""

import os
import re
from collections.abc import Iterator, Mapping

NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Keys whose values are secrets whatever they hold.
_SECRET_KEY = re.compile(
    r"authorization|cookie|token|secret|password|passwd|credential|^key$|(api|app|access|auth|account)[-_]?key",
    re.IGNORECASE,
)
# What says how a secret is meant, and is none.
_SCHEMES = re.compile(r"^(basic|bearer|token|apikey)?\s*$", re.IGNORECASE)


def names_in(value: object) -> set[str]:
    """The environment variables that a value of sources.yaml names, however deep."""
    return {name for text in _texts(value) for name in NAMED.findall(text)}


def is_literal_secret(key: str, value: object) -> bool:
    """Whether a key that holds secrets has one written out instead of named."""
    return (
        bool(_SECRET_KEY.search(key)) and isinstance(value, str) and not names_in(value) and not _SCHEMES.match(value)
    )


def is_set(name: str) -> bool:
    """Whether the environment has a value for a name."""
    return bool(os.environ.get(name))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
