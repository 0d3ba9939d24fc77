"""One chunk from its sentences to its checkpoint, with any engine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from extractor.card_parsing import CardParser
from extractor.engines.port import (
    BadAnswerError,
    ModelRefusalError,
    PageRequest,
    RewriteAnswer,
    RewriteEngine,
    RewriteRequest,
    UnreadablePageError,
)
from extractor.judging import Judge, Rules
from extractor.lexicon import Lexicon, french
from extractor.page_reading.halves import cut_by_page
from extractor.planning import Plan
from extractor.repairs import Ask, AskQueue, Failure, RepairLimits
from extractor.tally import BAD_ANSWER, REFUSED, Tally
from feuilleton.contracts.documents import Checkpoint, SourceSentence, Usage
from feuilleton.contracts.errors import PipelineError
from feuilleton.contracts.events import ChunkSubmitted
from feuilleton.contracts.ids import SentenceId, image_sentence_id
from feuilleton.contracts.job_settings import Engine
from feuilleton.french.cleaning import clean_text
from feuilleton.observability import metrics

PAGE_TRIES = 3  # calls to read one page, when the answers are not in the agreed form
# A repair shows fewer neighbours each time: they cost tokens, and a refusal may be theirs.
REPAIR_NEIGHBOURS = 3
MIN_UNANSWERED = 5  # fewer sentences without any answer may be their own fault


class NoUsableAnswerError(PipelineError):
    """The model answered, again and again, and nothing could be used. The chunk fails: a new attempt may do."""

    code = "no_usable_answer"


class PageMissingError(PipelineError):
    """A page chunk came without its page."""

    code = "page_missing"


@dataclass
class _Work:
    """The state of a chunk whose sentences are known. `place` orders them; `answer` is paid for and not yet judged."""

    sentences: tuple[SourceSentence, ...]
    plan: Plan
    rules: Rules
    queue: AskQueue
    tally: Tally
    place: Mapping[SentenceId, int]
    answer: RewriteAnswer | None = None


class Extraction:
    """The work on one chunk. After a TransientError (or a cancelled call) `run` goes on where it stopped: what was
    answered is kept, only the call that failed is made again. One `run` at a time.
    """

    def __init__(
        self,
        chunk: ChunkSubmitted,
        engine: RewriteEngine,
        page_pdf: bytes | None = None,
        *,
        limits: RepairLimits | None = None,
        lexicon: Lexicon | None = None,
        parser: CardParser | None = None,
    ) -> None:
        """`page_pdf` is the page of a page chunk. `limits` defaults to what fits the engine, `lexicon` to the
        installed one; without `parser`, cards that the rules leave undecided pass.
        """
        self._chunk = chunk
        self._engine = engine
        self._page_pdf = page_pdf
        self._limits = limits or RepairLimits.of(engine.name)
        self._judge = Judge(lexicon or french(), parser)
        self._other_model = engine.other_model(chunk.model)
        self._page_tries = 0
        self._work: _Work | None = None
        self.usage = Usage()

    async def run(self) -> Checkpoint:
        """The checkpoint, in which every sentence is represented or dropped with a reason.

        Raises TransientError and QuotaExceededError (call again later), and other PipelineErrors when the chunk
        has failed for good.
        """
        if self._work is None:
            self._work = await self._plan(await self._sentences())
        work = self._work
        while (ask := work.queue.next) is not None:
            await self._ask(ask, work)
        if len(work.plan.wanted) >= MIN_UNANSWERED and work.tally.nothing_usable():
            raise NoUsableAnswerError(f"{len(work.plan.wanted)} sentences without an answer")
        checkpoint = await self._checkpoint(work)
        _count(checkpoint)
        return checkpoint

    async def _sentences(self) -> tuple[SourceSentence, ...]:
        """Those of the message. A page is read first, and what the message holds (a text layer of bad OCR) stands
        in where no engine can read it.
        """
        chunk = self._chunk
        if chunk.page_key is None:
            return chunk.sentences
        if self._page_pdf is None:
            raise PageMissingError(chunk.page_key)
        try:
            return await self._read_page(self._page_pdf) or chunk.sentences
        except (UnreadablePageError, ModelRefusalError, BadAnswerError):
            if not chunk.sentences:
                raise
            return chunk.sentences

    async def _read_page(self, pdf: bytes) -> tuple[SourceSentence, ...]:
        chunk = self._chunk
        request = PageRequest(pdf, chunk.pages[0], chunk.model)
        while True:
            try:
                answer = await self._engine.read_page(request)
            except (ModelRefusalError, BadAnswerError) as exc:
                self._page_tries += 1
                self._pay(exc.usage, repair=self._page_tries > 1, billed=False)
                if isinstance(exc, ModelRefusalError) or self._page_tries >= PAGE_TRIES:
                    raise
            else:
                self._pay(answer.usage, repair=self._page_tries > 0, billed=self._page_tries == 0)
                return _page_sentences(answer.sentences, chunk)

    async def _plan(self, sentences: tuple[SourceSentence, ...]) -> _Work:
        chunk = self._chunk
        is_model = self._engine.name is not Engine.LOCAL
        halves = cut_by_page(sentences, chunk.chunk_kind)
        cut = {half.source_id for half in halves}
        whole = tuple(sentence for sentence in sentences if sentence.id not in cut)
        plan, rules = await self._judge.plan(whole, chunk.settings, before=chunk.before, rewrites_short=is_model)
        plan = replace(plan, dropped=(*plan.dropped, *halves))
        place = {sentence.id: index for index, sentence in enumerate(sentences)}
        queue = AskQueue(plan.wanted, self._limits, has_other_model=self._other_model is not None)
        return _Work(sentences, plan, rules, queue, Tally(plan.wanted), place)

    async def _ask(self, ask: Ask, work: _Work) -> None:
        """One call. An error that the caller may try again leaves the queue as it was."""
        failure = Failure.FAULT
        try:
            answer = work.answer or await self._engine.rewrite(self._request(ask, work))
        except ModelRefusalError as exc:
            self._pay(exc.usage, repair=ask.round > 0, billed=False)
            failing = work.tally.fail(ask, REFUSED, exc.code)
            failure = Failure.REFUSAL
        except BadAnswerError as exc:
            self._pay(exc.usage, repair=ask.round > 0, billed=False)
            failing = work.tally.fail(ask, BAD_ANSWER, exc.detail)
        except PipelineError as exc:
            if exc.retryable or not ask.other_model:
                raise
            failing = ask.wanted  # a second model that is not there says nothing new of the sentence
        else:
            work.answer = answer
            judged = await self._judge.judge(work.tally.known_drafts(ask, answer), work.rules)
            work.answer = None
            failing = work.tally.take(ask, answer, judged)
            useful = len(failing) < len(ask.wanted)
            self._pay(answer.usage, repair=ask.round > 0, billed=useful and ask.round == 0)
        # What may stay as the author wrote it is not worth a second call.
        spare = {card.source_id for card in work.plan.spares}
        work.queue.answered([sentence for sentence in failing if sentence not in spare], failure)

    def _request(self, ask: Ask, work: _Work) -> RewriteRequest:
        shown, before = work.sentences, self._chunk.before
        if ask.round > 0:
            shown, before = _neighbourhood(work, ask, before)
        return RewriteRequest(
            sentences=shown,
            wanted=ask.wanted,
            before=before,
            settings=self._chunk.settings,
            model=(self._other_model if ask.other_model else None) or self._chunk.model,
            repair_round=ask.round,
            after_refusal=ask.after_refusal,
            faults=work.tally.faults(ask.wanted),
        )

    def _pay(self, usage: Usage, *, repair: bool, billed: bool) -> None:
        """Repairs and answers without use are ours to pay."""
        self.usage += usage.model_copy(
            update={"billed_tokens": usage.tokens if billed else 0, "repairs": usage.calls if repair else 0}
        )

    async def _checkpoint(self, work: _Work) -> Checkpoint:
        chunk = self._chunk
        failed = {each.source_id for each in work.tally.dropped()}
        spares = {card.source_id: card for card in work.plan.spares if card.source_id in failed}
        unsorted = (*work.plan.cards, *work.tally.cards(), *spares.values())
        cards = tuple(sorted(unsorted, key=lambda card: work.place[card.source_id]))
        dropped = (*work.plan.dropped, *(each for each in work.tally.dropped() if each.source_id not in spares))
        quality = await self._judge.count(cards, dropped, work.sentences, chunk.settings, before=chunk.before)
        return Checkpoint(
            job=chunk.job,
            index=chunk.index,
            text_hash=chunk.text_hash,
            attempt=chunk.attempt,
            engine=chunk.engine,
            model=chunk.model,
            prompt_version=self._engine.prompt_version,
            cards=cards,
            dropped=tuple(sorted(dropped, key=lambda each: work.place[each.source_id])),
            sentences=() if chunk.page_key is None else work.sentences,
            verdicts=dict(sorted(work.tally.verdicts.items())),
            quality=quality,
            usage=self.usage,
        )


async def extract_chunk(
    chunk: ChunkSubmitted, engine: RewriteEngine, page_pdf: bytes | None = None, limits: RepairLimits | None = None
) -> Checkpoint:
    """One chunk in one go, for callers that do not try again. Raises as `Extraction.run`."""
    return await Extraction(chunk, engine, page_pdf, limits=limits).run()


def _count(checkpoint: Checkpoint) -> None:
    for card in checkpoint.cards:
        metrics.CARDS.labels(checkpoint.engine, card.method).inc()
    for verdict, number in checkpoint.verdicts.items():
        metrics.VERDICTS.labels(verdict).inc(number)


def _neighbourhood(work: _Work, ask: Ask, chunk_before: str) -> tuple[tuple[SourceSentence, ...], str]:
    """The asked sentences with a few around them, and the sentence ahead of the first."""
    reach = max(0, REPAIR_NEIGHBOURS - ask.round)
    places = [work.place[sentence] for sentence in ask.wanted]
    near = {place + step for place in places for step in range(-reach, reach + 1)}
    shown = tuple(sentence for place, sentence in enumerate(work.sentences) if place in near)
    first = work.place[shown[0].id]
    if reach == 0:
        return shown, ""
    return shown, work.sentences[first - 1].text if first else chunk_before


def _page_sentences(read: Iterable[tuple[str, bool]], chunk: ChunkSubmitted) -> tuple[SourceSentence, ...]:
    """A page of its own has no known paragraphs: each sentence is one, so that none is joined with its neighbour."""
    page = chunk.pages[0]
    as_printed = chunk.settings.preserve_formatting
    texts = [(clean_text(text, preserve_formatting=as_printed), dialogue) for text, dialogue in read]
    return tuple(
        SourceSentence(
            id=image_sentence_id(page, number),
            text=text,
            page=page,
            chapter=chunk.chapter,
            paragraph=number,
            dialogue=dialogue,
        )
        for number, (text, dialogue) in enumerate(texts)
        if text
    )
