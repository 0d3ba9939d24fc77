import re
import tomllib
from pathlib import Path

import pytest

from feuilleton_local.paths import PROJECT_ROOT
from feuilleton_local.servers.jars import LOCK, SPEC

_LOCKS = sorted((PROJECT_ROOT / "locks").glob("*.txt"))
_PIN = re.compile(r"^[A-Za-z0-9._-]+==[^ ]+( ; .+)? \\$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def test_the_workspace_the_bootstrap_and_every_service_have_a_lock() -> None:
    services = {folder.name for folder in (PROJECT_ROOT / "services").iterdir() if (folder / "pyproject.toml").exists()}
    assert {lock.stem for lock in _LOCKS} == services | {"workspace", "bootstrap"}


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_every_package_by_hash_and_names_no_address(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    assert [line for line in lines if not (_PIN.match(line) or _HASH.match(line))] == []
    assert lines


def test_every_jar_of_kafka_is_pinned_by_hash_and_no_address_is_named() -> None:
    pinned = tomllib.loads(LOCK.read_text())["dependencies"]
    assert all(re.fullmatch("[0-9a-f]{64}", entry["sha256"]) for entry in pinned)
    assert "://" not in LOCK.read_text() + SPEC.read_text()


def test_the_lock_of_jars_is_that_of_the_wanted_versions() -> None:
    pinned = {
        f"{entry['groupId']}:{entry['artifactId']}:{entry['version']}"
        for entry in tomllib.loads(LOCK.read_text())["dependencies"]
    }
    assert set(tomllib.loads(SPEC.read_text())["dependencies"]["coordinates"]) <= pinned
