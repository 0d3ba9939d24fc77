import json
from pathlib import Path

import pytest

from feuilleton_local.telling_line import cause_in, size_of, telling_line

_KAFKA = """\
[main] ERROR kafka.Kafka$ - Exiting Kafka due to fatal exception
org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:29092: Address already in use.
\tat kafka.network.Acceptor.openServerSocket(SocketServer.scala:722)
Caused by: java.net.BindException: Address already in use
\tat java.base/sun.nio.ch.Net.bind0(Native Method)
"""
_PYTHON = """\
Traceback (most recent call last):
  File "/x/main.py", line 3, in <module>
    raise KeyError("KAFKA")
KeyError: 'KAFKA'
"""
_PYDANTIC = """\
Traceback (most recent call last):
pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings
api_key
  Field required [type=missing]
    For further information visit the documentation
"""
_POSTGRES = """\
2026-01-01 00:00:00.000 UTC [7] LOG:  starting PostgreSQL 18.4
2026-01-01 00:00:00.001 UTC [7] FATAL:  could not create lock file "postmaster.pid": Permission denied
2026-01-01 00:00:00.002 UTC [7] LOG:  database system is shut down
"""


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (_KAFKA, "Caused by: java.net.BindException: Address already in use"),
        (_PYTHON, "KeyError: 'KAFKA'"),
        (_PYDANTIC, "ValidationError: 1 validation error for Settings api_key Field required"),
        (_POSTGRES, 'FATAL:  could not create lock file "postmaster.pid": Permission denied'),
        ("\x1b[31mAPI_KEY: Field required\x1b[0m\n", "API_KEY: Field required"),
        ("python: No module named ingest.__main__\nbye\n", "No module named ingest.__main__"),
    ],
)
def test_the_cause_is_the_last_exception_or_alarm_else_the_last_line(log: str, cause: str) -> None:
    assert cause in str(telling_line(log.splitlines()))


def test_a_full_disk_is_the_cause_whatever_came_after_it() -> None:
    lines = ["java.io.IOException: No space left on device", *_KAFKA.splitlines()]
    assert str(telling_line(lines)).startswith("the disk is full")


def test_the_echo_of_an_exception_is_not_its_cause() -> None:
    lines = [*_PYTHON.splitlines(), "2026-01-01 [error    ] Unclosed connection", "bye"]
    assert telling_line(lines) == "KeyError: 'KAFKA'"


def test_a_json_log_tells_its_last_error_with_the_detail() -> None:
    lines = [
        json.dumps({"level": "error", "event": "start_failed", "error": "no broker"}),
        json.dumps({"level": "info", "event": "stopped", "error": "none"}),
    ]
    assert telling_line(lines) == "start_failed: no broker"


def test_what_an_earlier_run_said_is_no_cause(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("KeyError: 'old'\n")
    before = size_of(log)
    with log.open("a") as more:
        more.write("started\n")
    assert cause_in(log, since_byte=before) == "started"


def test_a_log_that_was_rotated_since_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("KeyError: 'new'\n")
    assert cause_in(log, since_byte=10_000) == "KeyError: 'new'"


def test_no_log_at_all_has_no_cause(tmp_path: Path) -> None:
    assert cause_in(tmp_path / "none.log") == "it said nothing"
