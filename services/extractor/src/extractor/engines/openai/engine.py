"""The rewriting engine over any server that speaks OpenAI's chat completions (vLLM, Ollama, llama.cpp)."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
import structlog

from extractor.engines.failures import retry_after_seconds
from extractor.engines.openai import answer
from extractor.engines.openai.dialect import PROMPT_VERSION, Dialect
from extractor.engines.port import PageAnswer, PageRequest, RewriteAnswer, RewriteRequest
from extractor.engines.pricing import priced
from extractor.page_reading.port import NoPageReader, PageReader
from feuilleton.contracts.errors import PipelineError, TransientError
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.models import ModelTerms, terms_of

CONNECT_SECONDS = 10.0
_HTTP_OK = 200
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OpenAIOptions:
    """`base_url` is what stands before `/chat/completions`, with its `/v1`. `timeout_seconds` is for a whole call,
    not for one read. `connections` bounds the pool. `terms` adds rows to the price table; without one a model is free.
    """

    base_url: str
    api_key: str = ""
    timeout_seconds: float = 300.0
    connections: int = 64
    terms: Mapping[str, ModelTerms] = field(default_factory=dict)


class OpenAIEngine:
    """One answer for each `rewrite`; what failed is not tried again in here. Only a request that the server refuses
    to take as it is written is written in a simpler form, at no cost, and that form kept for the calls to come.
    Safe for hundreds of concurrent calls in one event loop.
    """

    name = Engine.OPENAI
    prompt_version = PROMPT_VERSION

    def __init__(self, options: OpenAIOptions, *, pages: PageReader | None = None) -> None:
        """Opens no connection yet. `pages` reads what has no text; it stays the caller's to stop."""
        self._options = options
        self._pages = pages or NoPageReader()
        self._dialect = Dialect()
        self._url = f"{options.base_url.rstrip('/')}/chat/completions"
        self._http = httpx2.AsyncClient(
            headers={"authorization": f"Bearer {options.api_key}"} if options.api_key else {},
            limits=httpx2.Limits(max_connections=options.connections, max_keepalive_connections=options.connections),
            timeout=httpx2.Timeout(options.timeout_seconds, connect=CONNECT_SECONDS),
            trust_env=False,  # a book must not go through a proxy that nobody named here
        )

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        started = time.monotonic()
        completion = answer.parse_completion(await self._answer(request))
        usage = answer.usage_of(completion, time.monotonic() - started)
        usage = priced(usage, terms_of(request.model, self._options.terms))
        return RewriteAnswer(cards=answer.read_cards(completion, usage), usage=usage)

    async def read_page(self, request: PageRequest) -> PageAnswer:
        """As the page reader does it; without one UnreadablePageError (`page_needs_ocr`)."""
        return await self._pages.read(request)

    def other_model(self, model: str) -> str | None:
        return terms_of(model, self._options.terms).other

    async def close(self) -> None:
        await self._http.aclose()

    async def _answer(self, request: RewriteRequest) -> bytes:
        """The body of an answer of 200, in the first form that the server takes."""
        dialect = self._dialect
        while True:
            outcome = await self._try(request, dialect)
            if isinstance(outcome, PipelineError):
                # Raised out here, without a cause: the client's exception holds the request, and with it the key.
                raise outcome
            if outcome.status_code == _HTTP_OK:
                self._keep(dialect)
                return outcome.content
            simpler = dialect.simpler(outcome.status_code, outcome.text)
            if simpler is None:
                raise self._refusal(outcome)
            dialect = simpler

    async def _try(self, request: RewriteRequest, dialect: Dialect) -> httpx2.Response | PipelineError:
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                return await self._http.post(self._url, json=dialect.body(request))
        except TimeoutError:
            return TransientError("no answer in time", code="model_timeout")
        except httpx2.TransportError as exc:
            return TransientError(f"connection: {type(exc).__name__}", code="model_unavailable")

    def _keep(self, dialect: Dialect) -> None:
        if dialect != self._dialect:
            self._dialect = dialect
            log.info("model_server_form_found", form=dialect.form, limit_field=dialect.limit_field)

    def _refusal(self, response: httpx2.Response) -> PipelineError:
        wait = retry_after_seconds(response.headers)
        return answer.refusal_of(response.status_code, response.text, secret=self._options.api_key, wait_seconds=wait)
