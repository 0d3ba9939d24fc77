"""Who holds a data folder, and what is left when a launcher is killed."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from feuilleton_local.failures import ServerFailedError
from feuilleton_local.servers.running import LocalServer, kafka_server, postgres_server
from tests.integration.local.launching import is_running

pytestmark = pytest.mark.servers

_LAUNCHER = """
import sys, time
from pathlib import Path
from feuilleton_local.servers.running import running_servers

with running_servers(Path(sys.argv[1])):
    print("up", flush=True)
    time.sleep(600)
"""


def test_a_second_kafka_on_the_same_folder_is_refused_and_the_first_lives_on(
    own_kafka: LocalServer, tmp_path: Path
) -> None:
    second = kafka_server(tmp_path / "kafka", lock_wait_seconds=0.2)
    with pytest.raises(ServerFailedError, match=rf"another Kafka \(pid {own_kafka.pid}\) works on"):
        second.start()
    own_kafka.wait_until_ready(5)


def test_a_second_postgres_on_the_same_folder_is_refused(own_postgres: LocalServer, tmp_path: Path) -> None:
    second = postgres_server(tmp_path / "postgres", lock_wait_seconds=0.2)
    with pytest.raises(ServerFailedError, match="another Postgres"):
        second.start()


def test_kill_9_of_the_launcher_leaves_no_server_and_no_lock(tmp_path: Path) -> None:
    first = _launch(tmp_path)
    servers = psutil.Process(first.pid).children(recursive=True)
    assert len(servers) > 2
    first.send_signal(signal.SIGKILL)
    first.wait()
    psutil.wait_procs(servers, timeout=15)
    assert not [server for server in servers if is_running(server)]
    second = _launch(tmp_path)
    second.send_signal(signal.SIGINT)
    second.wait(20)


def _launch(folder: Path) -> subprocess.Popen[str]:
    launcher = subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "up\n"
    return launcher
