from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feuilleton_client.retry import Pacing, Retries, RetryPolicy, parse_retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
SECONDS = st.floats(min_value=0, max_value=1e6, allow_nan=False)
CHANCE = st.floats(min_value=0, max_value=1, exclude_max=True)


@given(failures=st.integers(min_value=1, max_value=10_000), chance=CHANCE)
def test_backoff_stays_between_half_the_first_step_and_the_cap(failures: int, chance: float) -> None:
    policy = RetryPolicy(first_seconds=0.5, cap_seconds=10)
    assert 0.25 <= policy.delay_seconds(failures, chance=chance, retry_after=None) <= 10


@given(failures=st.integers(min_value=1, max_value=10_000), chance=CHANCE, asked=SECONDS)
def test_a_wait_is_never_shorter_than_the_server_asked(failures: int, chance: float, asked: float) -> None:
    delay = RetryPolicy().delay_seconds(failures, chance=chance, retry_after=asked)
    assert asked <= delay <= asked + 1


@settings(max_examples=30)
@given(chances=st.lists(CHANCE, min_size=300, max_size=300), budget=st.floats(min_value=0, max_value=100))
def test_all_waits_together_stay_within_the_budget(chances: list[float], budget: float) -> None:
    slept: list[float] = []
    left = iter(chances)
    retries = Retries(RetryPolicy(budget_seconds=budget), Pacing(sleep=slept.append, chance=lambda: next(left)))
    while retries.wait(TimeoutError()):
        pass
    assert sum(slept) <= budget + 1e-6


def test_progress_gives_the_whole_budget_back() -> None:
    slept: list[float] = []
    retries = Retries(RetryPolicy(budget_seconds=1), Pacing(sleep=slept.append, chance=lambda: 0.0))
    assert retries.wait(TimeoutError())
    retries.reset()
    assert retries.wait(TimeoutError())
    assert slept == [0.25, 0.25]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-3", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_nonsense_is_ignored(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, now=NOW) == seconds
