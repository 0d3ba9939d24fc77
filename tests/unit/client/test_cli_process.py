"""The command as a process of its own: signals, pipes and terminals are not to be had otherwise."""

import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.unit.client.conftest import JOB, KEY, a_card, a_job, a_report
from tests.unit.client.scripted_server import Answer, Events, Script

pytestmark = pytest.mark.heavy

JOB_ROUTE = f"GET /v1/jobs/{JOB}"
COMMAND = (sys.executable, "-m", "feuilleton_client")
DEADLINE_SECONDS = 20


def environment(address: str) -> dict[str, str]:
    return {
        **os.environ,
        "FEUILLETON_INGEST_URL": address,
        "FEUILLETON_STATUS_URL": address,
        "FEUILLETON_API_KEY": KEY,
        "COLUMNS": "120",
        "TERM": "xterm",
        "PYTHONUTF8": "1",
    }


def until_asked(script: Script, route: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not script.requests(route):
        assert time.monotonic() < deadline, f"nobody asked {route}"
        time.sleep(0.02)


def test_ctrl_c_asks_nothing_and_tells_how_to_go_on(address: str, script: Script, book: Path, tmp_path: Path) -> None:
    held = threading.Event()
    script.on("POST /v1/uploads", Answer(202, a_job()))
    script.on(JOB_ROUTE, Answer(200, a_job("extracting")))
    script.on(f"{JOB_ROUTE}/events", Events(released=held))
    running = subprocess.Popen(
        [*COMMAND, "run", str(book), "-o", str(tmp_path / "cards.csv")],
        env=environment(address),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until_asked(script, f"{JOB_ROUTE}/events")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=DEADLINE_SECONDS)
    finally:
        held.set()
        running.kill()
    assert running.returncode == 130
    assert f"job {JOB} goes on" in err
    assert f"feuilleton watch {JOB}" in err
    assert "Traceback" not in err
    assert out == ""
    assert script.requests(f"POST /v1/jobs/{JOB}/cancel") == []
    assert not (tmp_path / "cards.csv").exists()


def test_a_reader_that_goes_away_is_no_crash(address: str, script: Script) -> None:
    items = [a_card(number, text="x" * 500) for number in range(500)]
    script.on(JOB_ROUTE, Answer(200, a_job("completed", cards=500)))
    script.on(f"{JOB_ROUTE}/cards", Answer(200, {"attempt": 1, "items": items, "next_cursor": "a"}))
    with subprocess.Popen(
        [*COMMAND, "cards", JOB], env=environment(address), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()


@pytest.mark.parametrize("name", ["Le Banc.pdf", "[red]x[/] \x1b[2J.pdf"])
def test_on_a_terminal_the_job_is_a_bar_and_the_cards_a_table(
    address: str, script: Script, book: Path, name: str
) -> None:
    held = threading.Event()
    ended = a_job("completed", progress_percent=100, cards=2, name=name)
    running_job = a_job("extracting", progress_percent=30, eta_seconds=75, name=name)
    script.on("POST /v1/uploads", Answer(202, a_job(name=name)))
    script.on(JOB_ROUTE, Answer(200, running_job), Answer(200, ended))
    script.on(f"{JOB_ROUTE}/events", Events(released=held), Events((("9", {"status": "completed"}),)))
    cards = [a_card(1, text="[bold]La carte 1."), a_card(2)]
    script.on(f"{JOB_ROUTE}/cards", Answer(200, {"attempt": 1, "items": cards, "next_cursor": None}))
    script.on(f"{JOB_ROUTE}/report", Answer(200, a_report()))
    ours, theirs = pty.openpty()
    running = subprocess.Popen([*COMMAND, "run", str(book)], env=environment(address), stdout=theirs, stderr=theirs)
    os.close(theirs)
    threading.Timer(0.5, held.set).start()
    shown = read_all(ours)
    assert running.wait(DEADLINE_SECONDS) == 0, shown
    assert "extracting, 1 of 4 chunks, about 1 min 15 s left" in shown
    assert "[bold]La carte 1." in shown
    assert f"job {JOB}: completed, 2 cards" in shown
    assert "20 needs_model" in shown
    assert "\x1b[2J" not in shown


def read_all(terminal: int) -> str:
    """All that a process shows on its terminal until it has closed it."""
    shown = b""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other side is closed: Linux says EIO
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    return shown.decode(errors="replace")
