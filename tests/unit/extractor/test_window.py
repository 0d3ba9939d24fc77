from collections import Counter
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from extractor.watermark import Partition
from extractor.window import RECORD_BYTES, Waiting, Window
from feuilleton.contracts.events import MAX_SHARE
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine

P = Partition("chunks", 0)
Q = Partition("chunks", 1)


def waiting(
    offset: int,
    *,
    tenant: str = "t",
    job: str = "j",
    partition: Partition = P,
    engine: Engine = Engine.LOCAL,
    share: int = 1,
) -> Waiting:
    return Waiting(partition, offset, TenantId(tenant), JobId(job), offset, 1, engine, b"x" * 976, share=share)


def taken(window: Window, engine: Engine = Engine.LOCAL) -> list[Waiting]:
    return list(iter(lambda: window.take(engine), None))


def test_tenants_take_turns_then_the_jobs_of_each() -> None:
    window = Window(10**6)
    for offset in range(4):
        window.add(waiting(offset, tenant="big", job="a"))
        window.add(waiting(10 + offset, tenant="big", job="b"))
    window.add(waiting(99, tenant="small", job="c"))
    order = [item.job for item in taken(window)]
    assert order == ["a", "c", "b", "a", "b", "a", "b", "a", "b"]


def test_a_job_keeps_the_order_of_its_messages() -> None:
    window = Window(10**6)
    for offset in range(5):
        window.add(waiting(offset))
    assert [item.offset for item in taken(window)] == [0, 1, 2, 3, 4]


def test_engines_do_not_wait_for_each_other() -> None:
    window = Window(10**6)
    window.add(waiting(1, engine=Engine.GEMINI))
    assert window.take(Engine.LOCAL) is None
    assert window.take(Engine.GEMINI) is not None


def test_a_partition_is_full_at_its_share_until_something_is_released() -> None:
    window = Window(4 * (976 + RECORD_BYTES))
    window.share_among(2)
    first, second = waiting(1), waiting(2)
    window.add(first)
    assert not window.is_full(P)
    window.add(second)
    assert window.is_full(P)
    assert not window.is_full(Q)
    window.take(Engine.LOCAL)
    assert window.is_full(P), "a running message is still held"
    window.release(first)
    assert not window.is_full(P)


def test_withdrawing_releases_what_waits_and_keeps_the_turns_of_the_rest() -> None:
    window = Window(10**6)
    for offset in range(3):
        window.add(waiting(offset, job="a"))
        window.add(waiting(10 + offset, job="b", partition=Q))
    running = window.take(Engine.LOCAL)
    withdrawn = window.withdraw(lambda item: item.job == "a")
    assert running is not None
    assert [item.offset for item in withdrawn] == [1, 2]
    assert [item.offset for item in taken(window)] == [10, 11, 12]
    assert window.held_bytes == 4 * running.size_bytes


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 1)), max_size=60))
def test_everything_added_is_taken_once_and_no_tenant_waits_two_rounds(adds: list[tuple[str, str, int]]) -> None:
    window = Window(10**9)
    items = [
        waiting(number, tenant=tenant, job=tenant + job, partition=Partition("chunks", part))
        for number, (tenant, job, part) in enumerate(adds)
    ]
    for item in items:
        window.add(item)
    order = taken(window)
    assert sorted(item.offset for item in order) == [item.offset for item in items]
    left = Counter(item.tenant for item in items)
    since: Counter[str] = Counter()
    for item in order:
        since[item.tenant] = -1
        left[item.tenant] -= 1
        for tenant, count in left.items():
            since[tenant] += 1
            assert count == 0 or since[tenant] <= len(left)
    for item in order:
        window.release(item)
    assert window.held_bytes == 0


def test_a_job_with_a_share_takes_so_many_in_a_row_and_the_others_keep_their_turns() -> None:
    window = Window(10**6)
    for offset in range(7):
        window.add(waiting(offset, tenant="big", job="a", share=3))
        window.add(waiting(10 + offset, tenant="small", job="b"))
    assert "".join(item.job for item in taken(window)) == "aaabaaababbbbb"


TAKE = st.integers(1, 6)
ADD = st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(1, MAX_SHARE), st.integers(1, 12))


@given(st.lists(TAKE | ADD, min_size=4, max_size=60))
def test_whatever_the_shares_nobody_waits_for_more_than_one_turn_of_each_other(
    steps: list[int | tuple[int, int, int, int]],
) -> None:
    """A number takes so many chunks; four of them add some: tenant, job of the tenant, share, how many."""
    window, offset = Window(10**6), 0
    passed_over: Counter[str] = Counter()  # per tenant: chunks of others taken since it waits for its turn
    left: Counter[str] = Counter()
    order: dict[str, list[int]] = {}
    for step in [*steps, 10**6]:
        if isinstance(step, tuple):
            tenant, job, share, count = step
            for _ in range(count):
                window.add(waiting(offset, tenant=f"t{tenant}", job=f"t{tenant}-{job}", share=share))
                offset += 1
            left[f"t{tenant}"] += count
            continue
        for item in islice(iter(lambda: window.take(Engine.LOCAL), None), step):
            left[item.tenant] -= 1
            order.setdefault(item.job, []).append(item.offset)
            waiters = {other for other, count in left.items() if count and other != item.tenant}
            passed_over = Counter({other: passed_over[other] + 1 for other in waiters})
            assert max(passed_over.values(), default=0) <= 2 * MAX_SHARE, "there are two others at most"
    assert sum(map(len, order.values())) == offset
    assert all(offsets == sorted(offsets) for offsets in order.values())
