import pytest

from extractor.engines.failures import DEFAULT_QUOTA_WAIT_SECONDS, error_for
from extractor.engines.port import OverloadedError
from extractor.faults import Fault, fault_of
from feuilleton.contracts.errors import QuotaExceededError


@pytest.mark.parametrize(("told", "waits"), [(34.07, 34.07), (0.0, 0.0), (None, DEFAULT_QUOTA_WAIT_SECONDS)])
def test_a_429_asks_to_wait_as_long_as_it_says(told: float | None, waits: float) -> None:
    error = error_for(429, "", wait_seconds=told)
    assert isinstance(error, QuotaExceededError)
    assert error.retry_after_seconds == waits


@pytest.mark.parametrize("status", [503, 529])
@pytest.mark.parametrize(("told", "waits"), [(5.0, 5.0), (None, 0.0)])
def test_a_server_without_room_asks_for_fewer_calls(status: int, told: float | None, waits: float) -> None:
    error = error_for(status, "", wait_seconds=told)
    assert isinstance(error, OverloadedError)
    assert error.retry_after_seconds == waits


@pytest.mark.parametrize(
    ("status", "fault", "code"),
    [
        (500, Fault.TRANSIENT, "model_unavailable"),
        (502, Fault.TRANSIENT, "model_unavailable"),
        (408, Fault.TRANSIENT, "model_unavailable"),
        (302, Fault.TRANSIENT, "model_unavailable"),
        (400, Fault.PERMANENT, "bad_request"),
        (401, Fault.PERMANENT, "model_auth"),
        (404, Fault.PERMANENT, "model_not_found"),
        (413, Fault.PERMANENT, "bad_request"),
    ],
)
def test_other_statuses_are_tried_again_or_end_the_chunk(status: int, fault: Fault, code: str) -> None:
    error = error_for(status, "", wait_seconds=60.0)
    assert fault_of(error) is fault
    assert error.code == code
    assert not isinstance(error, OverloadedError)
