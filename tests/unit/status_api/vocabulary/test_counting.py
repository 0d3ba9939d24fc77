from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from feuilleton.contracts.documents import CardLine, CardMethod
from feuilleton.contracts.ids import SentenceId
from status_api.vocabulary.counting import WordCount
from status_api.vocabulary.words import words_of


def a_card(number: int, text: str) -> CardLine:
    return CardLine(
        source_id=SentenceId(f"s{number:06d}"),
        text=text,
        source_text=text,
        page=number + 1,
        chapter=None,
        method=CardMethod.VERBATIM,
    )


def test_lemmas_are_counted_over_forms_with_the_first_card_of_each() -> None:
    cards = [
        a_card(n, text) for n, text in enumerate(("L’œil voit.", "Les yeux ! Les yeux de Firmin…", "Firmin, voyez !"))
    ]
    count = WordCount()
    count.add(cards[:1])
    count.add(cards[1:])
    vocabulary = count.result()
    found = {entry.lemma: entry for entry in vocabulary.entries}
    assert (vocabulary.cards, vocabulary.words) == (3, sum(len(list(words_of(card.text))) for card in cards))
    assert (found["œil"].count, found["œil"].cards, found["œil"].first_card.page) == (3, 2, 1)
    assert (found["voir"].count, found["voir"].cards) == (2, 2)
    assert (found["Firmin"].name, found["Firmin"].first_card.page, found["œil"].name) == (True, 2, False)
    assert [entry.lemma for entry in vocabulary.entries] == ["le", "œil", "Firmin", "voir", "de"]


def test_a_word_is_no_name_once_it_is_met_without_its_capital() -> None:
    count = WordCount()
    count.add([a_card(0, "Zorglub !"), a_card(1, "Un zorglub.")])
    (entry,) = [entry for entry in count.result().entries if entry.lemma.lower() == "zorglub"]
    assert (entry.lemma, entry.name, entry.count, entry.first_card.page) == ("zorglub", False, 2, 1)


@given(st.lists(st.lists(st.sampled_from(["chat", "Chat", "chats", "dort", "dormait", "Zoé"]), max_size=5), max_size=8))
def test_no_word_is_lost_and_the_order_is_by_count(texts: list[list[str]]) -> None:
    cards = [a_card(number, " ".join(words)) for number, words in enumerate(texts)]
    count = WordCount()
    count.add(cards)
    vocabulary = count.result()
    assert sum(entry.count for entry in vocabulary.entries) == vocabulary.words == sum(map(len, texts))
    counts = [entry.count for entry in vocabulary.entries]
    assert counts == sorted(counts, reverse=True)
    expected = Counter({"chat": 0}) + Counter(word[:3].lower() for words in texts for word in words)
    assert Counter({entry.lemma[:3].lower(): entry.count for entry in vocabulary.entries}) == expected
    assert all(1 <= entry.cards <= entry.count for entry in vocabulary.entries)
