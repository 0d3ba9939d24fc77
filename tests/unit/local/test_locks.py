import re
import tomllib
from pathlib import Path

import pytest

from feuilleton_local.paths import PROJECT_ROOT
from feuilleton_local.servers.jars import LOCK, SPEC

_LOCKS = sorted((PROJECT_ROOT / "locks").glob("*.txt"))
_MEMBERS = sorted({*PROJECT_ROOT.glob("*/pyproject.toml"), *PROJECT_ROOT.glob("*/*/pyproject.toml")})
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


@pytest.mark.parametrize("member", _MEMBERS, ids=lambda member: member.parent.name)
def test_what_a_package_depends_on_is_locked_for_the_workspace_and_for_its_own_image(member: Path) -> None:
    wanted = _third_party(tomllib.loads(member.read_text())["project"]["dependencies"])
    assert wanted <= _locked("workspace")
    if member.parent.parent.name == "services":
        assert wanted <= _locked(member.parent.name)


def _third_party(dependencies: list[str]) -> set[str]:
    names = {_normal(re.split(r"[^A-Za-z0-9._-]", dependency)[0]) for dependency in dependencies}
    return {name for name in names if not name.startswith("feuilleton")}


def _locked(name: str) -> set[str]:
    lines = (PROJECT_ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    return {_normal(line.split("==")[0]) for line in lines if _PIN.match(line)}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
