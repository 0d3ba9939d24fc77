from collections import deque
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from extractor.call_limits import AdaptiveLimit


def a_round(limit: AdaptiveLimit) -> None:
    """As many calls as are allowed, all answered."""
    calls = limit.calls
    for _ in range(calls):
        limit.answered(calls)


def test_it_doubles_from_a_few_calls_to_the_most() -> None:
    limit, seen = AdaptiveLimit(64), []
    for _ in range(6):
        seen.append(limit.calls)
        a_round(limit)
    assert seen == [4, 8, 16, 32, 64, 64]


def test_it_starts_no_higher_than_the_most() -> None:
    assert AdaptiveLimit(2).calls == 2


def test_it_does_not_grow_while_fewer_calls_are_in_flight_than_it_allows() -> None:
    limit = AdaptiveLimit(64, first=16)
    for _ in range(100):
        limit.answered(7)
    assert limit.calls == 16


def test_refusals_of_one_moment_halve_it_once() -> None:
    limit = AdaptiveLimit(64, first=64)
    for call in range(1, 65):
        limit.refused(call, begun=64)
    assert limit.calls == 32
    limit.refused(65, begun=65)
    assert limit.calls == 16


def test_above_the_threshold_it_grows_by_one_in_the_time_of_a_call() -> None:
    limit = AdaptiveLimit(64, first=64)
    limit.refused(1, begun=64)
    for calls in (32, 33, 34):
        assert limit.calls in (calls, calls - 1)
        a_round(limit)


def test_after_a_long_storm_it_is_soon_back_at_half_of_what_it_was() -> None:
    limit = AdaptiveLimit(64, first=64)
    for call in range(64, 84):
        limit.refused(call, begun=call)
    assert limit.calls == 1
    rounds = 0
    while limit.calls < 31:
        a_round(limit)
        rounds += 1
    assert rounds <= 6


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 300), st.integers(0, 50)), max_size=300), st.integers(1, 50))
def test_whatever_happens_it_stays_between_one_and_the_most(steps: list[tuple[bool, int, int]], most: int) -> None:
    limit = AdaptiveLimit(most)
    for refused, call, more in steps:
        if refused:
            limit.refused(call, call + more)
        else:
            limit.answered(more)
        assert 1 <= limit.calls <= most


def test_against_a_server_with_room_for_twenty_it_uses_the_room_and_is_seldom_refused() -> None:
    """Each round of the loop ends one call and begins what is allowed; a call past the room is refused at once."""
    limit, random, room = AdaptiveLimit(200), Random(1), 20
    flying: deque[int] = deque()
    begun = answered = refused = busy = 0
    for _ in range(10_000):
        while len(flying) < limit.calls:
            begun += 1
            if len(flying) >= room:
                refused += 1
                limit.refused(begun, begun)
                break
            flying.append(begun)
        busy += len(flying)
        flying.rotate(random.randrange(len(flying)))
        limit.answered(len(flying))
        flying.popleft()
        answered += 1
    assert busy / 10_000 > 0.7 * room
    assert refused < 0.02 * answered
