"""Files on disk, copied byte for byte while they are hashed.

Belongs here: paths, globs and file:// addresses. Does not: what the bytes mean, beyond telling an export from
an error page.
"""

import glob
import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipelines import durable
from pipelines.pull.pulled import Pulled, PullError


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
    found = (
        [Path(pattern)] if Path(pattern).is_file() else sorted(Path(hit) for hit in glob.glob(pattern, recursive=True))  # noqa: PTH207 - absolute globs
    )
    files = [path for path in found if path.is_file()]
    if not files and Path(pattern).is_dir():
        raise PullError(f"{pattern} is a folder; say which of its files are meant, as in {Path(pattern) / '*.csv'}")
    if not files:
        raise PullError(f"no file {pattern}; put the export there, or correct the url in sources.yaml")
    return files


def copy(path: Path, target: Path) -> Pulled:
    """Copies one file and makes the copy durable.

    Raises:
        PullError: It cannot be read, or it changed while it was copied.
    """
    try:
        before = path.stat()
        # The kernel copies while this process hashes; the file must be the same before and after both.
        with path.open("rb") as source, ThreadPoolExecutor(1) as copier:
            copying = copier.submit(shutil.copyfile, path, target)
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            copying.result()
        durable.sync_file(target)
        after = path.stat()
    except OSError as error:
        raise PullError(f"{path} cannot be copied: {error.strerror or error}") from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise PullError(f"{path} changed while it was copied; pull again once its writer is done")
    return Pulled(name=target.name, origin=str(path), sha256=sha256, bytes=after.st_size)
