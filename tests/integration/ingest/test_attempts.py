"""A second attempt of an ended job, asked of the true ingest process."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import httpx
import pytest

from feuilleton.contracts.events import (
    AttemptAccepted,
    DeleteJob,
    EventData,
    JobDeleted,
    JobEnded,
    Outcome,
    UploadSubmitted,
)
from feuilleton.contracts.ids import JobId, new_job_id
from feuilleton.contracts.topics import JOB_EVENTS, UPLOADS
from feuilleton.http.auth import DEFAULT_TENANT
from tests.integration.ingest.asking import retry, upload
from tests.kafka_reading import read_events
from tests.seeded_books import submit
from tests.stack import RunServices, Stack

pytestmark = pytest.mark.servers
Publish = Callable[..., None]


@pytest.fixture(scope="module")
def stack(run_services: RunServices) -> Iterator[Stack]:
    with run_services("ingest") as running:
        yield running


@pytest.fixture
def say(kafka: str, kafka_topics: str) -> Publish:
    """say(event, ...): what other services publish."""
    return lambda *events: submit(events, kafka=kafka, prefix=kafka_topics)


def accepted(stack: Stack) -> JobId:
    answer = upload(stack, sentence_length_limit="12")
    assert answer.status_code == 202, answer.text
    return JobId(answer.json()["id"])


def end(job: JobId, outcome: Outcome, attempt: int = 1) -> JobEnded:
    return JobEnded(job=job, tenant=DEFAULT_TENANT, attempt=attempt, outcome=outcome)


def published(kafka: str, prefix: str, job: JobId) -> list[EventData]:
    found = read_events(kafka, prefix, JOB_EVENTS, UPLOADS, job=job)
    return [event for event in found if event.attempt > 1]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize("outcome", [Outcome.PARTIAL, Outcome.FAILED, Outcome.CANCELLED])
def test_a_job_that_ended_badly_runs_once_more_at_once_and_with_its_own_settings(
    stack: Stack, kafka: str, kafka_topics: str, say: Publish, outcome: Outcome
) -> None:
    job = accepted(stack)
    say(end(job, outcome))
    answer = retry(stack, job)  # at once: the end is in the log, and ingest may not have read it yet
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{job}?attempt=2"
    assert (answer.json()["id"], answer.json()["attempt"]) == (job, 2)
    begun, order = published(kafka, kafka_topics, job)
    assert isinstance(begun, AttemptAccepted)
    assert isinstance(order, UploadSubmitted)
    assert begun.attempt == order.attempt == 2
    assert begun.settings.sentence_length_limit == order.settings.sentence_length_limit == 12


def test_a_job_that_runs_has_no_second_attempt_and_a_complete_one_needs_none(stack: Stack, say: Publish) -> None:
    job = accepted(stack)
    assert refusal(retry(stack, job)) == (409, "attempt_running")
    say(end(job, Outcome.COMPLETED), end(job, Outcome.FAILED))  # the first end counts
    assert refusal(retry(stack, job)) == (409, "nothing_to_retry")


def test_a_third_attempt_waits_for_the_end_of_the_second(stack: Stack, say: Publish) -> None:
    job = accepted(stack)
    say(end(job, Outcome.PARTIAL))
    assert retry(stack, job).status_code == 202
    assert refusal(retry(stack, job)) == (409, "attempt_running")
    say(end(job, Outcome.PARTIAL))  # of the first attempt, once more
    assert refusal(retry(stack, job)) == (409, "attempt_running")
    say(end(job, Outcome.CANCELLED, 2))
    assert retry(stack, job).json()["attempt"] == 3


def test_of_many_clicks_at_once_one_makes_the_attempt(
    stack: Stack, kafka: str, kafka_topics: str, say: Publish
) -> None:
    job = accepted(stack)
    say(end(job, Outcome.PARTIAL))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: retry(stack, job), range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    assert {event.attempt for event in published(kafka, kafka_topics, job)} == {2}


def test_the_same_key_is_the_same_attempt_and_belongs_to_one_job(stack: Stack, say: Publish) -> None:
    job, other = accepted(stack), accepted(stack)
    say(end(job, Outcome.PARTIAL), end(other, Outcome.PARTIAL))
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: retry(stack, job, "click"), range(4)))
    assert {(answer.status_code, answer.json()["attempt"]) for answer in answers} == {(202, 2)}
    assert refusal(retry(stack, other, "click")) == (422, "idempotency_key_reused")


def test_a_job_of_nobody_and_of_somebody_else_look_the_same(stack: Stack, say: Publish) -> None:
    foreign = accepted(stack)
    say(end(foreign, Outcome.PARTIAL))

    async def give_away() -> None:
        connection = await asyncpg.connect(stack.env["DATABASE_URL"])
        await connection.execute("UPDATE ingest.jobs SET tenant = 'other' WHERE job = $1", foreign)
        await connection.close()

    asyncio.run(give_away())
    answers = [retry(stack, job) for job in (foreign, new_job_id(), "no-id", "..%2f..")]
    assert [refusal(answer) for answer in answers[:3]] == [(404, "job_not_found")] * 3
    assert answers[0].json() == answers[1].json()
    assert answers[3].status_code == 404


def test_a_deleted_job_has_no_further_attempt(stack: Stack, say: Publish) -> None:
    commanded, deleted = accepted(stack), accepted(stack)
    say(end(commanded, Outcome.CANCELLED), DeleteJob(job=commanded, tenant=DEFAULT_TENANT))
    say(end(deleted, Outcome.CANCELLED), JobDeleted(job=deleted, tenant=DEFAULT_TENANT, bytes_freed=1))
    say(end(deleted, Outcome.CANCELLED))
    for job in (commanded, deleted):
        for _ in range(100):
            answer = retry(stack, job)
            if answer.status_code == 410:
                break
        assert refusal(answer) == (410, "job_deleted")


def test_without_the_key_nobody_retries(stack: Stack) -> None:
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads/{new_job_id()}/attempts")
    assert refusal(answer) == (401, "unauthenticated")
