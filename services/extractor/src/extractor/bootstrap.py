"""Builds the extractor. Nothing else constructs an adapter."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from pydantic import SecretStr

from extractor.call_limits import AdaptiveLimit, CallLimit, FixedLimit
from extractor.card_parsing import CardParser, NoCardParser
from extractor.consumer import ChunkConsumer, GroupTiming
from extractor.dispatcher import Dispatcher
from extractor.engines.gemini.engine import GeminiEngine, GeminiOptions
from extractor.engines.local.engine import LocalEngine, LocalOptions
from extractor.engines.openai.engine import OpenAIEngine, OpenAIOptions
from extractor.engines.port import RewriteEngine
from extractor.extraction import Extraction
from extractor.gate import AnswerGuard, Freshness, GatedEngine
from extractor.handler import SERVICE, ChunkHandler, StartExtraction, Tools
from extractor.lexicon import french
from extractor.page_reading.port import NoPageReader, PageReader
from extractor.page_reading.reader import TesseractReader
from extractor.page_reading.tesseract import find_tesseract
from extractor.patience import RetryPolicy
from extractor.settings import Ocr, Settings
from extractor.window import Window
from extractor.worker import ExtractorWorker
from feuilleton.contracts.job_settings import Engine
from feuilleton.storage.objects import open_store
from feuilleton.streaming.control import ControlLog
from feuilleton.streaming.dead_letter import DeadLetters
from feuilleton.streaming.kafka import KafkaPublisher

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LimitedEngine:
    """An engine, and how many calls to it may be in flight."""

    engine: RewriteEngine
    limit: CallLimit


class EnginePart:
    """The local engine as a part of the worker: its models are loaded before the first message."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine

    async def start(self) -> None:
        await self._engine.start()

    async def stop(self) -> None:
        await self._engine.close()


def page_reader(settings: Settings) -> PageReader:
    """What reads pages for engines that cannot see, as far as it is installed."""
    tesseract = find_tesseract(settings.tessdata_prefix) if settings.ocr is Ocr.AUTO else None
    log.info("page_reader_chosen", reader="none" if tesseract is None else "tesseract")
    return NoPageReader() if tesseract is None else TesseractReader(tesseract, pages_at_once=settings.ocr_pages)


def configured_engines(settings: Settings, pages: PageReader) -> dict[Engine, LimitedEngine]:
    """The engines that the settings switch on. Raises LexiconMissingError when the installation is broken."""
    french()  # every extraction reads it: better no start than each chunk failing
    engines: dict[Engine, LimitedEngine] = {}
    if settings.local_workers:
        options = LocalOptions(settings.local_workers, settings.local_worker_memory_bytes)
        # One more than there are workers, so that none waits while a checkpoint is written.
        local = LocalEngine(options, pages=pages)
        engines[Engine.LOCAL] = LimitedEngine(local, FixedLimit(settings.local_workers + 1))
    if settings.gemini_api_key is not None:
        gemini = _gemini(settings, settings.gemini_api_key)
        engines[Engine.GEMINI] = LimitedEngine(gemini, AdaptiveLimit(settings.gemini_calls))
    if settings.openai_base_url is not None:
        openai = _openai(settings, settings.openai_base_url, pages)
        engines[Engine.OPENAI] = LimitedEngine(openai, AdaptiveLimit(settings.openai_calls))
    return engines


def _gemini(settings: Settings, key: SecretStr) -> GeminiEngine:
    options = GeminiOptions(
        timeout_seconds=settings.gemini_timeout_seconds,
        base_url=settings.gemini_base_url,
        connections=settings.gemini_calls,
        terms=settings.model_terms,
    )
    return GeminiEngine(key.get_secret_value(), options)


def _openai(settings: Settings, base_url: str, pages: PageReader) -> OpenAIEngine:
    key = settings.openai_api_key
    options = OpenAIOptions(
        base_url=base_url,
        api_key="" if key is None else key.get_secret_value(),
        timeout_seconds=settings.openai_timeout_seconds,
        connections=settings.openai_calls,
        terms=settings.model_terms,
    )
    return OpenAIEngine(options, pages=pages)


def _card_parser(engines: Mapping[Engine, LimitedEngine]) -> CardParser:
    """All engines' cards are parsed by the local engine's workers, if there are any."""
    local = (one.engine for one in engines.values() if isinstance(one.engine, LocalEngine))
    return next((engine.card_parser for engine in local), NoCardParser())


def build_worker(
    settings: Settings,
    *,
    engines: Mapping[Engine, LimitedEngine] | None = None,
    start_extraction: StartExtraction | None = None,
) -> ExtractorWorker:
    """Inside a running loop. `engines` replaces those that the settings would switch on."""
    pages = page_reader(settings)
    limited = configured_engines(settings, pages) if engines is None else engines
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_prefix
    store = open_store(settings.object_store_url)
    publisher = KafkaPublisher(bootstrap, client_id=SERVICE, prefix=prefix)
    control = ControlLog(bootstrap, prefix=prefix)
    membership = Freshness()
    guard = AnswerGuard((membership.age_seconds, control.seconds_since_answer), settings.session_seconds / 2)
    handler = ChunkHandler(
        Tools(
            store=store,
            publisher=publisher,
            engines={name: GatedEngine(one.engine, one.limit, guard) for name, one in limited.items()},
            start_extraction=start_extraction or partial(Extraction, parser=_card_parser(limited)),
            policy=RetryPolicy(deadline_seconds=settings.chunk_deadline_seconds),
        )
    )
    dispatcher = Dispatcher(
        handler,
        DeadLetters(publisher, service=SERVICE),
        control.commands,
        {name: one.limit for name, one in limited.items()},
        Window(settings.window_bytes),
        handover_seconds=settings.handover_seconds,
    )
    control.on_command(dispatcher.obey)
    timing = GroupTiming(session_seconds=settings.session_seconds)
    consumer = ChunkConsumer(bootstrap, prefix=prefix, dispatcher=dispatcher, timing=timing, membership=membership)
    local = [EnginePart(one.engine) for one in limited.values() if isinstance(one.engine, LocalEngine)]
    return ExtractorWorker(
        consumer, control, store, parts=[publisher, pages, *local], drain_seconds=settings.drain_seconds
    )
