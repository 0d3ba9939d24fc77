"""A worker whose topic was taken away notices it."""

from feuilleton.streaming.faust_worker import LOST_SECONDS, AssignmentWatch

BOTH = {"chunk-results", "job-control"}


def test_a_topic_that_is_read_no_more_is_lost_after_a_while() -> None:
    watch = AssignmentWatch()
    assert watch.lost(BOTH, 0.0) == set()
    assert watch.lost({"job-control"}, 10.0) == set()
    assert watch.lost({"job-control"}, 9.9 + LOST_SECONDS) == set()
    assert watch.lost({"job-control"}, 10.0 + LOST_SECONDS) == {"chunk-results"}


def test_a_topic_that_comes_back_was_not_lost() -> None:
    watch = AssignmentWatch()
    watch.lost(BOTH, 0.0)
    watch.lost(set(), 1.0)
    watch.lost(BOTH, LOST_SECONDS)
    assert watch.lost(set(), LOST_SECONDS + 2.0) == set()


def test_a_member_that_never_had_a_partition_waits_for_ever() -> None:
    watch = AssignmentWatch()
    assert watch.lost(set(), 0.0) == set()
    assert watch.lost(set(), 10_000.0) == set()
