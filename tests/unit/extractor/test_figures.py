"""The figures tell good cards from the two baselines, and add up."""

import pytest

from extractor.figures import count_figures
from extractor.lexicon import french
from feuilleton.contracts.documents import CardDraft, CardMethod, DroppedSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.quality import CardCounts, QualityCounts, quality_of, total_of
from tests.unit.extractor.scripted_engine import a_draft, a_sentence

LONG = a_sentence(0, "Le vieux capitaine monta sur le pont avant l'aube, parce que le vent du nord avait tourné.")
SHORT = a_sentence(1, "Oui.", paragraph=1)
PLAIN = a_sentence(2, "Pierre regardait la mer.", paragraph=2)
SENTENCES = (LONG, SHORT, PLAIN)


def figures(*cards: CardDraft, dropped: tuple[DroppedSentence, ...] = ()) -> QualityCounts:
    return count_figures(cards, dropped, SENTENCES, JobSettings(), french())


def made(*texts: str, source: str = LONG.id) -> list[CardDraft]:
    return [a_draft(source, text) for text in texts]


def test_good_cards_have_no_fault() -> None:
    counts = figures(*made("Le vieux capitaine monta sur le pont.", "Le vent du nord avait tourné."))
    assert counts.made == CardCounts(cards=2, words=13)
    assert (counts.chunks, counts.sources, counts.long_sources, counts.long_sources_with_card) == (1, 3, 1, 1)


@pytest.mark.parametrize(
    ("cards", "figure"),
    [
        (["Le vieux capitaine monta sur le pont avant l'aube."], "over_limit"),
        (["Voilà."], "under_minimum"),
        (["le capitaine monta."], "typography"),
        (["Le capitaine monta"], "typography"),
        (["Le capitaine monta sur le."], "dangling"),
        (["Parce que le vent avait tourné."], "dangling"),
        (["Le vieux pont du nord."], "without_verb"),
        (["Monta sur le pont."], "without_subject"),
        (["Le capitaine chanta sur le pont."], "invented"),
        (["Le capitaine monta.", "Le capitaine monta !"], "duplicates"),
        (["Le vent du nord avait tourné.", "Le capitaine monta."], "out_of_order"),
    ],
)
def test_each_fault_is_counted_under_its_name_and_only_there(cards: list[str], figure: str) -> None:
    counts = figures(*made(*cards)).made
    expected = CardCounts(cards=len(cards), words=counts.words, faulty=1).model_copy(update={figure: 1})
    assert counts == expected


def test_vocabulary_is_counted_in_different_content_words_of_the_long_sources() -> None:
    one = figures(*made("Les capitaines montèrent."))
    assert (one.long_content_words, one.carded_content_words, one.kept_content_words) == (8, 8, 2)
    none = figures()
    assert (none.long_content_words, none.carded_content_words, none.kept_content_words) == (8, 0, 0)


def test_a_sentence_in_no_card_and_not_dropped_is_unaccounted_for() -> None:
    dropped = (DroppedSentence(source_id=SHORT.id, reason="fragment"),)
    counts = figures(*made("Le capitaine monta."), dropped=dropped)
    assert (counts.sources_with_card, counts.left_out, counts.unaccounted) == (1, 1, 1)
    assert quality_of(counts).shares.sources_with_card == 0.5


def test_the_books_own_words_are_counted_apart() -> None:
    verbatim = CardDraft(source_id=SHORT.id, text="Oui.", method=CardMethod.VERBATIM)
    merged = CardDraft(source_id=SHORT.id, text="Oui. Pierre dormait.", method=CardMethod.MERGED, also=(PLAIN.id,))
    assert figures(verbatim).book == CardCounts(cards=1, words=1, under_minimum=1, without_verb=1, faulty=1)
    assert figures(merged).book.invented == 1
    assert figures(verbatim, merged).made == CardCounts()


def test_cards_cut_every_eight_words_show_in_the_figures() -> None:
    words = LONG.text.split()
    cut = [" ".join(words[at : at + 8]) for at in range(0, len(words), 8)]
    counts = figures(*made(*cut)).made
    assert (counts.cards, counts.faulty, counts.over_limit) == (3, 3, 0)


def test_counts_add_up_field_by_field_and_shares_are_of_the_sum() -> None:
    one, two = figures(*made("Le capitaine monta.")), figures()
    both = total_of(QualityCounts, [one, two])
    assert (both.chunks, both.sources, both.made.cards, both.long_sources) == (2, 6, 1, 2)
    assert quality_of(both).shares.long_sources_with_card == 0.5
    assert quality_of(QualityCounts()).shares.made_without_fault is None


def test_counts_of_an_older_writer_are_read_with_zeros() -> None:
    assert QualityCounts.model_validate({"chunks": 1, "made": {"cards": 2}, "unknown": 3}).made.cards == 2


def test_a_card_of_a_foreign_sentence_is_refused() -> None:
    with pytest.raises(KeyError):
        figures(a_draft(SentenceId("elsewhere"), "Il vint."))
