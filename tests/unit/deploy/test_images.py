import re
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.unit.deploy.services import ROOT

SERVICES = sorted(path.parent.name for path in ROOT.glob("services/*/pyproject.toml"))


@dataclass(frozen=True)
class Instruction:
    word: str
    text: str


def instructions(service: str) -> list[Instruction]:
    text = (ROOT / "services" / service / "Dockerfile").read_text("utf-8")
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", code)
    lines = [line for line in joined.splitlines() if line.strip()]
    return [Instruction(*line.split(maxsplit=1)) for line in lines]


def texts(service: str, word: str) -> list[str]:
    return [found.text for found in instructions(service) if found.word == word]


def last_stage(service: str) -> list[Instruction]:
    every = instructions(service)
    start = max(place for place, found in enumerate(every) if found.word == "FROM")
    return every[start:]


def copied(service: str) -> list[str]:
    """The sources of COPY that come from the repository."""
    return [source for text in texts(service, "COPY") if "--from" not in text for source in text.split()[:-1]]


def is_sent_to_the_builder(path: str) -> bool:
    """Whether .dockerignore lets it through: the last rule that matches decides."""
    sent = True
    for rule in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if not rule or rule.startswith("#"):
            continue
        pattern = rule.removeprefix("!").rstrip("/")
        if pattern == "*" or fnmatch(path, pattern) or path.startswith(f"{pattern}/"):
            sent = rule.startswith("!")
    return sent


@pytest.mark.parametrize("service", SERVICES)
def test_all_that_is_copied_is_there_and_reaches_the_builder(service: str) -> None:
    assert copied(service)
    for source in copied(service):
        assert (ROOT / source).exists(), source
        assert is_sent_to_the_builder(source.rstrip("/")), source


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_installed_from_an_index_is_pinned_by_hash(service: str) -> None:
    installs = [
        part for text in texts(service, "RUN") for part in re.split(r"&&|;|\|\|", text) if "pip install" in part
    ]
    assert f"-r locks/{service}.txt" in " ".join(installs)
    for install in installs:
        assert "--require-hashes" in install or "--no-deps dist/*.whl" in install
    (build,) = [text for text in texts(service, "RUN") if "uv build" in text]
    assert "--build-constraints locks/workspace.txt --require-hashes" in " ".join(build.split())


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_holds_the_packages_of_its_service_and_no_other(service: str) -> None:
    asked = tomllib.loads((ROOT / "services" / service / "pyproject.toml").read_text("utf-8"))["project"][
        "dependencies"
    ]
    ours = {re.split(r"[\[<>=]", name)[0] for name in asked if name.startswith("feuilleton")}
    assert ours == {"feuilleton"}
    assert {source for source in copied(service) if not source.startswith("locks/")} == {
        "shared/",
        f"services/{service}/",
    }


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_runs_without_root_and_says_whether_it_lives(service: str) -> None:
    stage = last_stage(service)
    user, entrypoint, health, port = (
        [found.text for found in stage if found.word == word]
        for word in ("USER", "ENTRYPOINT", "HEALTHCHECK", "EXPOSE")
    )
    assert user == ["10001:10001"]  # as a number, so that Kubernetes can tell that it is not root
    assert entrypoint == [f'["python", "-m", "{service.replace("-", "_")}"]']
    assert "/livez" in health[0]
    assert port == ["8000"]
    assert "HTTP_HOST=0.0.0.0 HTTP_PORT=8000" in " ".join(" ".join(texts(service, "ENV")).split())


@pytest.mark.parametrize("service", SERVICES)
def test_the_last_stage_has_no_build_tools_and_one_base(service: str) -> None:
    assert texts(service, "FROM") == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]
    assert texts(service, "ARG") == ["PYTHON_IMAGE=python:3.11-slim-bookworm"]
    assert [found for found in last_stage(service) if "pip" in found.text] == []


def test_dockerfiles_differ_only_by_their_service() -> None:
    """One way to make an image; what a service needs besides is a reason to change this test."""

    def plain(service: str) -> str:
        text = (ROOT / "services" / service / "Dockerfile").read_text("utf-8")
        without_command = re.sub(r"\nCMD .*", "", text)
        if service == "extractor":  # has tesseract, for pages that are images
            without_command = re.sub(r"\n# Reads pages.*\nRUN apt-get(?:.*\\\n)+.*", "", without_command)
        return without_command.replace(service, "NAME").replace(service.replace("-", "_"), "NAME")

    assert len({plain(service) for service in SERVICES}) == 1


def test_what_the_builder_is_sent_holds_no_secrets_and_no_environment() -> None:
    for path in (".env", ".venv/bin/python", ".local/api-key", ".git/config", "tests/conftest.py"):
        assert not is_sent_to_the_builder(path), path
    assert is_sent_to_the_builder(str(Path("services/status-api/src/status_api/web/index.html")))
