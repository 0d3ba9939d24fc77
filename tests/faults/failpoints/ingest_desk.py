"""An ingest in a trap, and what its client, an operator and the passing of time do to it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from feuilleton.contracts import ids
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.topics import JOB_EVENTS, UPLOADS
from tests.builders import a_pdf
from tests.faults.failpoints.broker import Broker, until
from tests.faults.failpoints.trapped import Trapped
from tests.seeded_books import TENANT
from tests.stack import MIGRATIONS, Stack, auth, environment, migrate

PDF = a_pdf()
MESSAGES = {
    ("job-events", "feuilleton.job.accepted.v1"),
    ("uploads", "feuilleton.upload.submitted.v1"),
}
"""What makes a first attempt run."""


@dataclass(frozen=True)
class IngestDesk:
    broker: Broker
    ingest: Trapped
    objects: Path
    database_url: str

    def upload(self, key: str) -> httpx.Response:
        headers = auth() | {"Idempotency-Key": key}
        url = f"{self.ingest.service.url}/v1/uploads"
        return httpx.post(url, headers=headers, files={"file": PDF}, timeout=60)

    def retry(self, job: JobId, key: str) -> httpx.Response:
        headers = auth() | {"Idempotency-Key": key}
        return httpx.post(f"{self.ingest.service.url}/v1/uploads/{job}/attempts", headers=headers, timeout=60)

    def admitted(self, key: str) -> JobId:
        """A job that was answered 202."""
        answer = self.upload(key)
        assert answer.status_code == 202, answer.text
        return JobId(answer.json()["id"])

    def unanswered(self, key: str) -> None:
        """An upload whose process dies meanwhile."""
        with suppress(httpx.TransportError):
            answer = self.upload(key)
            raise AssertionError(f"{answer.status_code} {answer.text}")

    def retry_unanswered(self, job: JobId, key: str) -> None:
        with suppress(httpx.TransportError):
            answer = self.retry(job, key)
            raise AssertionError(f"{answer.status_code} {answer.text}")

    def messages(self, job: JobId, attempt: int = 1) -> set[tuple[str, str]]:
        """Topic and type of what was published to begin an attempt, each with one id however often it was."""
        found: dict[tuple[str, str], set[str]] = {}
        for topic in (JOB_EVENTS, UPLOADS):
            for event in self.broker.sources(job, topic):
                if event["data"]["attempt"] == attempt and event["source"] == "/feuilleton/ingest":
                    found.setdefault((topic.name, event["type"]), set()).add(event["id"])
        assert all(len(same) == 1 for same in found.values())
        return set(found)

    def runs(self, job: JobId) -> None:
        """Both messages are in the log, or come there, and the file is what was sent."""
        until(lambda: self.messages(job) >= MESSAGES, "the messages of the job")
        assert (self.objects / ids.upload_key(TENANT, job)).read_bytes() == PDF

    def jobs(self) -> set[JobId]:
        """All that were ever admitted."""
        return {JobId(row[0]) for row in self.ask("SELECT job FROM ingest.jobs")}

    def files(self) -> set[str]:
        return {str(path.relative_to(self.objects)) for path in self.objects.rglob("*") if path.is_file()}

    def ask(self, query: str, *values: object) -> list[Any]:
        async def fetch() -> list[Any]:
            connection = await asyncpg.connect(self.database_url)
            try:
                return list(await connection.fetch(query, *values))
            finally:
                await connection.close()

        return asyncio.run(fetch())

    def let_leases_lapse(self) -> None:
        self.ask("UPDATE ingest.idempotency_keys SET leased_until = now()")

    def let_the_outbox_grow_old(self) -> None:
        """Beyond the time that the relay leaves to a request, and to another relay."""
        self.ask(
            "UPDATE ingest.outbox SET created_at = created_at - interval '1 minute', "
            "taken_at = taken_at - interval '1 minute'"
        )

    def let_stages_grow_old(self) -> None:
        self.ask("UPDATE ingest.stages SET staged_at = staged_at - interval '1 day'")


@contextmanager
def an_ingest(folder: Path, kafka: str, prefix: str, database_url: str, **more: str) -> Iterator[IngestDesk]:
    broker, objects = Broker(kafka, prefix), folder / "objects"
    env = environment(
        kafka=kafka,
        prefix=prefix,
        database_url=database_url,
        object_store_url=objects.as_uri(),
        OUTBOX_POLL_SECONDS="0.2",
        STUCK_SWEEP_SECONDS="0.2",
        DELETED_SWEEP_SECONDS="1",
        PDF_WORKERS="1",
        **more,
    )
    migrate(env, MIGRATIONS[:1])
    stack = Stack(folder, env)
    ingest = Trapped.add(stack, "ingest", broker, "ingest-watch", [JOB_EVENTS])
    try:
        stack.start()
        yield IngestDesk(broker, ingest, objects, database_url)
    finally:
        stack.stop()
