"""The count of payments calls nothing lost that was not."""

from collections import Counter

from tests.chaos.model import Call
from tests.chaos.payments import Acts, Payments, count_payments
from tests.chaos.system import Life
from tests.fakes.gemini import Fault

CHUNK = (3, 0)


def a_call(caller: str, at: float, *, body: bytes = b"main", paid: bool = True) -> Call:
    return Call(caller, CHUNK, body, at, paid_at=at + 1.0 if paid else None)


def count(
    *calls: Call, lives: tuple[Life, ...] = (), acts: Acts | None = None, checkpoint: float | None = None
) -> Payments:
    known = {"one": Life("one", -99.0), "two": Life("two", -99.0)} | {life.name: life for life in lives}
    return count_payments(calls, Counter({b"main": 1}), known, acts or Acts({}), lambda _: checkpoint)


def test_a_chunk_that_is_paid_once_and_repaired_is_in_order() -> None:
    useless = a_call("one", 10)
    useless.fault = Fault.CUT_JSON
    payments = count(useless, a_call("one", 12, body=b"smaller"))
    assert (payments.paid, payments.repairs, payments.bound) == (2, 1, 2)
    assert not payments.again
    assert not payments.unexplained


def test_words_that_neither_the_undisturbed_run_nor_a_fault_asked_for_are_told() -> None:
    assert len(count(a_call("one", 10), a_call("one", 12, body=b"smaller")).unexplained) == 1


def test_calls_that_were_not_answered_cost_nothing() -> None:
    assert count(a_call("one", 10, paid=False), a_call("two", 20)).paid == 1


def test_what_a_killed_process_had_paid_is_told_by_its_end() -> None:
    killed = Life("one", -99.0, ended_at=15.0, cause="kill -9")
    payments = count(a_call("one", 10), a_call("two", 20), lives=(killed,))
    assert payments.again == Counter({"kill -9": 1})
    assert not payments.unexplained


def test_a_process_that_was_frozen_may_have_lost_its_partition() -> None:
    frozen = Life("one", -99.0, lost=[(12.0, 32.0, "SIGSTOP")])
    assert count(a_call("one", 10), a_call("two", 25), lives=(frozen,)).again == Counter({"SIGSTOP": 1})


def test_an_answer_that_came_to_a_frozen_process_was_not_heard() -> None:
    frozen = Life("one", -99.0, lost=[(12.5, 32.0, "SIGSTOP")])
    calls = [a_call("one", 10), a_call("one", 12, body=b"second"), a_call("one", 33, body=b"second")]
    undisturbed = Counter({b"main": 1, b"second": 1})
    payments = count_payments(calls, undisturbed, {"one": frozen}, Acts({}), lambda _: None)
    assert (payments.again, payments.unexplained) == (Counter({"SIGSTOP": 1}), ())
    awake = count_payments(calls, undisturbed, {"one": Life("one", -99.0)}, Acts({}), lambda _: None)
    assert len(awake.unexplained) == 1


def test_the_death_of_another_process_explains_nothing() -> None:
    killed = Life("two", -99.0, ended_at=15.0, cause="kill -9")
    payments = count(a_call("one", 10), a_call("one", 20), lives=(killed,))
    assert payments.again == Counter({"unexplained": 1})
    assert len(payments.unexplained) == 1


def test_a_loss_before_the_work_began_explains_nothing() -> None:
    frozen = Life("one", -99.0, lost=[(1.0, 5.0, "SIGSTOP")])
    assert count(a_call("one", 10), a_call("two", 25), lives=(frozen,)).again == Counter({"unexplained": 1})


def test_a_cancel_in_the_middle_of_a_chunk_lets_go_of_what_was_answered() -> None:
    acts = Acts({3: [(15.0, "cancel")]})
    assert count(a_call("one", 10), a_call("one", 20), acts=acts).again == Counter({"cancel": 1})
    other_book = Acts({4: [(15.0, "cancel")]})
    assert count(a_call("one", 10), a_call("one", 20), acts=other_book).unexplained


def test_a_call_that_begins_when_the_checkpoint_stands_is_told() -> None:
    assert count(a_call("one", 10), checkpoint=11.0).after_checkpoint == ()
    assert len(count(a_call("one", 10), a_call("two", 20, paid=False), checkpoint=11.0).after_checkpoint) == 1


def test_an_answer_of_no_use_is_asked_for_again_as_a_repair() -> None:
    useless = a_call("one", 10)
    useless.fault = Fault.CUT_JSON
    payments = count(useless, a_call("one", 12))
    assert (payments.repairs, payments.again.total()) == (1, 0)


def test_what_a_rebalance_handed_over_is_begun_anew_when_its_time_is_up_and_not_before() -> None:
    joined = Life("three", 11.0)
    calls = (a_call("one", 10), a_call("two", 32))
    assert count(*calls, lives=(joined,)).again == Counter({"handover over": 1})
    too_early = (a_call("one", 10), a_call("two", 25))
    assert count(*too_early, lives=(joined,)).unexplained
    starting = Life("two", 4.0)
    assert count(*calls, lives=(starting,)).again == Counter({"handover over": 1}), "it joined while one was at work"
    long_there = Life("two", -4.0)
    assert count(*calls, lives=(long_there,)).unexplained


def test_a_call_that_was_under_way_when_its_process_was_frozen_reaches_the_model_as_that_goes_on() -> None:
    frozen = Life("two", -99.0, lost=[(9.0, 20.0, "SIGSTOP")])
    under_way = count(a_call("one", 10), a_call("two", 20.1), lives=(frozen,), checkpoint=11.5)
    assert (under_way.again, under_way.after_checkpoint) == (Counter({"SIGSTOP": 1}), ())
    later = count(a_call("one", 10), a_call("two", 22.0), lives=(frozen,), checkpoint=11.5)
    assert later.unexplained
    assert later.after_checkpoint
