"""Builds the splitter. Nothing else constructs an adapter."""

from feuilleton.contracts.topics import UPLOADS
from feuilleton.processes.pool import IsolatedPool, Limits
from feuilleton.storage.objects import open_store
from feuilleton.streaming.control import ControlLog
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.faust_worker import PATIENCE_SECONDS, FaustWorker, add_agent, build_app
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton.streaming.runner import MessageRunner
from splitter.book import BookSplitter
from splitter.handler import SERVICE, UploadMessages
from splitter.pdf_workers import PdfWorkers, StepSeconds
from splitter.settings import Settings
from splitter.warm_up import load_readers


def build_pool(settings: Settings) -> IsolatedPool:
    limits = Limits(
        workers=settings.splitter_workers,
        memory_bytes=settings.splitter_worker_memory_bytes,
        max_tasks=settings.splitter_worker_tasks,
    )
    return IsolatedPool(limits, load_readers)


def build_worker(settings: Settings) -> FaustWorker:
    """Inside a running loop."""
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_prefix
    store = open_store(settings.object_store_url)
    publisher = KafkaPublisher(bootstrap, client_id=SERVICE, prefix=prefix)
    control = ControlLog(bootstrap, prefix=prefix)
    pool = build_pool(settings)
    books = BookSplitter(
        store,
        PdfWorkers(pool, settings.read_limits, StepSeconds()),
        limit_seconds=settings.splitter_book_seconds,
        work_folder=settings.splitter_work_folder,
    )
    handler = UploadMessages(store, publisher, control.commands, books)
    runner = MessageRunner(handler, DeadLetters(publisher, service=SERVICE), patience_seconds=PATIENCE_SECONDS)
    app = build_app(SERVICE, bootstrap=bootstrap, prefix=prefix)
    add_agent(app, [UPLOADS], runner, prefix=prefix)
    return FaustWorker(
        app,
        parts=[publisher, control, pool],
        checks={"broker": publisher.check, "object_store": store.check},
        host=settings.http_host,
        port=settings.http_port,
    )
