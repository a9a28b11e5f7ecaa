"""The lock that makes one process a store's owner."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from interlock.errors import InterlockError


class StoreLock:
    """An exclusive `flock` on a file beside the store, held until `release` or the end of the process.

    The kernel drops it when the process dies, so a crash leaves nothing to clean up. It works on local file systems
    only, as SQLite's write-ahead log does.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, store: Path) -> None:
        """Takes the lock for `store`, or raises `InterlockError` ("store_locked") at once."""
        path = store.with_name(store.name + ".lock")
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise InterlockError(
                f"another process owns the store {store.name}; stop that gateway, or send the change to its API",
                code="store_locked",
            ) from None

    def release(self) -> None:
        """Lets the next owner in. The file stays: removing it would let two processes lock two files."""
        os.close(self._descriptor)
