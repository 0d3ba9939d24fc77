from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from status_api.webhooks.backoff import Schedule

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = Schedule(first_seconds=5, longest_seconds=4 * 3600, try_for_seconds=24 * 3600)


def gap(tries: int, chance: float = 0.5, asked_seconds: float | None = None) -> float:
    found = DAY.next_try(tries, since=NOON, now=NOON, chance=chance, asked_seconds=asked_seconds)
    assert found is not None
    return (found - NOON).total_seconds()


def test_gaps_grow_by_four_up_to_the_longest() -> None:
    assert [gap(tries) for tries in range(1, 9)] == [5, 20, 80, 320, 1280, 5120, 14400, 14400]
    assert gap(10**6) == 14400


def test_jitter_keeps_a_gap_within_a_fifth() -> None:
    assert gap(3, chance=0.0) == 64
    assert 95 < gap(3, chance=0.999) < 96


def test_a_longer_wait_is_granted_a_shorter_one_is_not_and_none_beyond_the_longest() -> None:
    assert gap(1, asked_seconds=60) == 60
    assert gap(3, asked_seconds=1) == 80
    assert gap(1, asked_seconds=10**9) == 14400


def test_the_last_try_comes_when_the_time_is_over_and_none_after_it() -> None:
    almost = NOON + timedelta(hours=23)
    assert DAY.next_try(9, since=NOON, now=almost, chance=0.5) == NOON + timedelta(days=1)
    assert DAY.next_try(10, since=NOON, now=NOON + timedelta(days=1), chance=0.5) is None


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1))
def test_a_receiver_that_never_answers_is_tried_for_a_day_and_then_no_more(chances: list[float]) -> None:
    now, tries = NOON, 0
    while True:
        tries += 1
        after = DAY.next_try(tries, since=NOON, now=now, chance=chances[tries % len(chances)])
        if after is None:
            break
        assert after > now
        now = after
    assert now == NOON + timedelta(days=1)
    assert 11 <= tries <= 18
