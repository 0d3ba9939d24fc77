"""A disk of few megabytes that only some processes see: a folder in a mount namespace of their own, without root.

`python -m tests.small_disk hold FOLDER BYTES` keeps it, `... PID MODULE ARGUMENTS` runs a module there.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from feuilleton_local.parent_death import bound_to_parent, die_with_parent

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_FILLER = "filler"
_BLOCK_BYTES = 65_536
_libc = ctypes.CDLL(None, use_errno=True)


class NoSmallDiskError(Exception):
    """This machine gives no namespaces to its users."""


@dataclass(frozen=True)
class SmallDisk:
    """`launcher` is for tests.stack: what it starts finds the disk at `folder`. Others find an empty folder there."""

    folder: Path
    holder: "subprocess.Popen[str]"

    @property
    def launcher(self) -> tuple[str, ...]:
        return ("tests.small_disk", str(self.holder.pid))

    def fill(self) -> None:
        """Take every byte that is left."""
        self._ask("fill")

    def free(self) -> None:
        self._ask("free")

    def files(self) -> list[str]:
        """What lies on it, by path from its folder; not what fills it."""
        return [name for name in self._ask("list").split("\t") if name]

    def _ask(self, question: str) -> str:
        assert self.holder.stdin is not None
        assert self.holder.stdout is not None
        self.holder.stdin.write(f"{question}\n")
        self.holder.stdin.flush()
        return self.holder.stdout.readline().strip("\n")


@contextmanager
def small_disk(folder: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """Raises NoSmallDiskError where that cannot be."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.small_disk", "hold", str(folder), str(size_bytes)]
    with subprocess.Popen(
        bound_to_parent(command, signal.SIGKILL), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        try:
            if holder.stdout.readline() != "held\n":
                raise NoSmallDiskError("a namespace was refused")
            yield SmallDisk(folder, holder)
        finally:
            holder.kill()


def _hold(folder: Path, size_bytes: int) -> None:
    user, group = os.getuid(), os.getgid()
    _checked(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS))
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    options = f"size={size_bytes}".encode()
    _checked(_libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, options))
    _answer("held")
    for question in sys.stdin:
        if question == "fill\n":
            _fill(folder / _FILLER)
        elif question == "free\n":
            (folder / _FILLER).unlink(missing_ok=True)
        files = (path for path in folder.rglob("*") if path.is_file() and path.name != _FILLER)
        _answer("\t".join(str(path.relative_to(folder)) for path in files))


def _fill(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        for size in (_BLOCK_BYTES, 1):
            with suppress(OSError):
                while file.write(b"\0" * size):
                    pass


def _run_on(holder: int, command: list[str]) -> None:
    """Become the module inside of the holder's namespaces."""
    for kind, flag in (("user", _CLONE_NEWUSER), ("mnt", _CLONE_NEWNS)):
        with Path(f"/proc/{holder}/ns/{kind}").open("rb") as namespace:
            _checked(_libc.setns(namespace.fileno(), flag))
    die_with_parent(signal.SIGKILL)  # changing the namespace undid it
    # By exec: it drops the powers of the one that entered, which would forbid its own children to open its /proc files.
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606


def _checked(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        _hold(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        _run_on(int(sys.argv[1]), sys.argv[2:])
