"""SIGTERM is no failure: every service drains, says so with exit status 0, and serves again when it is started."""

import pytest

from tests.stack import COMMANDS, Stack

pytestmark = pytest.mark.servers


@pytest.mark.parametrize("name", COMMANDS)
def test_a_service_that_is_told_to_stop_exits_with_status_0(name: str, system: Stack) -> None:
    try:
        assert system[name].stop() == 0
    finally:
        system[name].start()
        system[name].wait_ready()
