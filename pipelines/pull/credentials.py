"""Secrets: named in sources.yaml as `${NAME}`, read from the environment, and never shown.

Belongs here: filling names in, and hiding values again in whatever is logged, kept or raised.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from pipelines.pull.pulled import PullError

_NAMED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# Keys whose values are secrets whatever they hold.
_SECRET_KEY = re.compile(
    r"authorization|cookie|token|secret|password|passwd|credential|^key$|(api|app|access|auth|account)[-_]?key",
    re.IGNORECASE,
)
# What says how a secret is meant, and is none.
_SCHEMES = re.compile(r"^(basic|bearer|token|apikey)?\s*$", re.IGNORECASE)


def names_in(value: object) -> set[str]:
    """The environment variables that a value of sources.yaml names, however deep."""
    return {name for text in _texts(value) for name in _NAMED.findall(text)}


def is_literal_secret(key: str, value: object) -> bool:
    """Whether a key that holds secrets has one written out instead of named."""
    return (
        bool(_SECRET_KEY.search(key)) and isinstance(value, str) and not names_in(value) and not _SCHEMES.match(value)
    )


def is_set(name: str) -> bool:
    """Whether the environment has a value for a name."""
    return bool(os.environ.get(name))


class Secrets:
    """The values behind the names in some values of sources.yaml."""

    def __init__(self, *values: object) -> None:
        """Reads them from the environment.

        Raises:
            PullError: One is not set, or cannot stand in a header.
        """
        names = sorted(set().union(*map(names_in, values)))
        if missing := [name for name in names if not is_set(name)]:
            raise PullError(
                f"environment variable {', '.join(missing)} is not set; set it where the nightly run starts"
            )
        self._values = {name: os.environ[name] for name in names}
        for name, value in self._values.items():
            if not value.isprintable():
                raise PullError(f"environment variable {name} holds a line break or another control character")
        shown = ((form, name) for name, value in self._values.items() for form in _forms(value))
        # Longest first: one secret may be part of another.
        self._forms = sorted(shown, key=lambda pair: -len(pair[0]))

    def fill(self, value: Any) -> Any:
        """The value with every `${NAME}` replaced, however deep."""
        if isinstance(value, str):
            return _NAMED.sub(lambda match: self._values[match.group(1)], value)
        if isinstance(value, Mapping):
            return {key: self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    def fill_address(self, address: str) -> str:
        """An HTTP address with every `${NAME}` replaced, quoted so that it stays the part of it that it is."""
        return _NAMED.sub(lambda match: quote(self._values[match.group(1)], safe=""), address)

    def hide(self, text: str) -> str:
        """The text with every secret, in whatever form, replaced by its `${NAME}`."""
        for form, name in self._forms:
            text = text.replace(form, f"${{{name}}}")
        return text


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
