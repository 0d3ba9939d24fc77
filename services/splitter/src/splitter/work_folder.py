"""Where a book's PDF lies while it is read, and how what a killed process left there goes away."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "feuilleton-split-"


@contextmanager
def book_folder(work_folder: Path) -> Iterator[Path]:
    """A folder for one book, gone at the end. Its name tells whose it is."""
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", dir=work_folder) as folder:
        yield Path(folder)


def remove_leftovers(work_folder: Path) -> int:
    """Remove the books of processes that are no more; called before this process reads its first. Returns how many.

    A container's process has the same id each time, so this process's own folders are an earlier one's.
    """
    left = [folder for folder in work_folder.glob(f"{_PREFIX}*") if not _in_use(folder.name)]
    for folder in left:
        shutil.rmtree(folder, ignore_errors=True)
    return len(left)


def _in_use(name: str) -> bool:
    owner = name.removeprefix(_PREFIX).partition("-")[0]
    if not owner.isdigit() or int(owner) == os.getpid():
        return False
    return Path(f"/proc/{owner}").exists()
