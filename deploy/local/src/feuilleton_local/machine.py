"""What a machine has to offer before anything is started."""

import os
import shutil
from pathlib import Path

from feuilleton_local.failures import LocalError
from feuilleton_local.paths import LocalPaths, shown

_DISK_NEEDED_BYTES = 300 * 1024 * 1024
_DISK_FULL_BYTES = 1024 * 1024
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - not for files of ours


def require_machine(paths: LocalPaths) -> None:
    """Make the folders of the run. Raises LocalError with the first thing that is missing and what to do about it."""
    if not Path("/proc/self/stat").exists():
        raise LocalError("/proc is not mounted: neither Java nor Postgres starts without it")
    if not os.access(_SHARED_MEMORY, os.W_OK | os.X_OK):
        raise LocalError(
            f"{_SHARED_MEMORY} is missing or cannot be written, so Python has no locks between processes: "
            f"sudo sh -c 'mkdir -p {_SHARED_MEMORY} && mount -t tmpfs -o mode=1777 tmpfs {_SHARED_MEMORY}'"
        )
    _make_folders(paths)
    free = shutil.disk_usage(paths.home).free
    if free < _DISK_NEEDED_BYTES:
        raise LocalError(
            f"the disk is full: {free // 2**20} MB free at {shown(paths.home)}, "
            f"{_DISK_NEEDED_BYTES // 2**20} MB needed (LOCAL_DIR=/other/folder moves the data)"
        )


def disk_is_full(paths: LocalPaths) -> bool:
    """What fails now fails because of that, whatever it says: even supervisord falls when its log cannot grow."""
    return paths.home.exists() and shutil.disk_usage(paths.home).free < _DISK_FULL_BYTES


def _make_folders(paths: LocalPaths) -> None:
    try:
        paths.make_folders()
    except OSError as failure:
        raise LocalError(f"cannot write to {shown(paths.home)}: {failure.strerror}") from failure
