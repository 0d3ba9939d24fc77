"""The baselines cut as they say, and score as cards without French in them should."""

import pytest

from eval.baselines import at_commas, every_limit_words
from eval.cards import Piece, cut_all, measure, sample
from eval.judges import MODELS
from feuilleton.contracts.documents import SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.job_settings import JobSettings
from feuilleton.contracts.text import count_words

LONG = "Nous étions à l’étude, quand le proviseur entra, suivi d’un nouveau habillé en bourgeois."


def test_a_card_every_eight_words_holds_all_words_in_order() -> None:
    cards = every_limit_words(LONG, 8)
    assert cards == ["Nous étions à l’étude, quand le proviseur entra.", "Suivi d’un nouveau habillé en bourgeois."]
    assert [count_words(card) for card in cards] == [8, 6]


def test_signs_that_are_no_words_do_not_count() -> None:
    assert every_limit_words("— Oui — non — si — oui — non.", 2) == ["Oui — non.", "Si — oui.", "Non."]


def test_a_card_at_each_comma_may_be_of_any_length() -> None:
    assert at_commas(LONG, 8) == [
        "Nous étions à l’étude.",
        "Quand le proviseur entra.",
        "Suivi d’un nouveau habillé en bourgeois.",
    ]


def test_quotes_and_brackets_are_left_out_and_final_marks_stay() -> None:
    assert at_commas("« Viens, dit-il (tout bas), et vite ! »", 8) == ["Viens.", "Dit-il tout bas.", "Et vite !"]


def sentence(number: int, text: str) -> SourceSentence:
    return SourceSentence(id=SentenceId(f"s{number:06d}"), text=text, page=1, paragraph=number)


@pytest.fixture
def no_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eval.cards.judge", lambda _, texts: dict.fromkeys(texts, True))


@pytest.mark.usefixtures("no_judge")
def test_the_figures_of_a_baseline_on_a_known_sentence() -> None:
    pieces = [Piece((sentence(1, LONG), sentence(2, "Il entra.")), "")]
    cards = [cut_all(pieces[0].sentences, every_limit_words, JobSettings())]
    made = measure(pieces, cards, JobSettings())
    counts = made.counts
    assert (counts.long_sources, counts.long_sources_with_card) == (1, 1)
    assert counts.kept_content_words == counts.carded_content_words > 0
    assert (counts.made.cards, counts.made.words) == (2, 14)
    assert (counts.made.over_limit, counts.made.invented, counts.made.typography) == (0, 0, 0)
    assert counts.made.without_verb == 1
    assert {model: (one.passed, one.asked) for model, one in made.judged.items()} == dict.fromkeys(MODELS, (2, 2))


@pytest.mark.usefixtures("no_judge")
def test_commas_give_cards_over_the_limit_where_there_is_none() -> None:
    text = "Le vieux gardien du grand phare de la pointe ouvrit la porte, et sortit."
    pieces = [Piece((sentence(1, text),), "")]
    counts = measure(pieces, [cut_all(pieces[0].sentences, at_commas, JobSettings())], JobSettings()).counts
    assert (counts.made.cards, counts.made.over_limit) == (2, 1)


def test_pieces_are_whole_paragraphs_of_a_thousand_words_and_know_what_stands_before() -> None:
    sentences = [
        SourceSentence(id=SentenceId(f"s{n:06d}"), text=f"mot{n} " * 100, page=1, paragraph=n // 4) for n in range(30)
    ]
    pieces = sample(sentences, 1)
    assert [len(piece.sentences) for piece in pieces] == [12, 12, 6]
    assert [one for piece in pieces for one in piece.sentences] == sentences
    assert [piece.before for piece in pieces] == ["", sentences[11].text, sentences[23].text]
    assert sample(sentences, 2) == (pieces[0], pieces[2])
