"""Secrets: named in sources.yaml as `${NAME}`, read from the environment, and never shown.

Belongs here: substituting names, and redacting values in all that is logged, stored or raised.
"""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from assets.landing.pull.errors import PullError
from schemas.config.secrets import NAMED, is_set, names_in


class Secrets:
    """Values of the secrets that are named in some values of sources.yaml."""

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
        """Replaces every `${NAME}` in a value, at any depth."""
        if isinstance(value, str):
            return NAMED.sub(lambda match: self._values[match.group(1)], value)
        if isinstance(value, Mapping):
            return {key: self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    def fill_address(self, address: str) -> str:
        """Replaces every `${NAME}` in an HTTP address, quoted so that the value stays within its part of it."""
        return NAMED.sub(lambda match: quote(self._values[match.group(1)], safe=""), address)

    def hide(self, text: str) -> str:
        """Replaces every secret in a text, in any encoding, by its `${NAME}`."""
        for form, name in self._forms:
            text = text.replace(form, f"${{{name}}}")
        return text


def _forms(value: str) -> set[str]:
    return {value, quote(value, safe=""), quote(value), quote_plus(value), json.dumps(value)[1:-1], repr(value)[1:-1]}
