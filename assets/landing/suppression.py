"""Suppression list: one salted hash per id and handle of erased people, and nothing else of them.

    suppressed/salt      32 random bytes, mode 0600
    suppressed/entries   an HMAC-SHA256 a line and a random number that those of one person share, sorted, mode 0600

Belongs here: storing the entries, removing them, and matching rows. Both files together with a name reveal whether that
name was erased; the files alone name nobody. A handle is suppressed with any id, as vendors have ids of their own: a
later owner of the handle is left out as well, and counted.
"""

import hmac
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from assets.storage import atomic_write
from schemas.column import PLATFORMS

SALT, ENTRIES = "salt", "entries"
_SALT_BYTES = 32
# Numbers of people, and names of files that are being written.
_NAME_BYTES = 8


class SuppressionError(Exception):
    """The entries cannot be used; the message contains the remedy."""


@dataclass(frozen=True)
class Suppression:
    """The entries of a home; without entries, nothing is suppressed and nothing is computed.

    Attributes:
        salt: The key of the hashes.
        entries: Hash to the number of the person whose it is.
    """

    salt: bytes = b""
    entries: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def mask(self, rows: pl.DataFrame) -> pl.Series:
        """Returns the mask of rows of suppressed people; a row without a platform matches on any platform.

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


def is_empty(rows: pl.DataFrame) -> pl.Series:
    """Returns the mask of records that are empty or name no account; a post may have its owner from its profile."""
    return (rows["profile_id"].is_null() & rows["handle"].is_null()) | rows["is_blank"].fill_null(value=True)


def load(folder: Path) -> Suppression:
    """Loads the entries of a folder; an empty list where nobody was erased.

    Raises:
        SuppressionError: Entries exist, but the salt to match them does not.
    """
    entries = _read(folder)
    try:
        return Suppression((folder / SALT).read_bytes(), entries)
    except FileNotFoundError as error:
        if not entries:
            return Suppression()
        raise SuppressionError(
            f"{folder / SALT} is gone, and without it nobody can tell who the {len(entries):,} entries beside it keep "
            f"out: restore it from a backup; where there is none, remove {folder}, and forget each person again"
        ) from error


def add(folder: Path, platform: str, values: Iterable[str]) -> None:
    """Suppresses a person from now on, by all known ids and handles.

    Args:
        folder: The folder of the entries; created if it is missing.
        platform: The platform.
        values: Ids and handles.

    Raises:
        SuppressionError: Entries exist, but the salt to match them does not.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = load(folder)
    if not known.salt:
        _write(folder / SALT, secrets.token_bytes(_SALT_BYTES))
        known = load(folder)
    hashes = [_entry(known.salt, platform, value) for value in values]
    # A person who was erased before may have other names since.
    person = next((known.entries[each] for each in hashes if each in known.entries), os.urandom(_NAME_BYTES).hex())
    _keep(folder, {**known.entries, **dict.fromkeys(hashes, person)})


def lift(folder: Path, platform: str, values: Collection[str]) -> int:
    """Removes a person's entries, so that later pulls accept the person again.

    Args:
        folder: The folder of the entries.
        platform: The platform.
        values: Forms of one of their ids or handles; entries added together with it are removed too.

    Returns:
        Number of removed entries; 0 if none has that name.

    Raises:
        SuppressionError: Entries exist, but the salt to match them does not.
    """
    known = load(folder)
    people = {known.entries.get(_entry(known.salt, platform, value)) for value in values} - {None}
    left = {entry: person for entry, person in known.entries.items() if person not in people}
    if people:
        _keep(folder, left)
    return len(known.entries) - len(left)


def _read(folder: Path) -> dict[str, str]:
    path = folder / ENTRIES
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    # Entries of earlier releases have no number, and are not linked.
    return {entry: person or entry for entry, _, person in (line.partition(" ") for line in lines)}


def _keep(folder: Path, entries: Mapping[str, str]) -> None:
    _write(folder / ENTRIES, "".join(f"{entry} {person}\n" for entry, person in sorted(entries.items())).encode())


def _entry(salt: bytes, platform: str, value: str) -> str:
    return hmac.digest(salt, f"{platform}\0{value}".encode(), "sha256").hex()


def _write(path: Path, content: bytes) -> None:
    with (
        atomic_write.replacing(path, os.urandom(_NAME_BYTES).hex()) as aside,
        os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
    ):
        file.write(content)
