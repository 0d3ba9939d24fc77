"""Builds the processes of status-api. Nothing else constructs an adapter."""

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from feuilleton.contracts.topics import JOB_EVENTS
from feuilleton.database.pool import Database
from feuilleton.http.auth import BearerAuth
from feuilleton.http.waiting import Waits
from feuilleton.identity.keys import ApiKeys
from feuilleton.identity.postgres import PostgresKeys
from feuilleton.identity.provider import tokens_of
from feuilleton.observability.health import Check, HealthServer, failing, frozen
from feuilleton.storage.objects import open_store
from feuilleton.streaming.closing import close_consumer
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.folding import FoldStore
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton.streaming.log_ends import KafkaLogEnds
from feuilleton.streaming.log_folding import LogFolder, make_consumer
from feuilleton.streaming.parts import Part, PartsInBackground
from feuilleton.streaming.read_barrier import ReadBarrier
from status_api.access import JobAccess
from status_api.adapters.postgres_names import PostgresNames
from status_api.adapters.postgres_reader import PostgresReader
from status_api.adapters.postgres_store import PostgresProjection
from status_api.adapters.postgres_webhook_fold import PostgresWebhookFold
from status_api.adapters.postgres_webhook_queue import PostgresWebhookQueue
from status_api.adapters.postgres_webhooks import PostgresWebhooks
from status_api.adapters.wakeups import PostgresWakeups
from status_api.card_pages import CardPages
from status_api.documents import StoredDocuments
from status_api.exports.building import Workshop
from status_api.exports.delivery import Deliveries
from status_api.exports.google_sheets import Google
from status_api.exports.sheets import SheetDeliveries
from status_api.parts import Parts
from status_api.queue import Queue
from status_api.routes.page import Page
from status_api.settings import ProjectorSettings, StatusApiSettings, WebhooksSettings
from status_api.stream import Slots
from status_api.vocabulary.reading import Vocabularies
from status_api.webhooks.backoff import Schedule
from status_api.webhooks.deliverer import Bounds, Deliverer
from status_api.webhooks.guard import Guard, SystemResolver
from status_api.webhooks.ports import DeliveryQueue
from status_api.webhooks.running import Housekeeping, Webhooks
from status_api.webhooks.sender import Limits, Sender
from status_api.webhooks.urls import WebhookRules

SERVICE = "status-api"
GROUP = "status-projector"
WEBHOOKS_GROUP = "status-webhooks"
log = structlog.get_logger(__name__)


@asynccontextmanager
async def api_parts(settings: StatusApiSettings) -> AsyncIterator[Parts]:
    """The API's parts, connected in the background: it starts with servers away and says so in /readyz."""
    async with AsyncExitStack() as stack:
        database = await _database(stack, settings.database_url.get_secret_value(), settings.database_connections)
        reader = PostgresReader(database)
        ends = KafkaLogEnds(settings.kafka_bootstrap_servers, client_id=SERVICE)
        publisher = _publisher(settings.kafka_bootstrap_servers, settings.kafka_prefix)
        wakeups = PostgresWakeups(settings.database_url.get_secret_value(), service=SERVICE)
        await wakeups.start()
        stack.push_async_callback(wakeups.stop)
        await _connect_in_background(stack, ends, publisher)
        barrier = ReadBarrier(
            reader,
            ends,
            topic=settings.kafka_prefix + JOB_EVENTS.name,
            deadline_seconds=settings.barrier_seconds,
        )
        store = open_store(settings.object_store_url)
        documents = StoredDocuments(store)
        workshop = Workshop(settings.exports_limit)
        deliveries = Deliveries(store, documents, workshop)
        yield Parts(
            auth=BearerAuth(settings.api_key, ApiKeys(PostgresKeys(database)), tokens_of(settings)),
            reader=reader,
            access=JobAccess(reader, barrier),
            names=PostgresNames(database),
            wakeups=wakeups,
            store=store,
            documents=documents,
            card_pages=CardPages(reader, store, documents),
            deliveries=deliveries,
            sheets=SheetDeliveries(Google(settings.google_api_url), deliveries, workshop),
            vocabularies=Vocabularies(deliveries),
            links_seconds=settings.links_seconds,
            publisher=publisher,
            streams=Slots(settings.streams_limit),
            queue=Queue(reader),
            waits=Waits(limit=settings.waits_limit, longest_seconds=settings.wait_limit_seconds),
            webhooks=PostgresWebhooks(database),
            webhook_rules=WebhookRules(
                settings.webhooks_limit, settings.webhook_plain_http, settings.webhook_permitted_networks
            ),
            page=Page(settings.public_ingest_url),
            heartbeat_seconds=settings.heartbeat_seconds,
            cancel_wait_seconds=settings.cancel_wait_seconds,
        )


@asynccontextmanager
async def projector(settings: ProjectorSettings, *, group: str = GROUP) -> AsyncIterator[LogFolder]:
    """A projector with its health server. `run` it inside. All of one `group` share the partitions."""
    async with AsyncExitStack() as stack:
        worker = await _worker(stack, settings)
        folder = worker.folder(PostgresProjection(worker.database), group=group, service=f"{SERVICE}-projector")
        await worker.answer_probes(lambda: folder.beat_at, PostgresReader(worker.database).check)
        yield folder


@asynccontextmanager
async def webhooks(settings: WebhooksSettings, *, group: str = WEBHOOKS_GROUP) -> AsyncIterator[Webhooks]:
    """The webhooks' loops with their health server. `run` it inside."""
    async with AsyncExitStack() as stack:
        worker = await _worker(stack, settings)
        rows = PostgresWebhookFold(worker.database, _now)
        folder = worker.folder(rows, group=group, service=f"{SERVICE}-webhooks")
        queue = PostgresWebhookQueue(worker.database)
        resolver = SystemResolver(settings.webhook_posts_at_once)
        stack.callback(resolver.stop)
        kept = timedelta(days=settings.webhook_log_days)
        built = Webhooks(folder, _deliverer(settings, queue, resolver), Housekeeping(queue, kept=kept, clock=_now))
        await worker.answer_probes(lambda: built.beat_at, queue.check)
        yield built


@dataclass(frozen=True)
class _Worker:
    """What the two processes that follow job-events are built on; `stack` ends it."""

    stack: AsyncExitStack
    settings: ProjectorSettings | WebhooksSettings
    database: Database
    publisher: KafkaPublisher

    def folder(self, rows: FoldStore, *, group: str, service: str) -> LogFolder:
        prefix = self.settings.kafka_prefix
        consumer = make_consumer(self.settings.kafka_bootstrap_servers, group=prefix + group)
        self.stack.push_async_callback(close_consumer, consumer)
        letters = DeadLetters(self.publisher, service=service)
        return LogFolder(consumer, rows, letters, topic=prefix + JOB_EVENTS.name, group=group)

    async def answer_probes(self, beat_at: Callable[[], float], database: Check) -> None:
        ready = failing({"kafka": self.publisher.check, "postgres": database})
        host, port = self.settings.http_host, self.settings.http_port
        health = HealthServer(host, port, live=frozen(beat_at), ready=ready)
        await health.start()
        self.stack.push_async_callback(health.stop)


async def _worker(stack: AsyncExitStack, settings: ProjectorSettings | WebhooksSettings) -> _Worker:
    database = await _database(stack, settings.database_url.get_secret_value(), settings.database_connections)
    publisher = _publisher(settings.kafka_bootstrap_servers, settings.kafka_prefix)
    await _connect_in_background(stack, publisher)
    return _Worker(stack, settings, database, publisher)


def _deliverer(settings: WebhooksSettings, queue: DeliveryQueue, resolver: SystemResolver) -> Deliverer:
    sender = Sender(
        Guard(resolver, permitted=settings.webhook_permitted_networks),
        limits=Limits(settings.webhook_connect_seconds, settings.webhook_timeout_seconds),
        plain_http=settings.webhook_plain_http,
    )
    schedule = Schedule(
        settings.webhook_first_gap_seconds, settings.webhook_longest_gap_seconds, settings.webhook_try_for_seconds
    )
    bounds = Bounds(
        at_once=settings.webhook_posts_at_once,
        per_endpoint=settings.webhook_posts_per_endpoint,
        per_tenant=settings.webhook_posts_per_tenant,
        lease_seconds=settings.webhook_lease_seconds,
        poll_seconds=settings.webhook_poll_seconds,
        drain_seconds=settings.webhook_timeout_seconds + 1,
    )
    return Deliverer(queue, sender, schedule, bounds, clock=_now, chance=random.random)


def _now() -> datetime:
    return datetime.now(UTC)


async def _database(stack: AsyncExitStack, url: str, connections: int) -> Database:
    database = Database(url, service=SERVICE, size=connections)
    await database.start()
    stack.push_async_callback(database.stop)
    return database


def _publisher(bootstrap: str, prefix: str) -> KafkaPublisher:
    return KafkaPublisher(bootstrap, client_id=SERVICE, prefix=prefix)


async def _connect_in_background(stack: AsyncExitStack, *needed: Part) -> None:
    parts = PartsInBackground(needed)
    parts.start()
    stack.push_async_callback(parts.stop)
