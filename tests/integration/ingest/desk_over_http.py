"""The routes of ingest over real rows and a real check of PDFs, in this process. What would go to Kafka is kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from feuilleton.contracts.events import EventData, JobAccepted, UploadSubmitted, parse
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine
from feuilleton.database.pool import Database
from feuilleton.http.auth import BearerAuth
from feuilleton.http.problems import install_problems
from feuilleton.http.waiting import Waits
from feuilleton.processes.pool import IsolatedPool, Limits
from feuilleton.storage.objects import open_store
from feuilleton.storage.ports import ObjectStore
from feuilleton.streaming.commands import Commands
from feuilleton.streaming.memory import MemoryPublisher
from ingest.accounts import Allowance
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.adapters.postgres_accounts import PostgresAccounts
from ingest.adapters.postgres_ends import PostgresEnds
from ingest.adapters.postgres_watch import PostgresJobWatch
from ingest.admission import Desk, EngineTable, QueueLimit
from ingest.answers import Answers
from ingest.copies import CopyDesk
from ingest.copy_routes import copy_router
from ingest.credits import Tariff
from ingest.ends import EndWatch
from ingest.intake import Intake
from ingest.outbox import Outbox
from ingest.pdf_check import PdfChecker
from ingest.pdf_size import PdfMeasure, preload
from ingest.pricing import Pricing
from ingest.quota import Quota
from ingest.routes import upload_router
from tests.builders import a_pdf
from tests.integration.ingest.told_stories import batch

KEY = "key-of-the-tests-0123"
MIB = 1024 * 1024
A_BOOK = a_pdf()


@dataclass
class Shop:
    """A client of the routes, and all that stands behind them."""

    database: Database
    http: httpx.AsyncClient
    desk: Desk
    store: ObjectStore
    publisher: MemoryPublisher
    commands: Commands
    offset: int = field(default=0)

    async def upload(self, body: bytes = A_BOOK, /, *, key: str | None = None, **fields: str) -> httpx.Response:
        files = {"file": ("roman.pdf", body, "application/pdf")}
        return await self.http.post("/v1/uploads", files=files, data=fields, headers=_key(key))

    async def copy(self, job: str, *, key: str | None = None, **changes: object) -> httpx.Response:
        return await self.http.post(f"/v1/uploads/{job}/copies", json=changes, headers=_key(key))

    async def tell(self, *events: EventData) -> None:
        """As job-events would."""
        self.offset = await PostgresJobWatch(self.database).apply(batch(self.offset, *events))

    def announced(self, job: str) -> tuple[list[JobAccepted], list[UploadSubmitted]]:
        """What was published of a job."""
        told = [parse(message.value).data for message in self.publisher.messages]
        of_job = [event for event in told if event.job == JobId(job)]
        return (
            [event for event in of_job if isinstance(event, JobAccepted)],
            [event for event in of_job if isinstance(event, UploadSubmitted)],
        )

    async def keys(self) -> list[str]:
        """All that stands in the store."""
        prefixes = ("tenants/", "incoming/")
        return sorted([info.key for prefix in prefixes async for info in self.store.list(prefix)])


def _key(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key else {}


@asynccontextmanager
async def open_shop(
    database: Database, *, reuse: bool = True, uploads_per_hour: int = 1000, quota_bytes: int = 100 * MIB
) -> AsyncIterator[Shop]:
    allowance = Allowance(50, Quota(quota_bytes, 100))
    rows = PostgresAdmissionStore(database, uploads_per_hour=uploads_per_hour, allowance=allowance)
    accounts = PostgresAccounts(database, allowance)
    store, publisher, commands = open_store("memory:///"), MemoryPublisher(), Commands()
    pool = IsolatedPool(Limits(1, 1024 * MIB, 50), preload)
    await pool.start()
    try:
        checker = PdfChecker(pool, pages_limit=50, timeout_seconds=30)
        engines = EngineTable((Engine.LOCAL, Engine.OPENAI), {}, "own-model")
        money = (accounts, allowance.quota, Pricing(Tariff({}), PdfMeasure(pool, 30)))
        outbox = Outbox(rows, publisher)
        desk = Desk(store, rows, publisher, outbox, checker, engines, commands, QueueLimit(), *money, reuse=reuse)
        app = FastAPI()
        install_problems(app)
        auth, answers = BearerAuth(SecretStr(KEY)), Answers(_waits(), EndWatch(PostgresEnds(database)))
        app.include_router(copy_router(CopyDesk(desk), answers, auth))
        app.include_router(upload_router(desk, answers, auth, Intake(20 * MIB, 10, asyncio.Semaphore(4))))
        transport, headers = httpx.ASGITransport(app=app), {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://ingest", headers=headers) as http:
            yield Shop(database, http, desk, store, publisher, commands)
    finally:
        await pool.stop()


def _waits() -> Waits:
    return Waits(limit=5, longest_seconds=20)


OTHER = TenantId("somebody-else")
