"""New uploads are refused while what waits would take too long."""

from collections.abc import Iterator

import pytest

from feuilleton.contracts.events import JobEnded, Outcome
from feuilleton.contracts.ids import JobId
from feuilleton.http.auth import DEFAULT_TENANT
from tests.integration.ingest.asking import upload
from tests.seeded_books import submit
from tests.stack import RunServices, Stack

pytestmark = pytest.mark.servers


@pytest.fixture
def stack(run_services: RunServices) -> Iterator[Stack]:
    """Two jobs may wait: one an hour is reckoned with, and two hours are the limit."""
    with run_services("ingest", QUEUE_LIMIT_HOURS="2", QUEUE_LEAST_RATE="1") as running:
        yield running


def test_a_full_queue_refuses_and_takes_again_when_jobs_end(stack: Stack, kafka: str, kafka_topics: str) -> None:
    jobs = [JobId(upload(stack, key=f"k{number}").json()["id"]) for number in range(3)]
    before = list((stack.folder / "objects").rglob("*.pdf"))
    refused = upload(stack, key="one-more")
    assert (refused.status_code, refused.json()["code"]) == (503, "queue_full")
    assert int(refused.headers["retry-after"]) >= 60
    assert list((stack.folder / "objects").rglob("*.pdf")) == before, "nothing was kept"
    assert upload(stack, key="k0").json()["id"] == jobs[0], "a job that was taken is answered as ever"
    ended = JobEnded(job=jobs[0], tenant=DEFAULT_TENANT, attempt=1, outcome=Outcome.COMPLETED)
    submit([ended], kafka=kafka, prefix=kafka_topics)
    for _ in range(100):
        if upload(stack, key="one-more").status_code == 202:
            return
    pytest.fail("the queue stayed full")
