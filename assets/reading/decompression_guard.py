"""Decompression guard: one cap on expansion for gzip, zstd, archives and spreadsheets.

Belongs here: the cap, and counting expanded bytes without storing them. Does not: unpacking (`archives`).
"""

import zipfile
import zlib
from pathlib import Path

from assets.reading.formats import UnreadableFileError, container_of, open_bytes, whole
from schemas.config.limits import Limits

# Below this size no ratio matters.
_HARMLESS_BYTES = 64 * 2**20
_CHUNK = 2**20


def cap(packed_bytes: int, limits: Limits) -> int:
    """Returns the cap on the expansion of so many bytes."""
    return max(_HARMLESS_BYTES, int(packed_bytes * limits.max_ratio))


def bomb(path: Path, limits: Limits) -> str | None:
    """Returns why a compressed file or spreadsheet is refused; None for other files and acceptable ones.

    Archives of exports have it checked where they are unpacked.
    """
    container = container_of(path)
    if container in ("none", "zip"):
        return None
    most = cap(path.stat().st_size, limits)
    try:
        expanded = _spreadsheet_bytes(path, most) if container == "spreadsheet" else _expanded(path, most)
    except UnreadableFileError as error:
        return str(error)
    if expanded <= most:
        return None
    return f"{path.name} expands to more times its size than {limits.passed('max_ratio')}"


def require_harmless(path: Path, limits: Limits) -> None:
    """Raises if `bomb` has a reason.

    Raises:
        UnreadableFileError: It is refused.
    """
    if (why := bomb(path, limits)) is not None:
        raise UnreadableFileError(why)


def is_whole(path: Path) -> bool:
    """Returns whether a compressed file has its end."""
    try:
        _expanded(path, None)
    except UnreadableFileError:
        return False
    return True


def _expanded(path: Path, most: int | None) -> int:
    """Counts the bytes that a compressed file expands to, up to just over `most`."""
    expanded = 0
    with whole(path), open_bytes(path) as file:
        while (most is None or expanded <= most) and (chunk := file.read(_CHUNK)):
            expanded += len(chunk)
    return expanded


def _spreadsheet_bytes(path: Path, most: int) -> int:
    """Counts the expanded bytes of a spreadsheet; ignores the sizes that its parts state."""
    if not zipfile.is_zipfile(path):
        return 0  # the older format is not compressed
    expanded = 0
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                # Without it reading would end at the stated size, while the spreadsheet reader goes on.
                member.file_size = most + 1
                with archive.open(member) as packed:
                    while expanded <= most and (chunk := packed.read(_CHUNK)):
                        expanded += len(chunk)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        return expanded  # the reader reports the error
    return expanded
