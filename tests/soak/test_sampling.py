"""The measures of a soak: what grows is told, what is flat is not."""

import os
import socket
import subprocess
import sys

import pytest

from tests.soak.sampling import PeakWatch, Series, Usage, look_at, slope
from tests.soak.verdict import csv_of, growing, table

MIB = 1024 * 1024


def series(memory_mib: float, *, gain_per_minute: float = 0.0, connections: int = 2, minutes: int = 20) -> Series:
    """A look each five seconds; the first half warms up by 50 MiB."""
    made = Series()
    for at in range(0, minutes * 60, 5):
        warm = min(at / (minutes * 30), 1.0) * 50
        rss = int((memory_mib + warm + gain_per_minute * at / 60 + (at % 3)) * MIB)
        made.add(float(at), Usage(rss, 20, 8, 1, 100 * MIB, {"kafka": connections + int(gain_per_minute * at / 60)}))
    return made


def test_a_slope_is_that_of_the_line() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([]) == slope([(1, 5)]) == slope([(1, 5), (1, 7)]) == 0


def test_what_warms_up_and_then_stays_is_flat() -> None:
    assert growing({"ingest": series(100)}) == []


def test_what_grows_is_named_with_its_slope() -> None:
    told = growing({"ingest": series(100), "merger": series(80, gain_per_minute=1.0)})
    assert [line.partition(" ")[0] for line in told] == ["merger:", "merger:"]
    assert "memory +60" in told[0] or "memory +59" in told[0]
    assert "connections +" in told[1]


def test_a_short_run_is_not_judged_by_its_noise() -> None:
    assert growing({"merger": series(80, gain_per_minute=1.0, minutes=3)}) == []


def test_the_table_has_a_row_for_each_process() -> None:
    assert [row.split("|")[1].strip() for row in table({"a": series(1), "b": series(2)}).splitlines()[2:]] == ["a", "b"]


def test_every_look_is_a_line_of_the_file() -> None:
    lines = csv_of({"a": series(1, minutes=1), "b": series(2, minutes=1)}).splitlines()
    assert len(lines) == 1 + 2 * 12
    assert len({line.count(",") for line in lines}) == 1


def test_a_look_sees_memory_descriptors_connections_and_subprocesses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        before = look_at(os.getpid(), {port: "kafka"})
        with socket.create_connection(("127.0.0.1", port)):
            after = look_at(os.getpid(), {port: "kafka"})
    assert before is not None
    assert after is not None
    assert (before.connections, after.connections) == ({"kafka": 0}, {"kafka": 1})
    assert after.descriptors == before.descriptors + 1
    assert after.rss_bytes > 10 * MIB
    assert look_at(2**22 + 1, {}) is None, "nobody's"


def test_the_connections_of_clients_do_not_count_as_descriptors_of_the_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        before = look_at(os.getpid(), {}, own_port=port)
        # A connection that waits to be taken is no descriptor yet; one that was taken is.
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0]:
            after = look_at(os.getpid(), {}, own_port=port)
            client.close()
    assert before is not None
    assert after is not None
    assert (before.clients, after.clients) == (0, 1)
    assert after.descriptors == before.descriptors + 1, "the client's own end, which is in this process too"


def test_the_peak_of_a_subprocess_is_seen() -> None:
    with PeakWatch() as watch:
        subprocess.run(
            [sys.executable, "-c", "import time; held = bytearray(150_000_000); time.sleep(0.3)"], check=True
        )
    assert watch.peak_bytes > 140_000_000
