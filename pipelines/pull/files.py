"""Files on disk, copied byte for byte while they are hashed.

Belongs here: paths, globs and file:// addresses. Does not: what the bytes mean, beyond telling an export from
an error page.
"""

import glob
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

CHUNK = 8 * 2**20


class PullError(Exception):
    """A source could not be pulled; the message says what to do."""


@dataclass(frozen=True)
class Copied:
    """A copied file."""

    name: str
    origin: str
    sha256: str
    bytes: int


def matching(address: str, folder: Path) -> list[Path]:
    """The files that an address stands for, in order of their names.

    Args:
        address: A path, a glob or a file:// address; relative to `folder`.
        folder: The folder of sources.yaml.

    Raises:
        PullError: There is none.
    """
    local = unquote(urlsplit(address).path) if address.startswith("file://") else address
    pattern = str(folder / local)
    found = [Path(pattern)] if Path(pattern).is_file() else sorted(Path(hit) for hit in glob.glob(pattern, recursive=True))
    files = [path for path in found if path.is_file()]
    if not files:
        raise PullError(f"no file {pattern}; put the export there, or correct the url in sources.yaml")
    return files


def copy(path: Path, target: Path) -> Copied:
    """Copies one file and makes the copy durable.

    Raises:
        PullError: It cannot be read, or it changed while it was copied.
    """
    try:
        before = path.stat()
        digest = hashlib.sha256()
        with path.open("rb") as source, target.open("xb") as sink, ThreadPoolExecutor(1) as hasher:
            for chunk in _chunks(source.fileno()):
                hashed = hasher.submit(digest.update, chunk)
                sink.write(chunk)
                hashed.result()
            sink.flush()
            os.fsync(sink.fileno())
        after = path.stat()
    except OSError as error:
        raise PullError(f"{path} cannot be copied: {error.strerror or error}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise PullError(f"{path} changed while it was copied; pull again once its writer is done")
    return Copied(name=target.name, origin=str(path), sha256=digest.hexdigest(), bytes=after.st_size)


def _chunks(descriptor: int) -> Iterator[bytes]:
    while chunk := os.read(descriptor, CHUNK):
        yield chunk
