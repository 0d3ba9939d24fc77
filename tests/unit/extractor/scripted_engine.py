"""An engine that behaves as a test says, and builders for what it is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from extractor.engines.port import PageAnswer, PageRequest, RewriteAnswer, RewriteRequest
from feuilleton.contracts.documents import CardDraft, CardMethod, Checkpoint, ChunkKind, SourceSentence, Usage
from feuilleton.contracts.events import ChunkSubmitted
from feuilleton.contracts.ids import JobId, ObjectKey, SentenceId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings

CALL = Usage(prompt_tokens=100, output_tokens=20, calls=1)
Behaviour = Callable[[RewriteRequest], RewriteAnswer]


@dataclass
class ScriptedEngine:
    """Each call takes the next behaviour, the last one for ever. A behaviour answers or raises."""

    behaviours: Sequence[Behaviour]
    pages: Sequence[PageAnswer | Exception] = ()
    name: Engine = Engine.GEMINI
    prompt_version: str = "scripted-1"
    others: dict[str, str] = field(default_factory=dict)
    requests: list[RewriteRequest] = field(default_factory=list)
    page_requests: list[PageRequest] = field(default_factory=list)

    async def rewrite(self, request: RewriteRequest) -> RewriteAnswer:
        self.requests.append(request)
        return self.behaviours[min(len(self.requests), len(self.behaviours)) - 1](request)

    async def read_page(self, request: PageRequest) -> PageAnswer:
        self.page_requests.append(request)
        answer = self.pages[len(self.page_requests) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def other_model(self, model: str) -> str | None:
        return self.others.get(model)

    async def close(self) -> None:
        return


def raises(error: Exception) -> Behaviour:
    def behave(_: RewriteRequest) -> RewriteAnswer:
        raise error

    return behave


def answers(texts: dict[str, Sequence[str]]) -> Behaviour:
    """These cards, whatever was asked."""
    drafts = tuple(a_draft(sentence, text) for sentence, cards in texts.items() for text in cards)
    return lambda _: RewriteAnswer(cards=drafts, usage=CALL)


def well(request: RewriteRequest) -> RewriteAnswer:
    """A good card for each wanted sentence."""
    drafts = tuple(a_draft(sentence, good_card(request, sentence)) for sentence in request.wanted)
    return RewriteAnswer(cards=drafts, usage=CALL)


def good_card(request: RewriteRequest, sentence: SentenceId) -> str:
    first = next(each.text for each in request.sentences if each.id == sentence).split()[0]
    return f"C'est {first.lower()}."


def a_draft(sentence: str, text: str, **changes: object) -> CardDraft:
    draft = CardDraft(source_id=SentenceId(sentence), text=text, method=CardMethod.REWRITTEN)
    return draft.model_copy(update=changes)


def a_sentence(number: int, text: str, *, paragraph: int | None = None, dialogue: bool = False) -> SourceSentence:
    return SourceSentence(
        id=SentenceId(f"s{number:04d}"),
        text=text,
        page=1,
        paragraph=number if paragraph is None else paragraph,
        dialogue=dialogue,
    )


def a_long_sentence(number: int) -> SourceSentence:
    return a_sentence(number, f"Marin{number} monta sur le pont du navire avant que le jour ne parût enfin.")


def a_text_chunk(sentences: Sequence[SourceSentence], settings: JobSettings | None = None) -> ChunkSubmitted:
    return ChunkSubmitted(
        job=JobId("job-1"),
        tenant=TenantId("tenant-1"),
        index=3,
        total=9,
        chunk_kind=ChunkKind.TEXT,
        text_hash="hash-1",
        settings=settings or JobSettings(),
        engine=Engine.GEMINI,
        model="gemini-2.5-flash",
        pages=(1,),
        sentences=tuple(sentences),
        before="La nuit finissait.",
    )


def a_page_chunk() -> ChunkSubmitted:
    changes = {"chunk_kind": ChunkKind.PAGE, "page_key": ObjectKey("pages/12.pdf"), "pages": (12,), "chapter": 2}
    return a_text_chunk(()).model_copy(update=changes)


def represented(checkpoint: Checkpoint) -> list[str]:
    return [sentence for card in checkpoint.cards for sentence in (card.source_id, *card.also)]


def listed(checkpoint: Checkpoint) -> list[str]:
    return [each.source_id for each in checkpoint.dropped]


REQUEST_TEXTS = (
    "La pluie tombait.",
    "Le vieux notaire ferma la porte de son étude, et il descendit lentement la rue qui menait au port.",
    "— Venez-vous ? dit-elle.",
    "Quand la nuit fut venue, les pêcheurs rentrèrent, et leurs femmes les attendaient sur le quai mouillé.",
    "Il pensait à la mer ; il y pensait chaque soir, depuis que son frère avait quitté la maison.",
)
_WANTED = (1, 3, 4)


def a_rewrite_request(settings: JobSettings | None = None) -> RewriteRequest:
    sentences = tuple(
        SourceSentence(id=SentenceId(f"s{number:04d}"), text=text, page=1, paragraph=number)
        for number, text in enumerate(REQUEST_TEXTS)
    )
    return RewriteRequest(
        sentences=sentences,
        wanted=tuple(sentences[number].id for number in _WANTED),
        before="Le soir venait.",
        settings=settings or JobSettings(),
        model="gemini-2.5-flash",
    )
