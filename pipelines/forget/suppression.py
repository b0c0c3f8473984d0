"""Who must not come back: one salted hash per id and handle of the people who were forgotten, and nothing else of them.

    suppressed/salt      32 random bytes, mode 0600
    suppressed/entries   an HMAC-SHA256 a line, sorted, mode 0600

Belongs here: keeping the entries, and telling whether rows are of such a person. Whoever has both files and a name can
tell whether that name was forgotten; the files alone name nobody. A handle is suppressed whatever id comes with it, as
vendors have ids of their own: who takes it up later is left out as well, and counted.
"""

import hmac
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines import durable
from schemas.column import PLATFORMS

_SALT_BYTES = 32


@dataclass(frozen=True)
class Suppression:
    """The entries of a home; without any, nobody is suppressed and nothing is computed."""

    salt: bytes = b""
    entries: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def mask(self, rows: pl.DataFrame) -> pl.Series:
        """Which rows are of a suppressed person; of rows that do not say their platform, those of any platform.

        Args:
            rows: `platform`, `profile_id` and `handle`.
        """
        found = pl.repeat(value=False, n=rows.height, eager=True)
        if not self.entries:
            return found
        for name in ("profile_id", "handle"):
            pairs = rows.select("platform", value=name).filter(pl.col("value").is_not_null()).unique()
            hit = pairs.filter(pl.Series([self._has(*pair) for pair in pairs.iter_rows()], dtype=pl.Boolean))
            if hit.height:
                marked = rows.select("platform", value=name).join(
                    hit.with_columns(is_hit=True), on=["platform", "value"], how="left", nulls_equal=True,
                    maintain_order="left",
                )["is_hit"]  # fmt: skip
                found |= marked.fill_null(value=False)
        return found

    def _has(self, platform: str | None, value: str) -> bool:
        platforms = [platform] if platform in PLATFORMS else PLATFORMS
        return any(_entry(self.salt, each or "", value) in self.entries for each in platforms)


def load(folder: Path) -> Suppression:
    """The entries of a folder; none where it is not there."""
    try:
        return Suppression((folder / "salt").read_bytes(), frozenset((folder / "entries").read_text().split()))
    except FileNotFoundError:
        return Suppression()


def add(folder: Path, platform: str, values: Iterable[str]) -> None:
    """Keeps a person out from now on, by all ids and handles known.

    Args:
        folder: Where the entries are kept; made where it is missing.
        platform: The platform.
        values: Ids and handles.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    salt = folder / "salt"
    if not salt.exists():
        _write(salt, secrets.token_bytes(_SALT_BYTES))
    key = salt.read_bytes()
    entries = load(folder).entries | {_entry(key, platform, value) for value in values}
    _write(folder / "entries", "".join(f"{entry}\n" for entry in sorted(entries)).encode())


def _entry(salt: bytes, platform: str, value: str) -> str:
    return hmac.digest(salt, f"{platform}\0{value}".encode(), "sha256").hex()


def _write(path: Path, content: bytes) -> None:
    with (
        durable.replacing(path, str(os.getpid())) as aside,
        os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(content)
