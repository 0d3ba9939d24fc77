import pytest
from hypothesis import given
from hypothesis import strategies as st

from status_api.exports.keyed import keyed
from status_api.vocabulary.cover import choose_cards
from status_api.vocabulary.wanted import CandidateCards, WantedWords
from tests.unit.status_api.vocabulary.test_counting import a_card

pytestmark = pytest.mark.heavy


@pytest.mark.parametrize(
    ("word", "text", "held"),
    [
        ("regarder", "Il la regardait.", True),
        ("la maison", "Quelle maison !", True),
        ("se lever", "On s’est levé.", True),
        ("l’ami", "Des amis.", True),
        ("oeil", "Ses yeux.", True),
        ("donner", "Elle donne.", True),
        ("tout à coup", "Et tout à coup, rien.", True),
        ("tout à coup", "Le coup à tout.", False),
        ("le", "Il le voit.", True),
        ("chat", "Le château.", False),
        ("1815", "En 1815.", False),
    ],
)
def test_a_card_holds_a_word_in_any_form(word: str, text: str, held: bool) -> None:  # noqa: FBT001
    assert bool(WantedWords([word]).held_by(text)) is held


def test_the_list_is_taken_without_empty_lines_and_repetitions() -> None:
    wanted = WantedWords([" maison ", "", "les maisons", "Maison", "œil", "yeux", "42", "42"])
    assert wanted.words == ["maison", "œil", "42"]


def test_of_cards_with_the_same_words_the_shortest_is_kept() -> None:
    found = CandidateCards(WantedWords(["chat", "chien"]))
    found.add(keyed([a_card(0, "Le chat dort ici."), a_card(1, "Un chat."), a_card(2, "Ce chien.")]))
    found.add(keyed([a_card(3, "Chat et chien."), a_card(4, "Rien.")]))
    (chosen,) = choose_cards(found.candidates)
    assert found.card_of(chosen).card.page == 4
    assert sorted(found.card_of(one).card.page for one in found.candidates) == [2, 3, 4]


@given(st.lists(st.text(), max_size=5), st.lists(st.text(), max_size=5))
def test_any_words_and_any_texts_will_do(words: list[str], texts: list[str]) -> None:
    found = CandidateCards(WantedWords(words))
    found.add(keyed([a_card(number, text) for number, text in enumerate(texts)]))
    chosen = choose_cards(found.candidates)
    assert all(number < len(found.wanted.words) for one in chosen for number in one.covers)
