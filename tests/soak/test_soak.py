"""A soak of half a minute: everything starts, users get their cards, and each process has its row."""

import subprocess
import sys

import pytest

from tests.stack import COMMANDS


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_soak_ends_with_a_row_for_each_process_and_a_verdict() -> None:
    command = [sys.executable, "-m", "tests.soak", "--minutes", "0.5", "--jobs-per-minute", "12", "--engines", "gemini"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = done.stdout[-2000:] + done.stderr[-2000:]
    # Half a minute is all warm-up: slopes of so short a run may be called too steep, on a busy machine above all.
    flat = "all is flat" in done.stdout
    assert flat or "/h" in done.stdout.partition("FAILED ")[2], told
    assert done.returncode == (0 if flat else 1), told
    assert all(f"| {name} |" in done.stdout for name in COMMANDS)
    assert "gemini completed" in done.stdout
