"""The engine behind the port: hands wanted sentences to worker processes and turns their cuts into drafts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from extractor.card_parsing import CardParser
from extractor.engines.local.card_parser import PooledCardParser
from extractor.engines.local.cards import Card
from extractor.engines.local.confidence import trained_model
from extractor.engines.local.worker import CutSource, cut_sources, load_models
from extractor.engines.port import PageAnswer, PageRequest, RewriteAnswer, RewriteRequest
from extractor.page_reading.port import NoPageReader, PageReader
from feuilleton.contracts.documents import CardDraft, CardMethod, DroppedSentence, SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import Engine, JobSettings
from feuilleton.contracts.text import count_words
from feuilleton.processes.pool import IsolatedPool, Limits, WorkerDiedError, WorkerTimeoutError

RULES_VERSION = "local-15"
_MAX_TRIES_ALONE = 3
_DEATHS = (WorkerDiedError, WorkerTimeoutError, MemoryError)

CutFunction = Callable[[Sequence[tuple[str, str]], int, int], list[CutSource]]


@dataclass(frozen=True)
class LocalOptions:
    """`workers` processes, each one core and 0.6 GB at work; `memory_bytes` bounds the address space of one.
    `tasks_per_worker`: then it is replaced, because spaCy keeps every word it has seen. `timeout_seconds` is for
    one chunk of about 1,000 words (half a second on a free core).
    """

    workers: int = 1
    memory_bytes: int = 2 * 1024**3
    tasks_per_worker: int = 2000
    timeout_seconds: float = 60.0


class LocalEngine:
    """Cards without a network: same sentence, same settings, same version give the same cards.

    Holds no model itself: `start` loads them in worker processes (about 5 s), `close` ends those.
    """

    name = Engine.LOCAL
    prompt_version = RULES_VERSION

    def __init__(
        self,
        options: LocalOptions | None = None,
        *,
        cut: CutFunction = cut_sources,
        load: Callable[[], None] = load_models,
        pages: PageReader | None = None,
    ) -> None:
        """`cut` and `load` run in the worker processes, so they are module-level functions. `pages` reads what has
        no text; it stays the caller's to stop.
        """
        self._options = options or LocalOptions()
        self._cut_sources = cut
        self._pages = pages or NoPageReader()
        limits = Limits(self._options.workers, self._options.memory_bytes, self._options.tasks_per_worker)
        self._pool = IsolatedPool(limits, load)

    async def start(self) -> None:
        """Return when the models are loaded; without it the first call waits for them."""
        await self._pool.start()

    @property
    def card_parser(self) -> CardParser:
        """On the workers of this engine."""
        return PooledCardParser(self._pool)

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        """Never misses an id: each wanted sentence has cards or is declined (`needs_model`, `too_short`, or
        `parser_died` when three workers died of it alone).
        """
        wanted = _wanted(request)
        limit, least = request.settings.sentence_length_limit, request.settings.min_sentence_length
        long = [one for one in wanted if count_words(one.text) > limit]
        cuts = {cut.source_id: cut for cut in await self._cut([(s.id, s.text) for s in long], least, limit)}
        cards: list[CardDraft] = []
        declined: list[DroppedSentence] = []
        for sentence in wanted:
            drafts, dropped = self._answer(sentence, cuts.get(sentence.id), request.settings)
            cards.extend(drafts)
            declined.extend(dropped)
        return RewriteAnswer(tuple(cards), tuple(declined))

    async def read_page(self, request: PageRequest) -> PageAnswer:
        """As the page reader does it; without one UnreadablePageError (`page_needs_ocr`)."""
        return await self._pages.read(request)

    def other_model(self, model: str) -> str | None:  # noqa: ARG002  (the port's shape)
        return None

    async def close(self) -> None:
        await self._pool.stop()

    def _answer(
        self, sentence: SourceSentence, cut: CutSource | None, settings: JobSettings
    ) -> tuple[Sequence[CardDraft], Sequence[DroppedSentence]]:
        words = count_words(sentence.text)
        if words < settings.min_sentence_length:
            return (), (DroppedSentence(source_id=sentence.id, reason="too_short"),)
        if words <= settings.sentence_length_limit:
            return (CardDraft(source_id=sentence.id, text=sentence.text, method=CardMethod.VERBATIM),), ()
        if cut is None:
            return (), (DroppedSentence(source_id=sentence.id, reason="parser_died"),)
        model = trained_model()
        sure = [card for card in cut.cards if model.passes(card.confidence, card.flags, settings.confidence)]
        if not sure:
            return (), (DroppedSentence(source_id=sentence.id, reason="needs_model"),)
        return tuple(_draft(sentence.id, card) for card in sure), ()

    async def _cut(self, sources: Sequence[tuple[str, str]], least: int, limit: int) -> list[CutSource]:
        """All at once; if that kills or hangs the worker, one at a time, so that one sentence costs only itself.

        Raises WorkerDiedError when not one of several sentences passed: then it is not the text's fault.
        """
        if not sources:
            return []
        try:
            return await self._run(sources, least, limit)
        except _DEATHS as exc:
            alone = [await self._cut_alone(source, least, limit) for source in sources]
            alive = [cut for cut in alone if cut is not None]
            if len(sources) > 1 and not alive:
                raise WorkerDiedError("the parser died of every sentence of a chunk") from exc
            return alive

    async def _cut_alone(self, source: tuple[str, str], least: int, limit: int) -> CutSource | None:
        for _ in range(_MAX_TRIES_ALONE):
            try:
                return (await self._run([source], least, limit))[0]
            except _DEATHS:
                continue
        return None

    async def _run(self, sources: Sequence[tuple[str, str]], least: int, limit: int) -> list[CutSource]:
        seconds = self._options.timeout_seconds
        running = self._pool.run(self._cut_sources, sources, least, limit, timeout_seconds=seconds)
        # Cancelling the pool's task kills its process; a new one takes 5 s to load, the rest of this chunk half a one.
        return await asyncio.shield(running)


def _wanted(request: RewriteRequest) -> list[SourceSentence]:
    ids = frozenset(request.wanted)
    return [sentence for sentence in request.sentences if sentence.id in ids]


def _draft(source_id: SentenceId, card: Card) -> CardDraft:
    return CardDraft(
        source_id=source_id,
        text=card.text,
        method=CardMethod.CUT,
        flags=card.flags,
        confidence=card.confidence,
    )
