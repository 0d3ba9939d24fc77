"""Builds the merger. Nothing else constructs an adapter."""

from feuilleton.contracts.topics import CHUNK_RESULTS, JOB_CONTROL
from feuilleton.storage.objects import open_store
from feuilleton.streaming.control import ControlLog
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.faust_worker import (
    PATIENCE_SECONDS,
    FaustWorker,
    add_agent,
    build_app,
    forget_in_rebalances,
)
from feuilleton.streaming.kafka import KafkaPublisher
from feuilleton.streaming.runner import MessageRunner
from merger.fan_in import FanInCache
from merger.handler import SERVICE, Merger
from merger.messages import CommandMessages, ResultMessages
from merger.settings import Settings


def build_worker(settings: Settings) -> FaustWorker:
    """Inside a running loop.

    Both topics have as many partitions, and each member subscribes to both, so one member owns all of a job.
    """
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_prefix
    store = open_store(settings.object_store_url)
    publisher = KafkaPublisher(bootstrap, client_id=SERVICE, prefix=prefix)
    control = ControlLog(bootstrap, prefix=prefix)
    cache = FanInCache(settings.merger_cached_chunks)
    merger = Merger(store, publisher, control.commands, cache)
    letters = DeadLetters(publisher, service=SERVICE)
    app = build_app(SERVICE, bootstrap=bootstrap, prefix=prefix)
    forget_in_rebalances(app, cache.clear)
    results = MessageRunner(ResultMessages(merger), letters, patience_seconds=PATIENCE_SECONDS)
    commands = MessageRunner(CommandMessages(merger), letters, patience_seconds=PATIENCE_SECONDS)
    add_agent(app, [CHUNK_RESULTS], results, prefix=prefix)
    add_agent(app, [JOB_CONTROL], commands, prefix=prefix)
    return FaustWorker(
        app,
        parts=[publisher, control],
        checks={"broker": publisher.check, "object_store": store.check},
        host=settings.http_host,
        port=settings.http_port,
    )
