"""The words of a result, and decks for lists of words."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from feuilleton.contracts.documents import CardLine
from status_api.access import result_of
from status_api.cursors import number_cursor, read_number_cursor
from status_api.exports.formats import ExportFormat
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, AttemptNumber, Caller, Cursor, parts_of, problems
from status_api.routes.exports import FILE, ExportQuery, edition_of
from status_api.vocabulary.counting import Entry, Vocabulary
from status_api.vocabulary.reading import ChosenDeck

router = APIRouter(prefix="/v1/jobs", tags=["vocabulary"], dependencies=ROUTER_DEPENDENCIES)

_MOST_WORDS = 10_000
_LONGEST_WORD = 100


class VocabularyQuery(BaseModel):
    attempt: AttemptNumber = None
    limit: int = Field(default=100, ge=1, le=1000)
    cursor: Cursor = None


class LemmaView(BaseModel):
    """A lemma: how often it is met, on how many cards, and the first of them. `name`: it is one, most likely."""

    model_config = ConfigDict(frozen=True)
    lemma: str
    count: int
    cards: int
    name: bool
    first_card: CardLine


class VocabularyPage(BaseModel):
    """Lemmas by falling count. `words` and `cards` are those of the whole deck, `lemmas` how many there are in all."""

    model_config = ConfigDict(frozen=True)
    attempt: int
    cards: int
    words: int
    lemmas: int
    items: list[LemmaView]
    next_cursor: str | None


class DeckRequest(BaseModel):
    """The words to learn, in any form; an article or `se` before a word does not count. `most` bounds the cards."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"words": ["la maison", "se lever", "regarder", "œil"]}]}
    )
    words: list[Annotated[str, StringConstraints(max_length=_LONGEST_WORD)]] = Field(
        min_length=1, max_length=_MOST_WORDS
    )
    most: int | None = Field(default=None, ge=1, le=_MOST_WORDS)


class DeckCard(CardLine):
    """`words` are those of the list that it holds."""

    words: tuple[str, ...]


class DeckView(BaseModel):
    """The smallest deck that was found, in the order of the book. `words` counts those of the list without repetitions;
    `coverage` is the share of them on its cards; `missing` are the others.
    """

    model_config = ConfigDict(frozen=True)
    attempt: int
    words: int
    covered: int
    coverage: float = Field(ge=0, le=1)
    missing: list[str]
    cards: list[DeckCard]


@router.get("/{job_id}/vocabulary", responses=problems(404, 409, 410, 429))
async def get_vocabulary(
    request: Request, caller: Caller, job_id: str, asked: Annotated[VocabularyQuery, Query()]
) -> VocabularyPage:
    """The lemmas on the cards of an ended attempt, the most frequent first, each with the first card that holds it."""
    parts = parts_of(request)
    number, start = read_number_cursor(asked.cursor, count=2) if asked.cursor else (asked.attempt, 0)
    job = await parts.access.load_kept(caller.tenant, job_id, number)
    number = number or job.highest
    vocabulary = await parts.vocabularies.of(result_of(job, number))
    return _page(vocabulary, number, start, asked.limit)


@router.post("/{job_id}/decks", responses=problems(404, 409, 410, 429))
async def choose_deck(
    request: Request, caller: Caller, job_id: str, wanted: DeckRequest, attempt: AttemptNumber = None
) -> DeckView:
    """The smallest deck for a list of words: the fewest cards of the result that hold all of them that it holds,
    short ones first. A word counts in every form of its lemma.
    """
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, attempt)
    number = attempt or job.highest
    deck = await parts.vocabularies.choose(result_of(job, number), wanted.words, wanted.most)
    return _deck_view(deck, number)


@router.post("/{job_id}/decks/{form}", response_class=Response, responses=FILE | problems(404, 409, 410, 429))
async def export_deck(
    request: Request,
    caller: Caller,
    job_id: str,
    form: ExportFormat,
    wanted: DeckRequest,
    asked: Annotated[ExportQuery, Query()],
) -> Response:
    """The same deck as a file. Its notes in Anki are those that the whole result would bring."""
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, asked.attempt)
    edition = edition_of(job, asked.attempt or job.highest, form, bom=asked.bom)
    deck = await parts.vocabularies.choose(edition.result, wanted.words, wanted.most)
    return await parts.deliveries.some(edition, [chosen.card for chosen in deck.cards])


def _page(vocabulary: Vocabulary, attempt: int, start: int, limit: int) -> VocabularyPage:
    shown = vocabulary.entries[start : start + limit]
    more = start + limit < len(vocabulary.entries)
    return VocabularyPage(
        attempt=attempt,
        cards=vocabulary.cards,
        words=vocabulary.words,
        lemmas=len(vocabulary.entries),
        items=[_lemma_view(entry) for entry in shown],
        next_cursor=number_cursor(attempt, start + limit) if more else None,
    )


def _lemma_view(entry: Entry) -> LemmaView:
    return LemmaView(
        lemma=entry.lemma, count=entry.count, cards=entry.cards, name=entry.name, first_card=entry.first_card
    )


def _deck_view(deck: ChosenDeck, attempt: int) -> DeckView:
    missing = deck.missing
    total = len(deck.wanted)
    return DeckView(
        attempt=attempt,
        words=total,
        covered=total - len(missing),
        coverage=round((total - len(missing)) / total, 4) if total else 0.0,
        missing=missing,
        cards=[
            DeckCard(**chosen.card.card.model_dump(), words=_words(deck.wanted, chosen.words)) for chosen in deck.cards
        ],
    )


def _words(wanted: Sequence[str], numbers: Sequence[int]) -> tuple[str, ...]:
    return tuple(wanted[number] for number in numbers)
