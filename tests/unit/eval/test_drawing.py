"""A draw is at random, the same again for the same seed, one card a source, and says nothing of what made a card."""

import io
from collections.abc import Sequence

from eval import sheets
from eval.drawing import Drawn, Source, draw, mixed, over_limit
from eval.novels import Part, paragraphs_in
from feuilleton.contracts.documents import CardDraft, CardMethod, SourceSentence
from feuilleton.contracts.ids import SentenceId


def sentence(number: int, text: str) -> SourceSentence:
    return SourceSentence(id=SentenceId(f"s{number:06d}"), text=text, page=1, paragraph=number)


SENTENCES = [sentence(n, f"Il a vu le lion numéro {n} dans la cour et il a eu peur.") for n in range(500)]
SOURCES = over_limit("Verne", SENTENCES, 8)


class FakeRewrite:
    """Two cards for two sentences of three, and one of the book's own words, which is no rewritten card."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, sources: Sequence[Source]) -> list[list[CardDraft]]:
        self.asked += len(sources)
        return [self._cards(source.sentence) for source in sources]

    def _cards(self, source: SourceSentence) -> list[CardDraft]:
        verbatim = CardDraft(source_id=source.id, text="Oui.", method=CardMethod.VERBATIM)
        cuts = [
            CardDraft(source_id=source.id, text=text, method=CardMethod.CUT, flags=("end_comma",), confidence=0.987654)
            for text in ("Il a vu le lion.", "Il a eu peur.")
        ]
        return [verbatim, *cuts] if source.paragraph % 3 else [verbatim]


async def cards(seed: int, count: int = 50) -> list[Drawn]:
    return await draw(SOURCES, seed, count, FakeRewrite())


async def test_the_same_seed_draws_the_same_cards_and_another_seed_others() -> None:
    assert await cards(7) == await cards(7)
    assert {one.id for one in await cards(7)} != {one.id for one in await cards(8)}


async def test_each_source_gives_one_card_and_it_is_a_rewritten_one() -> None:
    drawn = await cards(7)
    assert len(drawn) == 50
    assert len({one.source.sentence.id for one in drawn}) == 50
    assert {one.draft.method for one in drawn} == {CardMethod.CUT}
    assert {one.draft.text for one in drawn} == {"Il a vu le lion.", "Il a eu peur."}


async def test_a_draw_stops_when_it_has_enough_and_ends_when_there_is_no_more() -> None:
    rewrite = FakeRewrite()
    await draw(SOURCES, 7, 10, rewrite)
    assert rewrite.asked < len(SOURCES)
    with_cards = sum(bool(source.sentence.paragraph % 3) for source in SOURCES)
    assert len(await draw(SOURCES, 7, 10_000, FakeRewrite())) == with_cards


async def test_sources_come_from_all_over_the_book_and_not_in_its_order() -> None:
    places = [one.source.sentence.paragraph for one in await cards(7)]
    assert min(places) < 100
    assert max(places) > 400
    assert places != sorted(places)


async def test_which_sources_are_asked_does_not_depend_on_the_others() -> None:
    fewer = [source for source in SOURCES if source.sentence.paragraph % 2]
    order = [one.source for one in await draw(SOURCES, 7, 10_000, FakeRewrite())]
    order_of_fewer = [one.source for one in await draw(fewer, 7, 10_000, FakeRewrite())]
    assert [source for source in order if source in fewer] == order_of_fewer


async def test_the_sheet_does_not_say_what_made_a_card_and_the_key_does() -> None:
    drawn = mixed(await cards(7), 7)
    sheet, key = io.StringIO(), io.StringIO()
    sheets.write([sheets.Line.of(one) for one in drawn], sheet)
    sheets.write([sheets.KeyLine.of(one) for one in drawn], key)
    for sign in ("cut", "comma", "0.98"):
        assert sign not in sheet.getvalue()
        assert sign in key.getvalue()
    head, first, *_ = sheet.getvalue().splitlines()
    assert head.split("\t") == ["id", "novel", "before", "source", "card", "verdict", "reason"]
    assert first.split("\t")[5:] == ["", ""]
    ids = [line.split("\t")[0] for line in sheet.getvalue().splitlines()]
    assert ids == [line.split("\t")[0] for line in key.getvalue().splitlines()]


def test_only_sentences_over_the_limit_are_sources_and_each_has_the_one_before() -> None:
    short = [sentence(1, "Il dort."), sentence(2, "Elle a huit mots, ni plus ni moins."), *SENTENCES[:2]]
    found = over_limit("Verne", short, 7)
    assert [source.before for source in found] == ["Il dort.", short[1].text, SENTENCES[0].text]
    assert [source.sentence for source in over_limit("Verne", short, 8)] == SENTENCES[:2]


def test_parts_of_a_book_are_counted_in_words_and_leave_nothing_out() -> None:
    paragraphs = ("un deux trois", "quatre", "cinq six", "sept huit neuf dix")
    assert paragraphs_in(paragraphs, Part(0, 1)) == range(4)
    assert paragraphs_in(paragraphs, Part(0, 0.4)) == range(2)
    assert paragraphs_in(paragraphs, Part(0.4, 1)) == range(2, 4)
    assert paragraphs_in(paragraphs, Part(0.1, 0.35)) == range(1, 2)
