"""The engines that ask a model over HTTP, each with the fake that answers it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from extractor.engines.gemini import GeminiEngine, GeminiOptions
from extractor.engines.openai import OpenAIEngine, OpenAIOptions
from extractor.engines.port import RewriteEngine
from feuilleton.contracts.job_settings import Engine
from tests.fakes.gemini import FakeGemini
from tests.fakes.models.plan import Plan
from tests.fakes.models.server import FakeModel
from tests.fakes.openai import FakeOpenAI

KEY = "sk-0123456789-secret"


def gemini_at(url: str, timeout_seconds: float = 20) -> GeminiEngine:
    return GeminiEngine(KEY, GeminiOptions(base_url=url, timeout_seconds=timeout_seconds))


def openai_at(url: str, timeout_seconds: float = 20) -> OpenAIEngine:
    return OpenAIEngine(OpenAIOptions(f"{url}/v1", KEY, timeout_seconds=timeout_seconds))


ENGINES: dict[Engine, tuple[type[FakeModel], Callable[..., RewriteEngine]]] = {
    Engine.GEMINI: (FakeGemini, gemini_at),
    Engine.OPENAI: (FakeOpenAI, openai_at),
}


@asynccontextmanager
async def answered(kind: Engine, plan: Plan | None = None) -> AsyncIterator[tuple[FakeModel, RewriteEngine]]:
    """A server that behaves as planned, and an engine that asks it."""
    fake, engine_at = ENGINES[kind]
    async with fake(plan) as server:
        engine = engine_at(server.url)
        yield server, engine
        await engine.close()
