"""The broker dies, or stands still, between each publication and its acknowledgement: every job ends as undisturbed.

Four or five services wait for an answer at the same time, each for that to another message, when it goes.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from feuilleton.contracts import ids
from feuilleton.contracts.events import (
    CancelJob,
    ChunkFinished,
    DeleteJob,
    EventData,
    JobAccepted,
    JobDeleted,
    JobEnded,
    UploadSubmitted,
)
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.topics import CHUNK_RESULTS, CHUNKS, JOB_CONTROL, JOB_EVENTS, UPLOADS
from feuilleton.storage.objects import open_store
from feuilleton.streaming.admin import create_topics
from feuilleton_local.servers.running import LocalServer, kafka_server, running
from ingest.admission import upload_of
from tests.builders import a_pdf
from tests.faults.failpoints.broker import Broker, cards_of, until
from tests.faults.failpoints.trap import Operation, Point
from tests.faults.failpoints.trapped import Trapped
from tests.seeded_books import TENANT, SeededBook, a_book, seed, settle
from tests.stack import COMMANDS, Stack, auth, environment, migrate

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(240)]
READ = {
    "ingest": ("ingest-watch", [JOB_EVENTS]),
    "splitter": ("splitter", [UPLOADS]),
    "extractor": ("extractor", [CHUNKS]),
    "merger": ("merger", [CHUNK_RESULTS, JOB_CONTROL]),
    "projector": ("status-projector", [JOB_EVENTS]),
    "webhooks": ("status-webhooks", [JOB_EVENTS]),
    "status-api": ("", []),
}


def publishing(what: str, *, frozen: bool) -> Point:
    return Point(Operation.PUBLISH, what, silent=True, before=frozen)


@dataclass
class Desk:
    """All services in traps, on a broker of their own."""

    broker: Broker
    server: LocalServer
    services: dict[str, Trapped]
    stack: Stack
    pdf: bytes
    requests: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(4))

    @property
    def objects(self) -> Path:
        return self.stack.folder / "objects"

    def wait_at(self, service: str, point: Point, act: Callable[[], object]) -> None:
        """Do what leads the service to the point, and see it wait there."""
        self.services[service].lever.arm(point)
        act()
        until(lambda: self.services[service].lever.reached, f"{service} {point}")

    def interrupt(self, *, frozen: bool) -> None:
        """The broker goes while all that wait have published, or before; and comes back."""
        if frozen:
            self.server.freeze()
            self.release()
            time.sleep(3)
            self.server.thaw()
        else:
            time.sleep(0.5)  # what was sent is written down by now
            self.server.kill()
            self.release()
            self.server.start()

    def release(self) -> None:
        for service in self.services.values():
            service.lever.release()

    def until_idle(self) -> None:
        for name, service in self.services.items():
            process = service.service.process
            if process is not None and process.poll() is not None:
                service.service.start()  # as whatever runs the services does
            if READ[name][0]:
                service.until_idle()

    def seeded(self) -> SeededBook:
        """A book that is split, whose job was accepted."""
        book = a_book(3)
        seed(book, object_store_url=self.objects.as_uri())
        self.broker.publish(self.accepted(book.job))
        return book

    def settled(self, book: SeededBook) -> None:
        """Its chunks are done, and their results published."""
        store = open_store(self.objects.as_uri())
        self.broker.publish(*[asyncio.run(settle(store, chunk)) for chunk in book.chunks])

    def accepted(self, job: JobId) -> JobAccepted:
        return JobAccepted(
            job=job,
            tenant=TENANT,
            name="roman.pdf",
            bytes=len(self.pdf),
            sha256="0" * 64,
            pages=1,
            settings=JobSettings(),
            engine=Engine.GEMINI,
            model="gemini-2.5-flash",
        )

    def order(self, pdf: bytes | None = None) -> UploadSubmitted:
        """For the splitter, with its file in its place."""
        job = JobId(str(uuid.uuid4()))
        asyncio.run(open_store(self.objects.as_uri()).put(ids.upload_key(TENANT, job), pdf or self.pdf))
        accepted = self.accepted(job)
        self.broker.publish(accepted)
        return upload_of(accepted, 1)

    def upload(self, key: str, pdf: bytes | None = None) -> "Future[httpx.Response]":
        url = f"{self.stack.ingest_url}/v1/uploads"
        headers = auth() | {"Idempotency-Key": key}
        files = {"file": pdf or self.pdf}
        data = {"engine": "gemini"}
        return self.requests.submit(lambda: httpx.post(url, headers=headers, files=files, data=data, timeout=60))

    def retry(self, job: JobId) -> "Future[httpx.Response]":
        url = f"{self.stack.ingest_url}/v1/uploads/{job}/attempts"
        return self.requests.submit(lambda: httpx.post(url, headers=auth(), timeout=60))

    def cancel(self, job: JobId) -> "Future[httpx.Response]":
        url = f"{self.stack.status_url}/v1/jobs/{job}/cancel"
        return self.requests.submit(lambda: httpx.post(url, headers=auth(), timeout=60))

    def cards(self, job: JobId) -> bytes:
        return cards_of(self.broker.end(job), self.objects)

    def status(self, job: JobId) -> str:
        return str(httpx.get(f"{self.stack.status_url}/v1/jobs/{job}", headers=auth(), timeout=30).json()["status"])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, database_url: str, gemini: str, sample_pdf: Path) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("broker")
    with running(kafka_server(folder / "kafka")) as server:
        asyncio.run(create_topics(server.address))
        env = environment(
            kafka=server.address,
            prefix="",
            database_url=database_url,
            object_store_url=(folder / "objects").as_uri(),
            ENGINES="gemini",
            LOCAL_WORKERS="0",
            GEMINI_API_KEY="fake",
            GEMINI_BASE_URL=gemini,
            OUTBOX_POLL_SECONDS="0.5",
        )
        migrate(env)
        stack, broker = Stack(folder, env), Broker(server.address, "")
        services = {name: Trapped.add(stack, name, broker, *READ[name]) for name in COMMANDS}
        with stack:
            yield Desk(broker, server, services, stack, sample_pdf.read_bytes())


@dataclass(frozen=True)
class Undisturbed:
    """The cards of the sample, of a seeded book that is extracted, and of one whose checkpoints are seeded too."""

    novel: bytes
    extracted: bytes
    settled: bytes


@pytest.fixture(scope="module")
def undisturbed(desk: Desk) -> Undisturbed:
    order, extracted, settled = desk.order(), desk.seeded(), desk.seeded()
    desk.broker.publish(order, *extracted.chunks)
    desk.settled(settled)
    return Undisturbed(desk.cards(order.job), desk.cards(extracted.job), desk.cards(settled.job))


def answered(desk: Desk, request: "Future[httpx.Response]", key: str) -> JobId:
    """The client asks with its key until it is told 202."""
    answer = request.result()
    while answer.status_code != 202:
        assert answer.status_code in (409, 503), answer.text
        time.sleep(0.5)
        answer = desk.upload(key).result()
    return JobId(answer.json()["id"])


FROZEN = pytest.mark.parametrize("frozen", [False, True], ids=["killed", "frozen"])


@FROZEN
def test_the_first_message_of_each_service(desk: Desk, undisturbed: Undisturbed, *, frozen: bool) -> None:
    counted, extracted, split, cancelled = desk.seeded(), desk.seeded(), desk.order(), desk.seeded()
    desk.until_idle()
    desk.wait_at("merger", publishing(r"chunk\.finished", frozen=frozen), lambda: desk.settled(counted))
    point = publishing(f"^chunk-results .*{extracted.job}", frozen=frozen)
    desk.wait_at("extractor", point, lambda: desk.broker.publish(*extracted.chunks))
    desk.wait_at("splitter", publishing(r"job\.splitting", frozen=frozen), lambda: desk.broker.publish(split))
    requests: list[Future[httpx.Response]] = []
    point = publishing(r"job-events .*job\.accepted", frozen=frozen)
    desk.wait_at("ingest", point, lambda: requests.append(desk.upload(f"first {frozen}")))
    desk.wait_at("status-api", publishing("^job-control", frozen=frozen), lambda: desk.cancel(cancelled.job))
    desk.interrupt(frozen=frozen)
    uploaded = answered(desk, requests[0], f"first {frozen}")
    assert {desk.cards(job) for job in (split.job, uploaded)} == {undisturbed.novel}
    assert desk.cards(extracted.job) == undisturbed.extracted
    assert desk.cards(counted.job) == undisturbed.settled
    until(lambda: desk.status(cancelled.job) == "cancelled", "the cancel")
    check(desk, counted.job, extracted.job, split.job, uploaded)


@FROZEN
def test_the_messages_that_follow(desk: Desk, undisturbed: Undisturbed, *, frozen: bool) -> None:
    merged, split = desk.seeded(), desk.order()
    desk.until_idle()
    desk.wait_at("merger", publishing(r"job\.merging", frozen=frozen), lambda: desk.settled(merged))
    desk.wait_at("splitter", publishing(f"^chunks .*{split.job}", frozen=frozen), lambda: desk.broker.publish(split))
    requests: list[Future[httpx.Response]] = []
    point = publishing("^uploads", frozen=frozen)
    desk.wait_at("ingest", point, lambda: requests.append(desk.upload(f"second {frozen}")))
    desk.interrupt(frozen=frozen)
    uploaded = answered(desk, requests[0], f"second {frozen}")
    assert {desk.cards(job) for job in (split.job, uploaded)} == {undisturbed.novel}
    assert desk.cards(merged.job) == undisturbed.settled
    check(desk, merged.job, split.job, uploaded)


@FROZEN
def test_the_messages_that_end(desk: Desk, undisturbed: Undisturbed, *, frozen: bool) -> None:
    ended, split = desk.seeded(), desk.order()
    desk.until_idle()
    desk.wait_at("merger", publishing(r"job\.ended", frozen=frozen), lambda: desk.settled(ended))
    desk.wait_at("splitter", publishing(r"job\.split\.", frozen=frozen), lambda: desk.broker.publish(split))
    desk.interrupt(frozen=frozen)
    assert desk.cards(split.job) == undisturbed.novel
    assert desk.cards(ended.job) == undisturbed.settled
    check(desk, ended.job, split.job)


@FROZEN
def test_the_message_of_a_deletion(desk: Desk, *, frozen: bool) -> None:
    book = desk.seeded()
    desk.until_idle()
    command: EventData = DeleteJob(job=book.job, tenant=TENANT)
    desk.wait_at("merger", publishing(r"job\.deleted", frozen=frozen), lambda: desk.broker.publish(command))
    desk.interrupt(frozen=frozen)
    until(lambda: bool(desk.broker.events(book.job, JobDeleted)), "the deletion")
    desk.until_idle()
    assert desk.status(book.job) == "deleted"
    assert not list(desk.objects.glob(f"**/{book.job}/**/*.json"))


@FROZEN
def test_the_messages_of_what_goes_wrong(desk: Desk, *, frozen: bool) -> None:
    counted, unread, empty = desk.seeded(), desk.seeded(), desk.order(a_pdf(text=""))
    again = JobId(desk.upload(f"again {frozen}", a_pdf(text="")).result().json()["id"])
    until(lambda: desk.status(again) == "failed", "a first attempt that failed")
    desk.until_idle()
    letters = publishing("^dead-letters", frozen=frozen)
    desk.wait_at("merger", letters, lambda: desk.broker.publish_poison(CHUNK_RESULTS, counted.job, 0))
    desk.wait_at("extractor", letters, lambda: desk.broker.publish_poison(CHUNKS, unread.job, 0))
    point = publishing(f"job\\.ended.*{empty.job}", frozen=frozen)
    desk.wait_at("splitter", point, lambda: desk.broker.publish(empty))
    requests: list[Future[httpx.Response]] = []
    point = publishing(r"job-events .*attempt\.accepted", frozen=frozen)
    desk.wait_at("ingest", point, lambda: requests.append(desk.retry(again)))
    desk.interrupt(frozen=frozen)
    assert requests[0].result().status_code in (202, 503)
    until(lambda: {end.attempt for end in desk.broker.events(again, JobEnded)} == {1, 2}, "the second attempt")
    until(lambda: {end.code for end in desk.broker.events(empty.job, JobEnded)} == {"no_text"}, "the end")
    desk.until_idle()
    assert desk.broker.letters(counted.job) >= 1
    assert desk.broker.letters(unread.job) >= 1
    failed = desk.broker.events(unread.job, ChunkFinished)
    assert {(event.index, event.code) for event in failed} == {(0, "poison_message")}


def check(desk: Desk, *jobs: JobId) -> None:
    """What readers see: every chunk once, one end."""
    desk.until_idle()
    for job in jobs:
        answer = httpx.get(f"{desk.stack.status_url}/v1/jobs/{job}", headers=auth(), timeout=30).json()
        finished = {event.index for event in desk.broker.events(job, ChunkFinished)}
        assert answer["status"] == "completed"
        assert answer["chunks"]["finished"] == answer["chunks"]["total"] == len(finished)
        assert not desk.broker.events(job, CancelJob, JOB_CONTROL)
