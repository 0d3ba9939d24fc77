"""Packages imported into a real Anki collection."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from anki.collection import Collection, ImportAnkiPackageOptions, ImportAnkiPackageRequest
from anki.consts import CARD_TYPE_REV, QUEUE_TYPE_REV

from feuilleton.contracts.documents import CardLine
from feuilleton.contracts.ids import JobId
from status_api.exports.anki import DeckInfo, write_apkg
from status_api.exports.keyed import KeyedCard, keyed
from tests.unit.status_api.evil_cards import evil_cards

pytestmark = pytest.mark.heavy

INFO = DeckInfo(JobId("00000000-0000-4000-8000-000000000001"), "Le livre", datetime(2026, 5, 1, tzinfo=UTC))


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    opened = Collection(str(tmp_path / "collection.anki2"))
    yield opened
    opened.close()


def bring(collection: Collection, tmp_path: Path, cards: list[KeyedCard], info: DeckInfo = INFO) -> None:
    path = tmp_path / "deck.apkg"
    write_apkg(cards, path, info)
    options = ImportAnkiPackageOptions(merge_notetypes=True)
    collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(path), options=options))
    path.unlink()
    path.with_suffix(".anki2").unlink()


def all_cards() -> list[KeyedCard]:
    return list(keyed(evil_cards()))


def test_a_note_per_card_in_the_deck_of_the_book(collection: Collection, tmp_path: Path) -> None:
    bring(collection, tmp_path, all_cards())
    assert (collection.note_count(), collection.card_count()) == (len(all_cards()), len(all_cards()))
    assert len(collection.find_cards('deck:"Le livre"')) == len(all_cards())
    assert len(collection.find_notes("tag:I._Le_banc")) == 4


def test_a_second_import_adds_nothing(collection: Collection, tmp_path: Path) -> None:
    for _ in range(2):
        bring(collection, tmp_path, all_cards())
    assert (collection.note_count(), collection.card_count()) == (len(all_cards()), len(all_cards()))
    assert len(collection.decks.all_names_and_ids()) == 2  # Anki's own and this one


def test_a_newer_result_changes_its_notes_keeps_what_was_learnt_and_adds_the_new_ones(
    collection: Collection, tmp_path: Path
) -> None:
    first, *others = all_cards()
    bring(collection, tmp_path, [first, *others[:5]])
    (number,) = collection.find_cards('"Il pleuvait, et personne ne passait."')
    learnt = collection.get_card(number)
    learnt.ivl, learnt.reps, learnt.type, learnt.queue = 21, 7, CARD_TYPE_REV, QUEUE_TYPE_REV
    collection.update_card(learnt)
    changed = KeyedCard(first.key, first.card.model_copy(update={"text": "Il pleuvait."}))
    bring(collection, tmp_path, [changed, *others], replace(INFO, made_at=INFO.made_at + timedelta(days=1)))
    card = collection.get_card(number)
    assert card.note()["Text"] == "Il pleuvait."
    assert (card.ivl, card.reps) == (21, 7)
    assert collection.note_count() == len(all_cards())


def test_some_cards_of_a_book_are_the_notes_that_the_whole_book_brings(collection: Collection, tmp_path: Path) -> None:
    bring(collection, tmp_path, all_cards()[3:6])
    assert collection.note_count() == 3
    bring(collection, tmp_path, all_cards())
    assert collection.note_count() == len(all_cards())


def test_the_same_sentence_of_another_job_is_another_note(collection: Collection, tmp_path: Path) -> None:
    bring(collection, tmp_path, all_cards())
    other = DeckInfo(JobId("00000000-0000-4000-8000-000000000002"), "Le livre 2", INFO.made_at)
    bring(collection, tmp_path, all_cards(), other)
    assert collection.note_count() == 2 * len(all_cards())


def test_what_a_card_shows_is_its_text_and_its_place(collection: Collection, tmp_path: Path) -> None:
    card = CardLine.model_validate({**evil_cards()[11].model_dump(), "chapter": "I. Le banc"})
    bring(collection, tmp_path, [KeyedCard("s/0", card)])
    (number,) = collection.find_cards("")
    shown = collection.get_card(number)
    assert "a &amp; b &lt; c &gt; d &amp;amp; &lt;b&gt;gras&lt;/b&gt;" in shown.question()
    assert "I. Le banc, p. 12" in shown.answer()


def test_brackets_start_neither_sound_nor_formula(collection: Collection, tmp_path: Path) -> None:
    bring(collection, tmp_path, [all_cards()[12]])
    (number,) = collection.find_cards("")
    shown = collection.get_card(number)
    assert shown.question_av_tags() == []
    assert "&#91;sound:x.mp3]" in shown.question()
