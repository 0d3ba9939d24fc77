"""The rewriting engine over Google's Gemini API."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx2
from google import genai
from google.genai import errors, types
from pydantic import ValidationError

from extractor.engines.gemini import answer, prompt
from extractor.engines.gemini.failures import translate
from extractor.engines.port import (
    BadAnswerError,
    PageAnswer,
    PageRequest,
    RewriteAnswer,
    RewriteRequest,
)
from extractor.engines.pricing import priced
from feuilleton.contracts.documents import Usage
from feuilleton.contracts.errors import PipelineError, TransientError
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.models import ModelTerms, terms_of

CONNECT_SECONDS = 10.0


@dataclass(frozen=True)
class GeminiOptions:
    """`base_url` None is Google's own address. `timeout_seconds` is for a whole call, not for one read.
    `connections` bounds the pool; more calls than that wait inside the client. `terms` changes rows of the price table.
    """

    timeout_seconds: float = 120.0
    base_url: str | None = None
    connections: int = 1000
    terms: Mapping[str, ModelTerms] = field(default_factory=dict)


class GeminiEngine:
    """One call for each `rewrite` or `read_page`: nothing is tried again in here, so that the caller, which
    owns backoff and budget, sees every failure. Safe for hundreds of concurrent calls in one event loop.
    """

    name = Engine.GEMINI
    prompt_version = prompt.PROMPT_VERSION

    def __init__(self, api_key: str, options: GeminiOptions | None = None) -> None:
        """Raises ValueError for an empty key. Opens no connection yet."""
        if not api_key:
            raise ValueError("the Gemini engine needs an API key")
        self._api_key = api_key
        self._options = options or GeminiOptions()
        self._http = _http_client(self._options)
        self._client = _genai_client(api_key, self._options, self._http)

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        content = types.Content(role="user", parts=prompt.user_parts(request))
        response, usage = await self._call(request.model, content, prompt.rewrite_config(request))
        return RewriteAnswer(cards=answer.read_cards(response, usage), usage=usage)

    async def read_page(self, request: PageRequest) -> PageAnswer:
        parts = [
            types.Part.from_bytes(data=request.pdf, mime_type="application/pdf"),
            types.Part(text="Rends le texte de cette page."),
        ]
        content = types.Content(role="user", parts=parts)
        response, usage = await self._call(request.model, content, prompt.page_config(request.model))
        return PageAnswer(sentences=answer.read_sentences(response, usage), usage=usage)

    def other_model(self, model: str) -> str | None:
        return terms_of(model, self._options.terms).other

    async def close(self) -> None:
        await self._client.aio.aclose()
        await self._http.aclose()

    async def _call(
        self, model: str, content: types.Content, config: types.GenerateContentConfig
    ) -> tuple[types.GenerateContentResponse, Usage]:
        started = time.monotonic()
        outcome = await self._try(model, content, config)
        if isinstance(outcome, PipelineError):
            # Raised out here, without a cause: the client's exception holds the request, and with it the key.
            raise outcome
        usage = answer.usage_of(outcome, time.monotonic() - started)
        return outcome, priced(usage, terms_of(model, self._options.terms))

    async def _try(
        self, model: str, content: types.Content, config: types.GenerateContentConfig
    ) -> types.GenerateContentResponse | PipelineError:
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                return await self._client.aio.models.generate_content(model=model, contents=content, config=config)
        except errors.APIError as exc:
            return translate(exc, api_key=self._api_key)
        except TimeoutError:
            return TransientError("no answer in time", code="model_timeout")
        except httpx2.TransportError as exc:
            return TransientError(f"connection: {type(exc).__name__}", code="model_unavailable")
        except (json.JSONDecodeError, ValidationError, errors.UnknownApiResponseError):
            return BadAnswerError("an answer of 200 in no known form", usage=Usage(calls=1))


def _http_client(options: GeminiOptions) -> httpx2.AsyncClient:
    """Our own transport: where aiohttp happens to be installed google-genai prefers it, and then tries a failed
    connection a second time by itself, after a sleep of 1 to 10 s; and httpx's default pool holds only 100.
    """
    limits = httpx2.Limits(max_connections=options.connections, max_keepalive_connections=100)
    timeout = httpx2.Timeout(options.timeout_seconds, connect=CONNECT_SECONDS)
    return httpx2.AsyncClient(limits=limits, timeout=timeout)


def _genai_client(api_key: str, options: GeminiOptions, http: httpx2.AsyncClient) -> genai.Client:
    return genai.Client(
        vertexai=False,  # else GOOGLE_GENAI_USE_VERTEXAI in the environment would decide
        api_key=api_key,
        http_options=types.HttpOptions(
            base_url=options.base_url,
            timeout=round(options.timeout_seconds * 1000),
            httpx_async_client=http,
        ),
    )
