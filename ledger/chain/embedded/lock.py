"""One process per chain file: a second writer would fork the chain."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ledger.chain.errors import ChainLocked, StorageFailed


class FileLock:
    """An exclusive lock on `<file>.lock`, held until `release()` or the end of the process.

    The kernel drops it when the process dies, so a crash leaves nothing to clean up. The lock file itself stays: removing it would let
    two processes lock two different files of one name.
    """

    def __init__(self, file: Path) -> None:
        """Take the lock.

        Raises:
            ChainLocked: another process (or another engine of this one) holds it.
            StorageFailed: the lock file cannot be created.
        """
        self.path = file.with_name(file.name + ".lock")
        self.owner = os.getpid()
        try:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageFailed(f"cannot create {self.path}: {error.strerror}", hint="check the folder and its permissions") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(self._descriptor)
            os.close(self._descriptor)
            raise ChainLocked(
                f"{file} is open in another process" + (f" (pid {holder})" if holder else ""),
                hint="stop the other process, or let this one talk to it by URL",
                path=str(file),
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, str(self.owner).encode())

    def check_owner(self) -> None:
        """Refuse work in a forked child: it inherited the lock, but two processes on one sqlite connection corrupt the file.

        Raises:
            ChainLocked: this process did not take the lock.
        """
        if os.getpid() != self.owner:
            raise ChainLocked(f"the chain was opened by process {self.owner}, this is {os.getpid()}", hint="open the chain after forking")

    def release(self) -> None:
        """Give the lock back; harmless when done twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _holder(descriptor: int) -> str:
    try:
        text = os.pread(descriptor, 20, 0).decode("ascii", "replace")
    except OSError:
        return ""
    return text if text.isdigit() else ""
