import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr
from supervisor.options import UnhosedConfigParser

from feuilleton_local.servers.kafka import properties
from feuilleton_local.settings import LocalSettings
from feuilleton_local.supervision.config import supervisor_config
from feuilleton_local.supervision.processes import Group, ManagedProcess, Port, processes, shared_environment


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> LocalSettings:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "OBJECT_STORE_URL", "API_KEY", "KAFKA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ENGINES", "GEMINI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return LocalSettings(local_dir=Path("/somewhere/à côté #1"))


def test_every_process_has_a_name_and_ports_of_its_own(settings: LocalSettings) -> None:
    table = processes(settings)
    ports = [port for process in table for port in process.ports]
    assert len({process.name for process in table}) == len(table) == 9
    assert len({port.number for port in ports}) == len({port.variable for port in ports}) == len(ports)


def test_every_port_can_be_set_by_the_variable_that_the_table_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for port in [port for process in processes(LocalSettings()) for port in process.ports]:
        monkeypatch.setenv(port.variable, "12345")
        assert 12345 in [port.number for process in processes(LocalSettings()) for port in process.ports]
        monkeypatch.delenv(port.variable)


def test_a_server_of_ones_own_is_not_started_and_its_address_reaches_the_services(settings: LocalSettings) -> None:
    own = settings.model_copy(
        update={
            "kafka_bootstrap_servers": "kafka.example:9092",
            "database_url": "postgresql://db.example/x",
            "object_store_url": "s3://bucket",
        }
    )
    assert not [process for process in processes(own) if process.group is Group.SERVERS]
    environment = shared_environment(own, api_key="k" * 16)
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == "kafka.example:9092"
    assert environment["DATABASE_URL"] == "postgresql://db.example/x"
    assert environment["OBJECT_STORE_URL"] == "s3://bucket"


def test_a_key_for_gemini_or_a_server_of_ones_own_is_the_engine_that_auto_takes(settings: LocalSettings) -> None:
    with_key = settings.model_copy(update={"gemini_api_key": SecretStr("key")})
    own_server = settings.model_copy(update={"openai_base_url": "http://127.0.0.1:11434/v1"})
    both = own_server.model_copy(update={"gemini_api_key": SecretStr("key")})
    chosen = both.model_copy(update={"engines": "local"})
    offered = [shared_environment(one, api_key="k" * 16)["ENGINES"] for one in (settings, with_key, own_server, both)]
    assert offered == ["local", "gemini,local", "openai,local", "gemini,openai,local"]
    assert shared_environment(chosen, api_key="k" * 16)["ENGINES"] == "local"


def test_the_folder_of_objects_is_a_valid_url_whatever_its_name(settings: LocalSettings) -> None:
    url = shared_environment(settings, api_key="k" * 16)["OBJECT_STORE_URL"]
    assert url == "file:///somewhere/%C3%A0%20c%C3%B4t%C3%A9%20%231/data/objects"


def test_supervisor_reads_back_the_commands_of_the_table(settings: LocalSettings) -> None:
    table = processes(settings)
    read = _read(table)
    for process in table:
        assert tuple(shlex.split(read.get(f"program:{process.name}", "command"))) == process.command


def test_supervisor_reads_back_what_it_would_take_for_an_expansion() -> None:
    odd = ManagedProcess("odd", Group.SERVICES, ("python", "100 %", "%(here)s"), (Port(1, "ODD_PORT"),))
    command = _read([odd]).saneget("program:odd", "command", None, expansions={"here": "wrong"})
    assert tuple(shlex.split(command)) == odd.command


def test_servers_start_before_services_and_a_group_stops_as_one(settings: LocalSettings) -> None:
    read = _read(processes(settings))
    assert int(read.get("group:servers", "priority")) < int(read.get("group:services", "priority"))
    members = read.get("group:services", "programs").split(",")
    assert members == ["ingest", "splitter", "extractor", "merger", "status-api", "projector", "webhooks"]


def test_the_configuration_names_no_place_of_this_machine(settings: LocalSettings) -> None:
    config = supervisor_config(processes(settings))
    assert "somewhere" not in config
    assert str(Path.home()) not in config


def test_kafka_is_told_its_folder_relative_to_itself() -> None:
    told = dict(line.split("=", 1) for line in properties(port=1, controller_port=2).splitlines())
    assert told["log.dirs"] == "data"
    assert told["listeners"] == "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2"
    assert told["auto.create.topics.enable"] == "false"


def _read(table: Sequence[ManagedProcess]) -> UnhosedConfigParser:
    parser = UnhosedConfigParser()
    parser.read_string(supervisor_config(table))
    return parser
