"""kill -9 of ingest as it copies a book, answers with a job that was done, and orders what is over to be removed."""

import functools
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from feuilleton.contracts.events import JobEnded, Outcome, PurgeJob
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_CONTROL
from tests.faults.failpoints.broker import until
from tests.faults.failpoints.ingest_desk import IngestDesk, an_ingest
from tests.faults.failpoints.tiers import quick, slow
from tests.faults.failpoints.trap import Operation, Point
from tests.seeded_books import TENANT
from tests.stack import auth

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
ROWS, MOVE, PUBLISH = Operation.ROWS, Operation.MOVE, Operation.PUBLISH
COPIED = Point(MOVE, r"upload\.pdf .*upload\.pdf")
BIND = "UPDATE ingest.idempotency_keys SET job"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[IngestDesk]:
    more = {"REUSE_COMPLETED": "true", "RETENTION_SWEEP_SECONDS": "0.2"}
    with an_ingest(tmp_path_factory.mktemp("copies"), kafka, kafka_topics, database_url, **more) as made:
        yield made


def an_ended_job(desk: IngestDesk, key: str, outcome: Outcome = Outcome.PARTIAL) -> JobId:
    job = desk.admitted(key)
    desk.broker.publish(JobEnded(job=job, tenant=TENANT, outcome=outcome))
    until(lambda: bool(desk.ask("SELECT 1 FROM ingest.attempts WHERE job = $1 AND ended IS NOT NULL", job)), "its end")
    return job


def copy(desk: IngestDesk, job: JobId, key: str) -> httpx.Response:
    headers, body = auth() | {"Idempotency-Key": key}, {"sentence_length_limit": 6}
    url = f"{desk.ingest.service.url}/v1/uploads/{job}/copies"
    return httpx.post(url, headers=headers, json=body, timeout=60)


def copy_unanswered(desk: IngestDesk, job: JobId, key: str) -> None:
    with suppress(httpx.TransportError):
        answer = copy(desk, job, key)
        raise AssertionError(f"{answer.status_code} {answer.text}")


@pytest.mark.parametrize("point", slow(COPIED, Point(ROWS, "INSERT INTO ingest.jobs", before=True)))
def test_killed_before_the_commit_there_is_no_copy_and_the_same_key_makes_one(desk: IngestDesk, point: Point) -> None:
    source = an_ended_job(desk, f"for {point}")
    before, files = desk.jobs(), desk.files()
    desk.ingest.die_at(point, lambda: copy_unanswered(desk, source, str(point)))
    assert desk.jobs() == before
    desk.let_leases_lapse()
    desk.let_stages_grow_old()
    desk.ingest.revive()
    until(lambda: desk.files() == files, "the sweep")
    made = JobId(copy(desk, source, str(point)).json()["id"])
    assert desk.jobs() - before == {made}
    desk.runs(made)


@pytest.mark.parametrize(
    "point",
    [
        *quick(Point(ROWS, "INSERT INTO ingest.jobs")),
        *slow(Point(PUBLISH, r"job-events .*job\.accepted"), Point(PUBLISH, "^uploads")),
    ],
)
def test_killed_after_the_commit_the_copy_runs_and_the_same_key_names_it(desk: IngestDesk, point: Point) -> None:
    source = an_ended_job(desk, f"for {point}")
    before = desk.jobs()
    desk.ingest.die_at(point, lambda: copy_unanswered(desk, source, str(point)))
    (made,) = desk.jobs() - before
    desk.let_the_outbox_grow_old()
    desk.ingest.revive()
    desk.runs(made)
    assert copy(desk, source, str(point)).json()["id"] == made
    assert desk.jobs() - before == {made}


@pytest.mark.parametrize("point", slow(Point(ROWS, BIND, before=True), Point(ROWS, BIND)))
def test_killed_as_it_answers_with_a_job_that_was_done_the_same_key_is_answered_so(
    desk: IngestDesk, point: Point
) -> None:
    done = an_ended_job(desk, f"for {point}", Outcome.COMPLETED)
    before = desk.jobs()
    desk.ingest.die_at(point, lambda: desk.unanswered(str(point)))
    desk.let_leases_lapse()
    desk.ingest.revive()
    answer = desk.upload(str(point))
    assert (answer.status_code, answer.json()["id"], answer.json()["reused"]) == (200, done, True)
    assert desk.jobs() == before
    _forget(desk, done)


@pytest.mark.parametrize(
    "point", [*quick(Point(ROWS, "SET purged_at")), *slow(Point(PUBLISH, r"job-control .*job\.purge"))]
)
def test_killed_as_it_orders_a_removal_it_orders_it_again(desk: IngestDesk, point: Point) -> None:
    job = an_ended_job(desk, f"for {point}")
    desk.ingest.die_at(point, lambda: _let_time_pass(desk, job))
    desk.ask("UPDATE ingest.jobs SET purged_at = purged_at - interval '2 hours' WHERE job = $1", job)
    told = len(desk.broker.events(job, PurgeJob, JOB_CONTROL))
    desk.ingest.revive()
    orders = functools.partial(desk.broker.events, job, PurgeJob, JOB_CONTROL)
    until(lambda: len(orders()) == told + 1, lambda: f"one more than {told} orders; {desk.ingest.service.tail()}")
    assert copy(desk, job, f"late {point}").status_code == 410


def _let_time_pass(desk: IngestDesk, job: JobId) -> None:
    desk.ask("UPDATE ingest.jobs SET expires_at = now() WHERE job = $1", job)


def _forget(desk: IngestDesk, job: JobId) -> None:
    """So that the uploads of other tests are not answered with it."""
    desk.ask("UPDATE ingest.jobs SET deleted_at = now() WHERE job = $1", job)
