"""Builds ingest from its settings. Tests build the same from parts of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPBearer

from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.database.pool import Database
from feuilleton.http.auth import BearerAuth
from feuilleton.http.probes import RequestCounts, install_probes
from feuilleton.http.problems import install_problems
from feuilleton.http.waiting import Waits
from feuilleton.identity.keys import ApiKeys
from feuilleton.identity.postgres import PostgresKeys
from feuilleton.identity.provider import tokens_of
from feuilleton.processes.pool import IsolatedPool, Limits
from feuilleton.storage.objects import open_store
from feuilleton.streaming.control import ControlLog
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton.streaming.log_ends import KafkaLogEnds
from feuilleton.streaming.parts import Part, PartsInBackground
from feuilleton.streaming.read_barrier import ReadBarrier
from ingest.accounts import Allowance
from ingest.adapters.kafka_backlog import KafkaBacklog
from ingest.adapters.postgres import PostgresAdmissionStore
from ingest.adapters.postgres_accounts import PostgresAccounts
from ingest.adapters.postgres_ends import PostgresEnds
from ingest.adapters.postgres_identity import PostgresIdentity
from ingest.adapters.postgres_retention import PostgresRetention
from ingest.adapters.postgres_stuck import PostgresStuckRows
from ingest.adapters.postgres_watch import PostgresJobWatch
from ingest.admission import Desk, EngineTable, QueueLimit
from ingest.answers import Answers
from ingest.attempt_routes import attempt_router
from ingest.attempts import AttemptDesk
from ingest.compat_routes import CompatDesk, compat_router
from ingest.copies import CopyDesk
from ingest.copy_routes import copy_router
from ingest.credit_routes import credit_router
from ingest.credits import Tariff
from ingest.ends import EndWatch
from ingest.estimate_routes import estimate_router
from ingest.estimates import EstimateDesk
from ingest.identity import KeyDesk
from ingest.identity_routes import key_router, tenant_router
from ingest.intake import Intake
from ingest.job_watch import JobWatch
from ingest.outbox import Outbox
from ingest.pdf_check import PdfChecker
from ingest.pdf_size import PdfMeasure, preload
from ingest.pricing import Pricing
from ingest.quota import Quota
from ingest.retention import Retention
from ingest.routes import upload_router
from ingest.settings import IngestSettings
from ingest.stuck import SweepPolicy
from ingest.stuck_sweep import StuckSweep, StuckSweeper
from ingest.sweep import Housekeeping

_CHECKS_PER_WORKER = 50  # a fresh process now and then: pypdf's caches and the allocator's holes go with the old one


@dataclass(frozen=True)
class Ingest:
    """The parts of the running service."""

    database: Database
    publisher: KafkaPublisher
    control: ControlLog
    pool: IsolatedPool
    housekeeping: Housekeeping
    watch: JobWatch
    sweeper: StuckSweeper
    retention: Retention
    ends: KafkaLogEnds
    desk: Desk
    attempts: AttemptDesk
    estimates: EstimateDesk
    allowance: Allowance


def build(settings: IngestSettings) -> Ingest:
    """Must run inside the loop that will serve."""
    store = open_store(settings.object_store_url)
    database = Database(settings.database_url.get_secret_value(), service="ingest")
    allowance = Allowance(settings.monthly_credits, Quota(settings.quota_bytes, settings.quota_jobs))
    rows = PostgresAdmissionStore(database, uploads_per_hour=settings.uploads_per_hour, allowance=allowance)
    accounts = PostgresAccounts(database, allowance)
    publisher = KafkaPublisher(settings.kafka_bootstrap_servers, client_id="ingest", prefix=settings.kafka_prefix)
    control = ControlLog(settings.kafka_bootstrap_servers, prefix=settings.kafka_prefix)
    pool = IsolatedPool(Limits(settings.pdf_workers, settings.pdf_memory_bytes, _CHECKS_PER_WORKER), preload)
    outbox = Outbox(rows, publisher)
    checker = PdfChecker(pool, pages_limit=settings.pages_limit, timeout_seconds=settings.pdf_timeout_seconds)
    engines = EngineTable(settings.offered, settings.models, settings.openai_model)
    queue = QueueLimit(settings.queue_limit_hours, settings.queue_least_rate)
    pricing = Pricing(Tariff(settings.model_terms), PdfMeasure(pool, settings.pdf_timeout_seconds))
    money = (accounts, allowance.quota, pricing)
    taking = (checker, engines, control.commands, queue)
    desk = Desk(store, rows, publisher, outbox, *taking, *money, settings.reuse_completed, settings.retention_days)
    estimates = EstimateDesk(accounts, checker, pricing, engines)
    housekeeping = Housekeeping(store, rows, outbox, settings.outbox_poll_seconds, settings.deleted_sweep_seconds)
    watched, topic = PostgresJobWatch(database), settings.kafka_prefix + JOB_EVENTS.name
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_prefix
    watch = JobWatch(bootstrap, watched, publisher, topic=topic, prefix=prefix)
    ends = KafkaLogEnds(bootstrap, client_id="ingest")
    barrier = ReadBarrier(watched, ends, topic=topic, deadline_seconds=settings.barrier_seconds)
    policy = SweepPolicy(
        settings.stuck_first_gap_seconds, settings.stuck_last_gap_seconds, settings.attempt_limit_seconds
    )
    backlog = KafkaBacklog(bootstrap, watched, prefix=prefix)
    stuck = StuckSweep(PostgresStuckRows(database), backlog, publisher, policy)
    sweeper = StuckSweeper(stuck, settings.outbox_poll_seconds, settings.stuck_sweep_seconds)
    attempts = AttemptDesk(rows, barrier, publisher, outbox, engines, control.commands)
    retention = Retention(PostgresRetention(database), publisher, settings.retention_sweep_seconds)
    running = (housekeeping, watch, sweeper, retention, ends)
    return Ingest(database, publisher, control, pool, *running, desk, attempts, estimates, allowance)


def build_app(settings: IngestSettings) -> FastAPI:
    """The HTTP application. It serves at once; readiness tells what is still missing."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = build(settings)
        parts = PartsInBackground(_parts(service))
        async with AsyncExitStack() as stack:
            await service.pool.start()
            stack.push_async_callback(service.pool.stop)
            parts.start()
            stack.push_async_callback(parts.stop)
            _mount(app, settings, service, parts)
            yield

    app = FastAPI(
        title="Feuilleton ingest",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(HTTPBearer(auto_error=False))],  # for its document alone: each route refuses by itself
    )
    app.state.waits = Waits(limit=settings.waits_limit, longest_seconds=settings.wait_limit_seconds)
    install_problems(app)
    app.add_middleware(RequestCounts)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[settings.public_status_url],
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
        allow_headers=["authorization", "content-type", "idempotency-key", "prefer", "traceparent"],
        expose_headers=["location", "retry-after", "preference-applied", "ratelimit", "ratelimit-policy"],
    )
    return app


def _parts(service: Ingest) -> list[Part]:
    return [
        service.database,
        service.publisher,
        service.control,
        service.ends,
        service.housekeeping,
        service.watch,
        service.sweeper,
        service.retention,
    ]


def _intake(settings: IngestSettings) -> Intake:
    return Intake(settings.upload_limit_bytes, settings.body_idle_seconds, asyncio.Semaphore(settings.uploads_at_once))


def _mount(app: FastAPI, settings: IngestSettings, service: Ingest, parts: PartsInBackground) -> None:
    auth = BearerAuth(settings.api_key, ApiKeys(PostgresKeys(service.database)), tokens_of(settings))
    answers = Answers(app.state.waits, EndWatch(PostgresEnds(service.database)))
    identity = PostgresIdentity(service.database)
    app.include_router(key_router(KeyDesk(identity), auth))
    app.include_router(tenant_router(identity, auth))
    app.include_router(attempt_router(service.attempts, answers, auth))
    app.include_router(copy_router(CopyDesk(service.desk), answers, auth))
    app.include_router(credit_router(service.desk.accounts, service.allowance, auth))
    uploads, estimates = _intake(settings), _intake(settings)
    app.include_router(estimate_router(service.estimates, auth, estimates))
    app.include_router(upload_router(service.desk, answers, auth, uploads))
    app.include_router(compat_router(CompatDesk(service.desk, service.estimates, uploads, estimates, answers), auth))
    checks = {
        "postgres": service.database.check,
        "api_keys": auth.check,
        "kafka": service.publisher.check,
        "object_store": service.desk.store.check,
        "control_log": parts.check,
    }
    install_probes(app, checks)
