"""Files on disk, copied byte for byte while they are hashed.

Belongs here: paths, globs and file:// addresses. Does not: the meaning of the bytes, except for distinguishing an
export from an error page.
"""

import glob
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from assets.landing.pull.byte_budget import Allowance
from assets.landing.pull.errors import Pulled, PullError
from assets.landing.pull.hashed_file import HashedFile
from assets.storage.atomic_write import DiskError

_BLOCK_BYTES = 2 * 2**20


def matching(address: str, folder: Path) -> list[Path]:
    """Lists the files that match an address, by name.

    Args:
        address: A path, a glob or a file:// address; relative to `folder`.
        folder: The folder of sources.yaml.

    Raises:
        PullError: There is none.
    """
    local = unquote(urlsplit(address).path) if address.startswith("file://") else address
    pattern = str(folder / local)
    found = (
        [Path(pattern)] if Path(pattern).is_file() else sorted(Path(hit) for hit in glob.glob(pattern, recursive=True))  # noqa: PTH207 - absolute globs
    )
    files = [path for path in found if path.is_file()]
    if not files and Path(pattern).is_dir():
        raise PullError(f"{pattern} is a folder; say which of its files are meant, as in {Path(pattern) / '*.csv'}")
    if not files:
        raise PullError(f"no file {pattern}; put the export there, or correct the url in sources.yaml")
    return files


def copy(path: Path, target: Path, allowance: Allowance) -> Pulled:
    """Copies one file and makes the copy durable.

    Raises:
        PullError: It cannot be read, it changed while it was copied, or it is larger than the allowance.
        DiskError: The copy cannot be written.
    """
    try:
        with path.open("rb", buffering=0) as original:
            before = os.fstat(original.fileno())
            copied = HashedFile(target)
            with copied:
                while block := original.read(_BLOCK_BYTES):
                    allowance.take(len(block))
                    copied.write(block)
                    # It is not read again: without this, a large export would evict all else from the page cache.
                    os.posix_fadvise(original.fileno(), copied.bytes - len(block), len(block), os.POSIX_FADV_DONTNEED)
        after = path.stat()
    except DiskError:
        raise
    except OSError as error:
        raise PullError(f"{path} cannot be copied: {error.strerror or error}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise PullError(f"{path} changed while it was copied; pull again once its writer is done")
    return Pulled(name=target.name, origin=str(path), sha256=copied.sha256, bytes=copied.bytes)
