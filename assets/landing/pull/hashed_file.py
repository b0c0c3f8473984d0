"""A file that is hashed and made durable while it is written.

Belongs here: writing and hashing while the next bytes arrive. Does not: the source of the bytes.
"""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from assets.storage import atomic_write

# Chunks in the queue for hashing.
_WAITING = 4
# Bytes after which write-back starts, so that the final sync is short.
_SYNC_BYTES = 8 * 2**20


class HashedFile:
    """A file to append to, in one `with` block or several."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.begin()

    def begin(self) -> None:
        """Truncates the file."""
        with atomic_write.naming(self._path):
            self._path.write_bytes(b"")
        self._hash = hashlib.sha256()
        self.bytes = 0

    def __enter__(self) -> Self:
        self._file = self._path.open("ab")
        self._hasher = ThreadPoolExecutor(1)
        self._waiting: deque[Future[None]] = deque()
        self._synced = self.bytes
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hasher.shutdown()
        with atomic_write.naming(self._path), self._file:
            self._file.flush()
            os.fsync(self._file.fileno())

    def write(self, chunk: bytes) -> None:
        """Appends bytes."""
        self._waiting.append(self._hasher.submit(self._hash.update, chunk))
        with atomic_write.naming(self._path):
            self._file.write(chunk)
        self.bytes += len(chunk)
        if len(self._waiting) > _WAITING:
            self._waiting.popleft().result()
        if self.bytes - self._synced >= _SYNC_BYTES:
            # Linux starts writing back the pages that it is advised not to keep, without blocking.
            with atomic_write.naming(self._path):
                self._file.flush()
            os.posix_fadvise(self._file.fileno(), self._synced, self.bytes - self._synced, os.POSIX_FADV_DONTNEED)
            self._synced = self.bytes

    @property
    def sha256(self) -> str:
        """Returns the hash of the file, outside of the `with` block."""
        return self._hash.hexdigest()
