import tomllib
from pathlib import Path

import pytest

from feuilleton_local.failures import LocalError
from feuilleton_local.servers.jars import LOCK, class_path, fetch_jars, java_home


def test_jars_that_were_verified_are_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "verified").write_text(LOCK.read_text())
    fetch_jars(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["verified"]


def test_jars_that_are_not_the_committed_ones_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"are not those of jgo.lock.toml: .*\.jar"):
        fetch_jars(tmp_path, sync=_lay_wrong_jars)
    assert not (tmp_path / "verified").exists()


def test_the_class_path_holds_both_folders_that_jgo_makes(tmp_path: Path) -> None:
    assert class_path(tmp_path) == f"{tmp_path}/env/jars/*:{tmp_path}/env/modules/*"


def test_the_pinned_java_is_there() -> None:
    assert (java_home() / "bin" / "java").exists()


def _lay_wrong_jars(folder: Path) -> None:
    """The right names with other bytes."""
    jars = folder / "env" / "jars"
    jars.mkdir(parents=True)
    for entry in tomllib.loads(LOCK.read_text())["dependencies"]:
        (jars / f"{entry['artifactId']}-{entry['version']}.jar").write_bytes(b"not a jar")
