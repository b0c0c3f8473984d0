"""Redaction of landed pulls: files, their manifest, and the folder named by their hash.

Belongs here: replacing a pull as a whole, so that after a kill the old one or the new one counts, and a rerun completes
it. A manifest keeps its number; its `content`, hashes and sizes become those of the rewritten bytes, its tombstones
list the redacted records, and its ETags are dropped, since an unchanged export would be copied from here.
Does not: pulling (`assets/landing/store`).
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from assets.erasing import redaction
from assets.erasing.records import Match, Meant, kinds, meant
from assets.importing.open_files import LandedPart, open_files
from assets.landing import store
from assets.landing.store import LandedFile, Manifest, Tombstone
from assets.storage import atomic_write
from schemas.config.source import Source
from schemas.settings import Settings
from schemas.shape import Records, Shape

_HIDDEN = "forgotten"


@dataclass(frozen=True)
class Wanted:
    """Criteria of the records to redact.

    Attributes:
        match: Returns the mask of matching rows.
        named: Whether a text names them; where only hashes of names are known, none does.
    """

    match: Match
    named: Callable[[str], bool]


def meant_in(
    settings: Settings, source: Source, shape: Shape, files: Sequence[LandedFile], wanted: Wanted
) -> dict[str, dict[Records, Meant]]:
    """Finds the records to redact: path, within an archive too, to records by kind; writes nothing.

    Raises:
        UnreadableFileError: They cannot be read by the shape.
    """
    with open_files(settings, source, shape, files) as (opened, _):
        return _found(settings, source, opened, wanted)


def emptied(
    settings: Settings, source: Source, shape: Shape, files: Sequence[LandedFile], wanted: Wanted, folder: Path
) -> list[LandedFile] | None:
    """Writes landed files to a folder, with the matching records redacted.

    Args:
        settings: Settings of the home.
        source: Their source.
        shape: Its shape.
        files: The files, below the landing folder.
        wanted: The criteria.
        folder: An empty folder, below the landing folder.

    Returns:
        The files as they are there; None where none of them has such a record, and the folder is empty still.

    Raises:
        UnreadableFileError: They cannot be read by the shape.
        CannotEmptyError: One of them cannot be rewritten.
    """
    with open_files(settings, source, shape, files) as (opened, _):
        found = _found(settings, source, opened, wanted)
        if not found:
            return None
        done: list[LandedFile] = []
        for file in files:
            parts = [part for part in opened if part.file.path == file.path or _member(file, part)]
            if not any(part.file.path in found for part in parts):
                redaction.copy(settings.landing / file.path, folder / PurePosixPath(file.path).name)
                done.append(
                    replace(file, path=str((folder / PurePosixPath(file.path).name).relative_to(settings.landing)))
                )
                continue
            done.append(_rewritten(settings, source, file, parts, found, wanted, folder))
    return done


def replace_files(settings: Settings, manifest: Manifest, files: Sequence[LandedFile], folder: Path) -> Manifest:
    """Replaces the files of a pull with rewritten ones, and its manifest with them.

    Args:
        settings: Settings of the home.
        manifest: The current manifest.
        files: The files, in `folder`.
        folder: The folder that `emptied` wrote to, beside the pull's own folder.

    Returns:
        The manifest that counts now.
    """
    place = settings.landing / manifest.source / manifest.snapshot_date
    content = store.content_of(files)
    if folder.exists():  # a pull of the same bytes has moved it there already
        store.keep(folder, place / content)
    prefix = f"{manifest.source}/{manifest.snapshot_date}/{content}"
    kept = tuple(replace(file, path=f"{prefix}/{PurePosixPath(file.path).name}") for file in files)
    now = replace(manifest, content=content, files=kept)
    path = place / "manifests" / f"{manifest.sequence:04d}.json"
    with atomic_write.replacing(path, str(os.getpid())) as aside:
        aside.write_text(json.dumps(asdict(now), indent=1), encoding="utf-8")
    return now


def aside(settings: Settings, manifest: Manifest) -> Path:
    """Returns a new folder beside those of a pull."""
    place = settings.landing / manifest.source / manifest.snapshot_date
    folder = Path(tempfile.mkdtemp(prefix=f".{os.getpid()}-", suffix=".tmp", dir=place))
    folder.chmod(0o755)
    return folder


def _found(
    settings: Settings, source: Source, opened: Sequence[LandedPart], wanted: Wanted
) -> dict[str, dict[Records, Meant]]:
    found: dict[str, dict[Records, Meant]] = {}
    for part in opened:
        for records in kinds(part):
            if hit := meant(settings, part, source, records, wanted.match, wanted.named):
                found.setdefault(part.file.path, {})[records] = hit
    return found


def _rewritten(
    settings: Settings,
    source: Source,
    file: LandedFile,
    parts: Sequence[LandedPart],
    found: dict[str, dict[Records, Meant]],
    wanted: Wanted,
    folder: Path,
) -> LandedFile:
    path = settings.landing / file.path
    name = _without_name(path.name, wanted.named)
    target = folder / path.name
    stones = set(file.tombstones)
    # In the home, where sweeps and searches find the files of a killed run.
    with atomic_write.temp_dir(settings.scratch) as scratch:
        members: dict[str, Path] = {}
        for number, part in enumerate(parts):
            if part.file.path not in found:
                continue
            member = part.file.path[len(file.path) + 1 :]
            written = target if not member else scratch / str(number) / part.path.name
            written.parent.mkdir(exist_ok=True)
            empty = redaction.empty(settings, part, source, found[part.file.path], wanted.named, written)
            stones |= {Tombstone(records, row, member) for records, rows in empty.items() for row in rows}
            if member:
                members[member] = written
        if members:
            redaction.pack(path, target, members, lambda name, content: _names(wanted, name, content))
    target.rename(folder / name)
    target = folder / name
    atomic_write.sync_file(target)
    with target.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return replace(
        file,
        path=str(target.relative_to(settings.landing)),
        origin=file.origin.replace(path.name, name) if name != path.name else file.origin,
        sha256=digest,
        bytes=target.stat().st_size,
        etag="",
        tombstones=tuple(sorted(stones, key=lambda stone: (stone.member, stone.records, stone.row))),
    )


def _member(file: LandedFile, part: LandedPart) -> bool:
    return part.file.path.startswith(f"{file.path}/")


def _without_name(name: str, named: Callable[[str], bool]) -> str:
    """Returns the name of a file, replaced if it contains the person's: some exports have one file per account."""
    stem, *suffixes = name.split(".")
    return ".".join([_HIDDEN, *suffixes]) if named(f"/{stem}") else name


def _names(wanted: Wanted, name: str, content: bytes) -> bool:
    return wanted.named(f"/{PurePosixPath(name).stem}") or wanted.named(content.decode("utf-8", errors="replace"))
