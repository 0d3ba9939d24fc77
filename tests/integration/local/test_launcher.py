"""`make up` and its kin, on one running system where they only look, with stand-ins for the services."""

import os
import signal
import stat
from collections.abc import Iterator

import psutil
import pytest

from tests.integration.local.launching import Launcher, is_running, make_launcher, wait_until

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Brought up once with Kafka and Postgres of its own."""
    launcher = make_launcher(tmp_path_factory.mktemp("launcher"))
    try:
        first = launcher.run("up")
        assert (first.status, first.err) == (0, "")
        yield launcher
    finally:
        launcher.run("down")


def test_everything_runs_after_up(running: Launcher) -> None:
    assert running.run("ps").out.count("running") == 9


def test_a_second_up_reuses_what_runs(running: Launcher) -> None:
    before = running.supervisor_pid()
    assert running.run("up").out.startswith("already up")
    assert running.supervisor_pid() == before


def test_only_its_owner_reads_the_api_key_which_the_client_gets_too(running: Launcher) -> None:
    key = (running.home / "api-key").read_text().strip()
    assert len(key) >= 32
    assert f"FEUILLETON_API_KEY={key}" in (running.home / "client.env").read_text()
    for name in ("api-key", "client.env"):
        assert stat.S_IMODE((running.home / name).stat().st_mode) == 0o600


def test_no_configuration_file_holds_the_key(running: Launcher) -> None:
    key = (running.home / "api-key").read_text().strip()
    assert key not in (running.home / "run" / "supervisord.conf").read_text()


def test_topics_can_be_made_again_at_any_time(running: Launcher) -> None:
    assert running.run("topics").out == "topics: 0 made, 6 there already\n"


def test_logs_in_a_pipe_are_the_last_lines(running: Launcher) -> None:
    assert "ready to accept connections" in running.run("logs", "postgres").out


def test_logs_of_an_unknown_process_are_refused_with_the_known_names(running: Launcher) -> None:
    refused = running.run("logs", "nobody")
    assert refused.err.startswith("feuilleton: no log of nobody in ")
    assert "extractor" in refused.err


def test_a_service_killed_by_9_is_started_again(running: Launcher) -> None:
    before = running.pid_of("extractor")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: not psutil.pid_exists(before))
    assert running.run("up").status == 0
    assert running.pid_of("extractor") != before


def test_a_change_of_settings_restarts_the_system_and_keeps_data_and_key(running: Launcher) -> None:
    key = (running.home / "api-key").read_text()
    before = running.supervisor_pid()
    assert running.run("up", LOG_LEVEL="DEBUG").status == 0
    assert running.supervisor_pid() != before
    assert running.run("topics").out == "topics: 0 made, 6 there already\n"
    assert (running.home / "api-key").read_text() == key


def test_kill_9_of_supervisord_leaves_no_process_and_the_next_up_and_down_work(running: Launcher) -> None:
    family = running.family()
    family[0].kill()
    wait_until(lambda: not any(is_running(process) for process in family))
    assert running.run("up").status == 0
    family = running.family()
    assert running.run("down").status == 0
    assert not [process for process in family if is_running(process)]
    assert running.run("ps", "--quiet").status == 1
