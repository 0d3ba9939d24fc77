"""What does not work is one line: the cause, the way out, the log. Servers are those of the run, given from outside."""

import os
import socket
from pathlib import Path

import pytest

from feuilleton_local.servers.running import Endpoints
from tests.integration.local.launching import Launcher, Said, make_launcher

pytestmark = pytest.mark.servers


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    return make_launcher(tmp_path)


def _up(launcher: Launcher, servers: Endpoints, database_url: str, **more: str) -> Said:
    given = {"KAFKA_BOOTSTRAP_SERVERS": servers.kafka_bootstrap_servers, "DATABASE_URL": database_url}
    return launcher.run("up", **given, **more)


def test_a_service_that_cannot_start_is_one_line_and_leaves_nothing(
    launcher: Launcher, servers: Endpoints, kafka_prefix: str, database_url: str
) -> None:
    failed = _up(launcher, servers, database_url, KAFKA_PREFIX=kafka_prefix, STANDIN_FAILS="merger")
    log = launcher.home / "logs" / "merger.log"
    cause = "RuntimeError: the stand-in was told to fail"
    assert (failed.status, failed.err) == (1, f"feuilleton: merger does not start: {cause} (log: {log})\n")
    assert launcher.run("ps", "--quiet").status == 1


def test_a_missing_entry_point_is_one_line(
    launcher: Launcher, servers: Endpoints, kafka_prefix: str, database_url: str
) -> None:
    (launcher.home.parent / "standins" / "ingest.py").write_text("raise ImportError('no module of that name')\n")
    failed = _up(launcher, servers, database_url, KAFKA_PREFIX=kafka_prefix)
    log = launcher.home / "logs" / "migrate-ingest.log"
    said = f"feuilleton: migrate-ingest failed: ImportError: no module of that name (log: {log})\n"
    assert (failed.status, failed.err) == (1, said)


def test_a_taken_port_is_one_line_that_names_its_holder_and_the_way_out(
    launcher: Launcher, servers: Endpoints, database_url: str
) -> None:
    port = launcher.port("STATUS_PORT")
    with socket.create_server(("127.0.0.1", port)):
        failed = _up(launcher, servers, database_url)
    assert failed.status == 1
    assert failed.err.startswith(f"feuilleton: port {port} (status-api) is taken by pid {os.getpid()} (")
    assert f"STATUS_PORT={port + 1000} make" in failed.err
    assert failed.err.count("\n") == 1


def test_a_server_of_ones_own_that_does_not_answer_is_one_line(launcher: Launcher) -> None:
    address = f"127.0.0.1:{launcher.port('KAFKA_PORT')}"
    failed = launcher.run("up", KAFKA_BOOTSTRAP_SERVERS=address)
    assert failed.err.startswith(f"feuilleton: Kafka at {address} (KAFKA_BOOTSTRAP_SERVERS): no answer: ")
    assert failed.err.count("\n") == 1


def test_a_wrong_setting_is_one_line_that_names_the_variable(launcher: Launcher) -> None:
    assert launcher.run("up", KAFKA_PORT="high").err.startswith("feuilleton: KAFKA_PORT in the environment: ")


def test_a_folder_that_cannot_be_written_is_one_line(launcher: Launcher) -> None:
    launcher.home.write_text("a file where the folder should be")
    failed = launcher.run("up")
    assert failed.err.startswith("feuilleton: cannot write to ")
    assert failed.err.count("\n") == 1
