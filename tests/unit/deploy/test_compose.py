import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from feuilleton_local.servers.kafka import properties
from tests.unit.deploy.services import (
    ROOT,
    Process,
    Yaml,
    ingest_paths,
    long_running,
    one_shots,
    read_one,
    status_paths,
)

pytestmark = pytest.mark.heavy

COMPOSE = ROOT / "docker-compose.yml"
OURS = {**long_running(), **one_shots()}
# What the image sets; compose need not repeat it.
IMAGE_VARIABLES = {"HTTP_HOST", "HTTP_PORT"}
SAMPLE = {"API_KEY": "k" * 32, "POSTGRES_PASSWORD": "p" * 16}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="module")
def compose() -> Yaml:
    return read_one(COMPOSE)


def interpolated(value: object) -> str:
    """As compose does it, with SAMPLE for an .env file."""
    return _VARIABLE.sub(lambda found: SAMPLE.get(found[1], found[3] if found[2] == "-" else ""), str(value))


def example_variables() -> dict[str, bool]:
    """The names in .env.example, and whether each must be set."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    found = [re.fullmatch(r"(#?)([A-Z_]+)=.*", line) for line in lines]
    return {line[2]: line[1] == "" for line in found if line}


def dockerfile_of(compose: Yaml, service: str) -> Path:
    """Of a service that builds its image, or uses one that another builds."""
    image = compose["services"][service]["image"]
    (built,) = [
        entry["build"] for entry in compose["services"].values() if entry["image"] == image and "build" in entry
    ]
    return ROOT / str(built["context"]) / str(built["dockerfile"])


def command_of(compose: Yaml, service: str) -> tuple[str, ...]:
    """What follows `python -m` when the container starts."""
    entry = compose["services"][service]
    dockerfile = dockerfile_of(compose, service).read_text("utf-8")
    stated = {
        word: re.findall(r'"([^"]+)"', line)
        for word in ("ENTRYPOINT", "CMD")
        for line in re.findall(rf"^{word} (\[.*\])$", dockerfile, re.MULTILINE)
    }
    entrypoint = entry.get("entrypoint", stated["ENTRYPOINT"])
    command = entry.get("command", [] if "entrypoint" in entry else stated.get("CMD", []))
    assert entrypoint[:2] == ["python", "-m"]
    return (*entrypoint[2:], *command)


def test_the_file_is_valid_by_the_schema_of_compose() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_compose_runs_what_the_launcher_runs(compose: Yaml) -> None:
    run_by_us = {name for name, entry in compose["services"].items() if entry["image"].startswith("feuilleton/")}
    assert run_by_us == set(OURS)


@pytest.mark.parametrize("name", OURS)
def test_a_container_starts_the_command_of_the_launcher(compose: Yaml, name: str) -> None:
    assert command_of(compose, name) == OURS[name].arguments


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_one_that_the_process_reads(compose: Yaml, name: str) -> None:
    given = set(compose["services"][name]["environment"])
    assert given <= OURS[name].variables
    assert given >= OURS[name].required - IMAGE_VARIABLES


@pytest.mark.parametrize("name", [name for name, process in OURS.items() if process.settings])
def test_the_settings_accept_what_they_are_given(compose: Yaml, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    process: Process = OURS[name]
    assert process.settings is not None
    for variable in process.variables:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in compose["services"][name]["environment"].items():
        monkeypatch.setenv(variable, interpolated(value))
    process.settings()


def test_an_image_that_is_not_built_by_its_service_is_built_by_another_and_never_pulled(compose: Yaml) -> None:
    for name in OURS:
        entry = compose["services"][name]
        assert dockerfile_of(compose, name).is_file()
        assert ("build" in entry) != (entry.get("pull_policy") == "never")


def test_kafka_is_set_up_as_the_local_one_is_apart_from_addresses(compose: Yaml) -> None:
    local = dict(line.split("=", 1) for line in properties(port=1, controller_port=2).splitlines())
    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in compose["services"]["kafka"]["environment"].items()
        if name.startswith("KAFKA_") and not name.endswith("_OPTS")
    }
    places = {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
    assert set(given) == set(local)
    assert {name: value for name, value in given.items() if name not in places} == {
        name: value for name, value in local.items() if name not in places
    }


def test_only_loopback_is_opened(compose: Yaml) -> None:
    ports = [port for entry in compose["services"].values() for port in entry.get("ports", [])]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_write_nowhere_and_gain_nothing(compose: Yaml, name: str) -> None:
    entry: dict[str, Any] = compose["services"][name]
    assert entry["read_only"] is True
    assert entry["cap_drop"] == ["ALL"]
    assert entry["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in entry


def test_what_is_kept_is_kept_in_a_declared_volume_and_every_mounted_file_is_there(compose: Yaml) -> None:
    mounted = [mount.split(":")[0] for entry in compose["services"].values() for mount in entry.get("volumes", [])]
    named = {source for source in mounted if not source.startswith(".")}
    assert named == set(compose["volumes"])
    assert [source for source in mounted if source.startswith(".") and not (ROOT / source).exists()] == []


def test_services_start_after_topics_and_migrations(compose: Yaml) -> None:
    for name in long_running():
        waits = compose["services"][name]["depends_on"]
        assert waits["topics"] == {"condition": "service_completed_successfully"}
    steps = {"ingest": "migrate-ingest"} | dict.fromkeys(("status-api", "projector", "webhooks"), "migrate-status")
    for name, step in steps.items():
        assert compose["services"][name]["depends_on"][step] == {"condition": "service_completed_successfully"}


def test_the_example_of_an_env_file_names_the_variables_that_compose_asks_for() -> None:
    asked = {found[1]: found[2] == "?" for found in _VARIABLE.finditer(COMPOSE.read_text("utf-8"))}
    example = example_variables()
    assert {name for name, must in asked.items() if must} == {name for name, must in example.items() if must}
    assert set(example) <= set(asked)


def caddy_paths(matcher: str) -> set[str]:
    text = (ROOT / "deploy/proxy/Caddyfile").read_text("utf-8")
    (paths,) = re.findall(rf"^\t@{matcher} path (.+)$", text, re.MULTILINE)
    return set(paths.split())


def goes_to_ingest(path: str) -> bool:
    return any(path == rule or (rule.endswith("/*") and path.startswith(rule[:-1])) for rule in caddy_paths("ingest"))


def test_the_proxy_sends_each_path_to_the_service_that_owns_it() -> None:
    assert ingest_paths()
    assert [path for path in ingest_paths() if not goes_to_ingest(path)] == []
    assert [path for path in status_paths() if goes_to_ingest(path)] == []
    assert goes_to_ingest("/v1/uploads/some-job/attempts")
    assert not goes_to_ingest("/v1/uploadsomething")


def test_the_proxy_keeps_probes_and_figures_inside() -> None:
    assert caddy_paths("inside") == {"/livez", "/readyz", "/metrics"}


def test_prometheus_asks_every_process(compose: Yaml) -> None:
    config = read_one(ROOT / "deploy/prometheus/prometheus.yml")
    (job,) = config["scrape_configs"]
    (found,) = job["dns_sd_configs"]
    assert set(found["names"]) == set(long_running())
    assert found["port"] == 8000
    assert compose["services"]["prometheus"]["profiles"] == ["metrics"]
