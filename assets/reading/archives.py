"""Archives: the files in them, each unpacked to be read like any other.

Belongs here: zip archives, their shared cap, and members that are not exports. Does not: reading records, the cap of
one file (`decompression_guard`), or compression of a single file (`formats`).
"""

import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from assets.reading import decompression_guard
from assets.reading.formats import UnreadableFileError
from schemas.config.limits import Limits

_CHUNK = 2**20
_EXPORTS = {
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".ndjson",
    ".jsonl",
    ".parquet",
    ".xlsx",
    ".xlsm",
    ".xlsb",
    ".xls",
    ".ods",
    ".gz",
    ".zst",
    "",
}
_NOTES = ("readme", "license", "licence", "notes", "manifest")


def members(path: Path, folder: Path, limits: Limits, room: int) -> list[tuple[str, Path]]:
    """Unpacks the exports of an archive.

    Args:
        path: A zip archive.
        folder: Target folder; each member gets a file of its own, under any member name.
        limits: The cap on the expansion of a member.
        room: Bytes that may be unpacked: SMALLVOICES_TEMP_LIMIT.

    Returns:
        (name in the archive, unpacked file), in order of the names.

    Raises:
        UnreadableFileError: It is broken, protected, holds no export, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = sorted((member for member in archive.infolist() if _is_export(member)), key=lambda m: m.filename)
            if not found:
                raise UnreadableFileError(
                    f"{path.name} holds no export; it holds {', '.join(archive.namelist()[:20]) or 'nothing'}"
                )
            if len(found) > limits.max_files:
                raise UnreadableFileError(f"{path.name} holds {len(found):,} files, over {limits.passed('max_files')}")
            left = room
            unpacked = []
            for number, member in enumerate(found, start=1):
                target = (
                    folder / f"{number:04d}-{re.sub(r'[^A-Za-z0-9.]', '_', PurePosixPath(member.filename).name)[-60:]}"
                )
                left -= _unpack(archive, member, target, left, path, limits)
                decompression_guard.require_harmless(target, limits)
                unpacked.append((member.filename, target))
            return unpacked
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise UnreadableFileError(f"{path.name} is no whole zip archive ({error}); pull it again") from error
    except RuntimeError as error:
        raise UnreadableFileError(f"{path.name} is protected by a password; ask for it without one") from error
    except NotImplementedError as error:
        raise UnreadableFileError(
            f"{path.name} is packed in a way that is not known here ({error}); pack it anew"
        ) from error


def _is_export(member: zipfile.ZipInfo) -> bool:
    place = PurePosixPath(member.filename)
    is_hidden = any(part.startswith((".", "__MACOSX")) for part in place.parts)
    is_note = place.suffix.lower() in (".txt", "", ".json") and place.stem.lower().startswith(_NOTES)
    return not member.is_dir() and not is_hidden and not is_note and place.suffix.lower() in _EXPORTS


def _unpack(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: int, path: Path, limits: Limits
) -> int:
    """Unpacks one member and returns its size; ignores the size that the archive states."""
    size = 0
    most = decompression_guard.cap(member.compress_size, limits)
    with archive.open(member) as packed, target.open("wb") as file:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise UnreadableFileError(
                    f"{path.name}: {member.filename} expands to more times its size than {limits.passed('max_ratio')}"
                )
            if size > room:
                raise UnreadableFileError(
                    f"{path.name} unpacks to more than SMALLVOICES_TEMP_LIMIT allows; raise it where the disk has room"
                )
            file.write(chunk)
    return size
