"""`make demo` with the true services: on a terminal, and without one."""

import os
import pty
import select
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.integration.local.launching import Launcher, is_running, make_launcher, wait_until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(900)]

_DEMO_SECONDS = 600.0


@pytest.fixture
def launcher(tmp_path: Path) -> Launcher:
    return make_launcher(tmp_path, standins_for=())


def test_on_a_terminal_the_cards_appear_it_stays_up_and_ctrl_c_leaves_nothing(launcher: Launcher) -> None:
    demo = _Terminal(launcher.command("demo"), dict(launcher.environment))
    seen = demo.read_until("It stays up until Ctrl-C.")
    assert "The first 8 cards" in seen
    assert "source sentences:" in seen
    assert launcher.run("ps").out.count("running") == 9
    family = launcher.family()
    demo.press_ctrl_c()
    assert demo.wait() == 0
    assert not [process for process in family if is_running(process)]
    assert launcher.run("ps", "--quiet").status == 1


@pytest.mark.slow
def test_without_a_terminal_it_ends_with_the_result_and_stops_everything(launcher: Launcher) -> None:
    done = launcher.run("demo")
    assert done.status == 0, done.err
    assert "The first 8 cards" in done.out
    assert "\x1b" not in done.out + done.err
    assert launcher.run("ps", "--quiet").status == 1


@pytest.mark.slow
def test_a_demo_uses_what_make_up_started_and_leaves_it_up(launcher: Launcher) -> None:
    try:
        assert launcher.run("up").status == 0
        before = launcher.supervisor_pid()
        assert launcher.run("demo").status == 0
        assert launcher.run("ps").out.count("running") == 9
        assert launcher.supervisor_pid() == before
    finally:
        launcher.run("down")


@pytest.mark.slow
def test_kill_9_of_the_demo_leaves_no_process(launcher: Launcher) -> None:
    with subprocess.Popen(
        launcher.command("demo"), env=dict(launcher.environment), stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        while "the system is up" not in demo.stdout.readline():
            assert demo.poll() is None
        family = launcher.family()
        demo.kill()
        wait_until(lambda: not any(is_running(process) for process in family))


class _Terminal:
    """A command on a terminal of its own, as a person would run it."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._pid, self._screen = pty.fork()
        if self._pid == 0:
            os.execvpe(command[0], command, environment)  # noqa: S606 - our own command

    def read_until(self, wanted: str) -> str:
        """All that was written up to it."""
        seen = b""
        deadline = time.monotonic() + _DEMO_SECONDS
        while wanted not in seen.decode(errors="replace"):
            assert time.monotonic() < deadline, seen.decode(errors="replace")[-2000:]
            seen += self._read()
        return seen.decode(errors="replace")

    def press_ctrl_c(self) -> None:
        os.write(self._screen, b"\x03")

    def wait(self) -> int:
        """The exit status. What is still written is read, or the command would stop at a full terminal."""
        process = psutil.Process(self._pid)
        wait_until(lambda: not self._read() and not is_running(process), seconds=60)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _read(self) -> bytes:
        ready, _, _ = select.select([self._screen], [], [], 0.2)
        try:
            return os.read(self._screen, 65536) if ready else b""
        except OSError:  # how Linux says that the other side of a terminal is closed
            return b""
