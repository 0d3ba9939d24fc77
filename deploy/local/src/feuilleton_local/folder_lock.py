"""One server per data folder: a second Kafka on the same folder truncates the log of the first and kills it."""

import fcntl
import os
import time
from pathlib import Path

from feuilleton_local.failures import FolderLockedError
from feuilleton_local.paths import shown

_RETRY_SECONDS = 0.05


def hold_folder(folder: Path, *, user: str, wait_seconds: float) -> int:
    """Lock the folder for this process and all that it becomes by exec; returns the lock's descriptor.

    The lock goes with its last holder, however that ends; nothing is ever left to clean up. Waits, because a server
    whose launcher was killed needs a moment to stop. Raises FolderLockedError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(descriptor):
        if time.monotonic() >= deadline:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
            os.close(descriptor)
            raise FolderLockedError(f"another {user} (pid {holder or 'unknown'}) works on {shown(folder)}")
        time.sleep(_RETRY_SECONDS)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    os.set_inheritable(descriptor, True)  # noqa: FBT003 - the standard library's own signature
    return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
