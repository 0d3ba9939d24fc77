from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.ids import JobId
from merger.fan_in import FanIn, FanInCache

JOB = JobId("job-1")


@given(st.permutations(list(range(6))), st.lists(st.integers(0, 5), max_size=8))
def test_it_is_complete_when_every_chunk_is_in_whatever_the_order_and_the_repeats(
    order: list[int], repeats: list[int]
) -> None:
    fan_in = FanIn(frozenset(range(6)))
    for index in order[:-1]:
        fan_in.arrive(index)
    for index in repeats:
        if index != order[-1]:
            fan_in.arrive(index)
    assert not fan_in.complete
    fan_in.arrive(order[-1])
    assert fan_in.complete


def test_an_index_of_no_chunk_counts_for_nothing() -> None:
    fan_in = FanIn(frozenset({0, 1}))
    fan_in.arrive(7)
    fan_in.arrive(0)
    assert (fan_in.arrived, fan_in.complete) == ({0}, False)


def test_the_store_corrects_what_was_heard() -> None:
    fan_in = FanIn(frozenset({0, 1}))
    fan_in.arrive(0)
    fan_in.arrive(1)
    fan_in.correct({1, 9})
    assert (fan_in.arrived, fan_in.complete) == ({1}, False)


def test_the_cache_lets_go_of_what_was_not_used_for_the_longest_time() -> None:
    cache = FanInCache(max_chunks=8)
    for number in range(3):
        cache.put(JobId(f"job-{number}"), 1, FanIn(frozenset(range(2))))
        cache.get(JobId("job-0"), 1)
    assert cache.get(JobId("job-0"), 1) is not None
    assert cache.get(JobId("job-1"), 1) is None
    assert cache.get(JobId("job-2"), 1) is not None


def test_a_cache_of_nothing_keeps_nothing() -> None:
    cache = FanInCache(max_chunks=0)
    cache.put(JOB, 1, FanIn(frozenset({0})))
    assert cache.get(JOB, 1) is None
    assert len(cache) == 0


def test_putting_an_attempt_again_counts_it_once_and_forgetting_a_job_drops_its_attempts() -> None:
    cache = FanInCache(max_chunks=10)
    for _ in range(9):
        cache.put(JOB, 1, FanIn(frozenset({0})))
    cache.put(JOB, 2, FanIn(frozenset({0})))
    assert len(cache) == 2
    cache.forget(JOB)
    assert len(cache) == 0
    cache.put(JOB, 1, FanIn(frozenset(range(9))))
    assert len(cache) == 1
