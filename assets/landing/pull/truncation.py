"""Detection of truncated files.

Belongs here: checks on any file that need no shape. Does not: whether it is an export (`reading/formats`), or its
expanded size (`reading/decompression_guard`).
"""

import codecs
import mmap
import re
import zipfile
from pathlib import Path

from assets.reading import decompression_guard
from assets.reading.formats import compression, tail

_CHUNK = 2**20
# A complete string, a bracket, or an unclosed quote.
_JSON_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}"]', re.DOTALL)


def cut(path: Path, *, is_framed: bool, end_marker: str | None) -> str | None:
    """Returns why a file may be truncated; None if its end is known.

    Args:
        path: The file.
        is_framed: Whether the protocol gave its length or its end.
        end_marker: Text that every file of the source ends with, where it was declared.
    """
    if end_marker is not None:
        marker = end_marker.encode()
        if not tail(path, len(marker) + 2).rstrip(b"\r\n").endswith(marker.rstrip(b"\r\n")) or (
            marker.endswith(b"\n") and tail(path, 1) != b"\n"
        ):
            return f"{path.name} does not end with end_marker {end_marker!r}: it was cut short; pull it again"
        return None
    if is_framed or path.stat().st_size == 0 or _ends_by_itself(path):
        return None
    return (
        f"{path.name} came without its length, and nothing in it tells whether it was cut short; ask for "
        "Content-Length, or declare end_marker (a text that every whole file ends with)"
    )


def _ends_by_itself(path: Path) -> bool:
    """Returns whether the last bytes of a format prove that all bytes before them arrived."""
    if compression(path) != "none":
        return decompression_guard.is_whole(path)
    with path.open("rb") as file:
        head = file.read(64)
    if head[:4] == b"PAR1":
        return tail(path, 4) == b"PAR1"
    return zipfile.is_zipfile(path) or _is_one_json_document(path, head.removeprefix(codecs.BOM_UTF8))


def _is_one_json_document(path: Path, head: bytes) -> bool:
    """Returns whether a file is one JSON array or object whose last bracket closes its first.

    An object a line is several documents, and any line's end could be a cut: an object counts in a .json file only.
    """
    if not head.lstrip().startswith(b"[" if path.suffix != ".json" else (b"[", b"{")):
        return False
    depth = 0
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for token in _JSON_TOKEN.finditer(content):
            kind = content[token.start()]
            if token.end() - token.start() > 1:
                continue
            if kind == ord('"'):
                return False  # an unclosed string
            depth += 1 if kind in b"[{" else -1
            if depth == 0:
                return not content[token.end() : token.end() + _CHUNK].strip()
    return False
