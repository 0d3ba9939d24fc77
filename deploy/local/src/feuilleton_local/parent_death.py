"""A process that goes when its parent goes, whatever ended the parent."""

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent(death_signal: signal.Signals) -> None:
    """Have the kernel send `death_signal` to this process when its parent dies, even by kill -9.

    Survives exec. Linux ties it to the parent's thread that started this process: start servers from the main thread.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")


def bound_to_parent(command: list[str], death_signal: signal.Signals) -> list[str]:
    """The same command, ended by `death_signal` when the process that starts it dies."""
    return ["setpriv", "--pdeathsig", death_signal.name.removeprefix("SIG"), *command]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
