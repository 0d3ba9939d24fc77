"""The figures of cards, by novel and by what made them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval import cache
from eval.baselines import Cut, at_commas, every_limit_words
from eval.engine import extract_all
from eval.judges import MODELS, judge
from extractor.engines.port import RewriteEngine
from extractor.figures import count_figures
from extractor.lexicon import french
from extractor.planning import FRAGMENT
from feuilleton.contracts.documents import CardDraft, CardMethod, Checkpoint, SourceSentence
from feuilleton.contracts.job_settings import Confidence, JobSettings
from feuilleton.contracts.quality import QualityCounts, total_of
from feuilleton.contracts.text import count_words

CHUNK_WORDS = 1_000
JUDGED_CARDS = 1_000  # of each maker in each novel, spread over the sample
BOOK = "the author's own short sentences"
BASELINES: Mapping[str, Cut] = {"cut every 8 words": every_limit_words, "cut at commas": at_commas}
ENGINES = {f"local, {confidence}": confidence for confidence in Confidence}
_MADE = frozenset({CardMethod.CUT, CardMethod.REWRITTEN})


@dataclass(frozen=True)
class Piece:
    """A run of whole paragraphs of about 1,000 words. `before`: the sentence ahead of it, or empty."""

    sentences: tuple[SourceSentence, ...]
    before: str


@dataclass(frozen=True)
class Judged:
    """How many of the `asked` cards the judge takes for a sentence."""

    passed: int
    asked: int


@dataclass(frozen=True)
class Made:
    """What one maker made of the sample of one novel: its counts, and what each judge says, by model."""

    counts: QualityCounts
    judged: Mapping[str, Judged]


def sample(sentences: Sequence[SourceSentence], every: int) -> tuple[Piece, ...]:
    """Every `every`-th piece of a novel, from the first."""
    return tuple(_pieces(sentences))[::every]


async def figures_of(novel: str, pieces: Sequence[Piece], engine: RewriteEngine) -> dict[str, Made]:
    """Makers in the order of the table: the engine's settings, the baselines, and the book itself as a yardstick."""
    settings = JobSettings()
    made: dict[str, Made] = {}
    for name, confidence in ENGINES.items():
        chosen = settings.model_copy(update={"confidence": confidence})
        found = await _extracted(novel, pieces, chosen, engine)
        cards = [tuple(card for card in one.cards if card.method in _MADE) for one in found]
        made[name] = measure(pieces, cards, chosen)
    for name, cut in BASELINES.items():
        made[name] = measure(pieces, [cut_all(piece.sentences, cut, settings) for piece in pieces], settings)
    own = [tuple(card for card in one.cards if is_whole(card)) for one in found]
    return {**made, BOOK: measure(pieces, own, settings)}


def is_whole(card: CardDraft) -> bool:
    """The author's own sentence, and not one without a verb."""
    return card.method is CardMethod.VERBATIM and FRAGMENT not in card.flags


def cut_all(sentences: Iterable[SourceSentence], cut: Cut, settings: JobSettings) -> tuple[CardDraft, ...]:
    """A baseline's cards of the sentences over the limit."""
    limit = settings.sentence_length_limit
    return tuple(
        CardDraft(source_id=sentence.id, text=text, method=CardMethod.CUT)
        for sentence in sentences
        if count_words(sentence.text) > limit
        for text in cut(sentence.text, limit)
    )


def measure(pieces: Sequence[Piece], cards: Sequence[Sequence[CardDraft]], settings: JobSettings) -> Made:
    lexicon = french()
    counts = total_of(
        QualityCounts,
        (
            count_figures(made, (), piece.sentences, settings, lexicon, before=piece.before)
            for piece, made in zip(pieces, cards, strict=True)
        ),
    )
    texts = [card.text for made in cards for card in made]
    asked = texts[:: max(1, len(texts) // JUDGED_CARDS)]
    return Made(counts, {model: _judged(model, asked) for model in MODELS})


def _judged(model: str, texts: Sequence[str]) -> Judged:
    said = judge(model, texts)
    return Judged(sum(said[text] for text in texts), len(texts))


def _pieces(sentences: Sequence[SourceSentence]) -> Iterable[Piece]:
    run: list[SourceSentence] = []
    words, before = 0, ""
    for sentence in sentences:
        if words >= CHUNK_WORDS and sentence.paragraph != run[-1].paragraph:
            yield Piece(tuple(run), before)
            before = run[-1].text
            run, words = [], 0
        run.append(sentence)
        words += count_words(sentence.text)
    if run:
        yield Piece(tuple(run), before)


async def _extracted(
    novel: str, pieces: Sequence[Piece], settings: JobSettings, engine: RewriteEngine
) -> list[Checkpoint]:
    text = "\n".join(sentence.text for piece in pieces for sentence in piece.sentences)
    key = (text, settings.model_dump_json(), cache.code_hash())
    chunks, befores = [piece.sentences for piece in pieces], [piece.before for piece in pieces]
    return await cache.checkpoints(
        f"{novel}-{settings.confidence}", key, lambda: extract_all(engine, chunks, befores, settings)
    )
