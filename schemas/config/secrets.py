"""References to secrets in sources.yaml: `${NAME}`, a variable of the environment.

Belongs here: finding references, and secrets in plain text. Does not: their values.
"""

import os
import re
from collections.abc import Iterator, Mapping

NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Keys whose values are always secrets.
_SECRET_KEY = re.compile(
    r"authorization|cookie|token|secret|password|passwd|credential|^key$|(api|app|access|auth|account)[-_]?key",
    re.IGNORECASE,
)
# The scheme of an authorization header, which is not a secret.
_SCHEMES = re.compile(r"^(basic|bearer|token|apikey)?\s*$", re.IGNORECASE)


def names_in(value: object) -> set[str]:
    """Returns the environment variables referenced in a value of sources.yaml, at any depth."""
    return {name for text in _texts(value) for name in NAMED.findall(text)}


def is_literal_secret(key: str, value: object) -> bool:
    """Returns whether the value of a secret key is plain text instead of a reference."""
    return (
        bool(_SECRET_KEY.search(key)) and isinstance(value, str) and not names_in(value) and not _SCHEMES.match(value)
    )


def is_set(name: str) -> bool:
    """Returns whether an environment variable is set and not empty."""
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
