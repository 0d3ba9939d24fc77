"""What a report says of pages: what was left out, and whose text is bad recognition, used or read anew."""

from feuilleton.contracts.documents import (
    CardDraft,
    CardMethod,
    ChunkKind,
    LeftOut,
    Manifest,
    MatterKind,
    Report,
    SourceSentence,
)
from feuilleton.contracts.ids import SentenceId, image_sentence_id, read_from_image
from merger.assembly import assemble_chunk
from merger.report import Tally
from tests.seeded_books import SeededBook, a_book, a_checkpoint, a_failure

NOTES = LeftOut(kind=MatterKind.FOOTNOTES, pages=(2,), words=12)


def a_doubtful_book() -> SeededBook:
    """Three pages of bad text, each a chunk of its own that holds the text's sentences."""
    return a_book(3)


def manifest_of(book: SeededBook) -> Manifest:
    pages = tuple(chunk.model_copy(update={"kind": ChunkKind.PAGE}) for chunk in book.manifest.chunks)
    return book.manifest.model_copy(update={"chunks": pages, "bad_ocr": (1, 2, 3), "left_out": (NOTES,)})


def report_of(book: SeededBook) -> Report:
    """The first page was read anew, the second not; the third could not be worked on at all."""
    manifest, tally = manifest_of(book), Tally()
    anew = (SourceSentence(id=image_sentence_id(1, 0), text="Il dort.", page=1),)
    cards = (CardDraft(source_id=anew[0].id, text="Il dort.", method=CardMethod.VERBATIM),)
    read = a_checkpoint(book.chunks[0]).model_copy(update={"sentences": anew, "cards": cards})
    old = a_checkpoint(book.chunks[1]).model_copy(update={"sentences": book.chunks[1].sentences})
    tally.add(manifest.chunks[0], read, assemble_chunk(anew, read, {}), 10)
    tally.add(manifest.chunks[1], old, assemble_chunk(book.chunks[1].sentences, old, {}), 10)
    tally.miss(manifest.chunks[2], a_failure(book.chunks[2]))
    return tally.report(manifest, attempt=1)


def test_pages_of_bad_recognition_are_told_and_which_of_them_were_used() -> None:
    report = report_of(a_doubtful_book())
    assert (report.bad_ocr, report.bad_ocr_used) == ((1, 2, 3), (2,))


def test_a_page_read_anew_counts_its_own_sentences_and_a_missing_one_those_of_its_text() -> None:
    book = a_doubtful_book()
    of_text = len(book.chunks[1].sentences) + len(book.chunks[2].sentences)
    assert report_of(book).source_sentences == 1 + of_text


def test_what_was_left_out_is_told_as_the_manifest_has_it() -> None:
    assert report_of(a_doubtful_book()).left_out == (NOTES,)


def test_bad_text_inside_a_chunk_of_text_is_used() -> None:
    book, tally = a_book(1), Tally()
    good = a_checkpoint(book.chunks[0])
    tally.add(book.manifest.chunks[0], good, assemble_chunk(book.chunks[0].sentences, good, {}), 10)
    report = tally.report(book.manifest.model_copy(update={"bad_ocr": (1,)}), attempt=1)
    assert report.bad_ocr_used == (1,)


def test_an_older_manifest_and_report_say_nothing_of_pages() -> None:
    report = report_of(a_doubtful_book())
    older = report.model_dump(mode="json", exclude={"left_out", "bad_ocr", "bad_ocr_used"})
    assert Report.model_validate(older).left_out == ()


def test_ids_of_sentences_tell_where_they_were_read() -> None:
    assert image_sentence_id(36, 4) == "p00036-0004"
    assert read_from_image(image_sentence_id(36, 4))
    assert not read_from_image(SentenceId("s000001"))
