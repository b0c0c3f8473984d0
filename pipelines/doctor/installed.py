"""Checks of installed versions against the tested ones, and of the environment."""

import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from pipelines.doctor.finding import Finding
from schemas.config.secrets import is_set
from schemas.config.source import SourcesFile
from schemas.settings import REPOSITORY

_NAMED = ("dagster", "duckdb", "polars")
_SHOWN = 5


def versions(lock: Path = REPOSITORY / "requirements.lock") -> Iterator[Finding]:
    """Reports versions, and those that differ from the lock."""
    told = ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in _NAMED)])
    if not lock.exists():
        yield Finding("versions", "ok", f"{told}; no requirements.lock to hold them against")
        return
    other = [
        f"{pinned.name} {has or 'missing'} ({pinned.specifier})"
        for pinned in _pinned(lock.read_text(encoding="utf-8"))
        if (has := _installed(pinned.name)) is None or has not in pinned.specifier
    ]
    if other:
        shown = ", ".join(other[:_SHOWN]) + (f" and {len(other) - _SHOWN} more" if len(other) > _SHOWN else "")
        said = f"{told}; not as in requirements.lock: {shown}"
        yield Finding("versions", "warning", said, "pip install --require-hashes -r requirements.lock")
    else:
        yield Finding("versions", "ok", f"{told}; all as in requirements.lock")


def _pinned(lock: str) -> Iterator[Requirement]:
    """Returns the versions that a lock pins for this system."""
    for line in lock.splitlines():
        if line[:1].isalnum():
            pinned = Requirement(line.rstrip("\\ "))
            if pinned.marker is None or pinned.marker.evaluate():
                yield pinned


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def secrets(loaded: SourcesFile) -> Iterator[Finding]:
    """Checks environment variables that sources.yaml names; an unset one fails the source that names it."""
    unset = {place: [name for name in names if not is_set(name)] for place, names in loaded.secrets.items()}
    for place, names in unset.items():
        for name in names:
            said = f"${{{name}}} of {place} is not set"
            yield Finding("secrets", "problem", said, "set it in the environment that the nightly run starts in")
    if not any(unset.values()):
        count = len(set().union(*loaded.secrets.values()))
        yield Finding("secrets", "ok", f"{count} named in {loaded.path.name}, all set" if count else "none named")
