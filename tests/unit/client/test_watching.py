import threading

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.errors import ProblemError, UnavailableError
from feuilleton_client.models import JobStatus
from feuilleton_client.watching import WatchPolicy
from tests.unit.client.conftest import JOB, Waits, a_job
from tests.unit.client.scripted_server import Answer, Events, Script, refusal

JOB_ROUTE = f"GET /v1/jobs/{JOB}"
EVENTS_ROUTE = f"GET /v1/jobs/{JOB}/events"
RUNNING = Answer(200, a_job("extracting", progress_percent=30))
LATER = Answer(200, a_job("extracting", progress_percent=60))
DONE = Answer(200, a_job("completed", progress_percent=100, cards=2))


def a_change(number: int, status: str = "extracting") -> tuple[str, object]:
    return str(number), {"status": status, "progress_percent": 40}


def resumed_from(script: Script) -> list[str]:
    return [asked.headers.get("last-event-id", "") for asked in script.requests(EVENTS_ROUTE)]


def test_watching_shows_each_change_and_stops_at_the_end(client: FeuilletonClient, script: Script) -> None:
    script.on(JOB_ROUTE, RUNNING, LATER, DONE)
    script.on(EVENTS_ROUTE, Events((a_change(7), a_change(8, "completed"))))
    seen = [(job.status, job.progress_percent) for job in client.watch(JOB)]
    assert seen == [(JobStatus.EXTRACTING, 30), (JobStatus.EXTRACTING, 60), (JobStatus.COMPLETED, 100)]
    assert resumed_from(script) == [""]


def test_a_job_that_has_ended_opens_no_stream(client: FeuilletonClient, script: Script) -> None:
    script.on(JOB_ROUTE, DONE)
    assert client.wait(JOB).status is JobStatus.COMPLETED
    assert resumed_from(script) == []


def test_the_end_is_seen_while_the_stream_stays_open(client: FeuilletonClient, script: Script) -> None:
    held = threading.Event()
    script.on(JOB_ROUTE, RUNNING, DONE)
    script.on(EVENTS_ROUTE, Events((a_change(8, "completed"),), released=held))
    try:
        assert client.wait(JOB).status is JobStatus.COMPLETED
    finally:
        held.set()


@pytest.mark.parametrize("first", [Events((a_change(7),), cut=True), Events((a_change(7),))], ids=["cut", "closed"])
def test_a_stream_that_ends_early_is_resumed_where_it_stopped(
    client: FeuilletonClient, script: Script, first: Events
) -> None:
    script.on(JOB_ROUTE, RUNNING, LATER, DONE)
    script.on(EVENTS_ROUTE, first, Events((a_change(9, "completed"),)))
    assert client.wait(JOB).status is JobStatus.COMPLETED
    assert resumed_from(script) == ["", "7"]


def test_a_service_that_restarts_is_waited_for(client: FeuilletonClient, script: Script, waits: Waits) -> None:
    script.on(JOB_ROUTE, RUNNING, DONE)
    script.on(EVENTS_ROUTE, refusal(503, "database_unavailable", retry_after="3"), Events((a_change(9, "completed"),)))
    assert client.wait(JOB).status is JobStatus.COMPLETED
    assert 3 <= waits.seconds[0] <= 4


@pytest.mark.parametrize(
    "no_stream",
    [
        Answer(200, {"not": "a stream"}),
        Answer(404, b"nothing here", media_type="text/plain"),
        Answer(405, b"", media_type="text/plain"),
        Events(),
        Answer(hang_up=True),
    ],
    ids=["json", "404", "405", "empty", "cut"],
)
def test_without_a_stream_the_job_is_polled(
    client: FeuilletonClient, script: Script, waits: Waits, no_stream: Answer | Events
) -> None:
    script.on(JOB_ROUTE, RUNNING, RUNNING, LATER, DONE)
    script.on(EVENTS_ROUTE, no_stream)
    assert [job.progress_percent for job in client.watch(JOB)] == [30, 60, 100]
    assert len(resumed_from(script)) <= 3
    assert 2.0 in waits.seconds


def test_a_burst_of_changes_is_looked_at_once(address: str, script: Script, waits: Waits) -> None:
    script.on(JOB_ROUTE, RUNNING, LATER, DONE)
    burst = tuple(a_change(number) for number in range(200))
    script.on(EVENTS_ROUTE, Events((*burst, a_change(200, "merging"))), Events((a_change(201, "completed"),)))
    policy = WatchPolicy(refresh_seconds=3600)
    with FeuilletonClient(address, address, "key", watch_policy=policy, pacing=waits.pacing()) as usual:
        assert [job.progress_percent for job in usual.watch(JOB)] == [30, 60, 100]
    # Looking at each change would have met the end within the first stream.
    assert resumed_from(script) == ["", "200"]


def test_watching_a_job_that_is_not_there_is_refused(client: FeuilletonClient) -> None:
    with pytest.raises(ProblemError) as caught:
        client.wait(JOB)
    assert caught.value.status == 404


def test_watching_ends_when_nothing_answers_any_more(client: FeuilletonClient, script: Script) -> None:
    script.on(JOB_ROUTE, RUNNING, Answer(hang_up=True))
    script.on(EVENTS_ROUTE, Answer(hang_up=True))
    with pytest.raises(UnavailableError):
        client.wait(JOB)


def test_a_state_from_the_future_counts_as_running(client: FeuilletonClient, script: Script) -> None:
    script.on(JOB_ROUTE, Answer(200, a_job("polishing")), DONE)
    script.on(EVENTS_ROUTE, Events((a_change(9, "completed"),)))
    assert [job.status for job in client.watch(JOB)] == [JobStatus.OTHER, JobStatus.COMPLETED]


def test_a_named_attempt_is_asked_for_at_every_look(client: FeuilletonClient, script: Script) -> None:
    script.on(JOB_ROUTE, RUNNING, DONE)
    script.on(EVENTS_ROUTE, Events((a_change(8, "completed"),)))
    assert client.wait(JOB, 2).status is JobStatus.COMPLETED
    asked = [*script.requests(JOB_ROUTE), *script.requests(EVENTS_ROUTE)]
    assert [each.query["attempt"] for each in asked] == ["2"] * 3
