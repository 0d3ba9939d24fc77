"""The figures of the checkpoints, summed."""

from feuilleton.contracts.documents import Report
from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.quality import CardCounts, QualityCounts
from merger.assembly import assemble_chunk
from merger.coverage import coverage_text
from merger.report import Tally
from tests.seeded_books import a_book, a_checkpoint

ONE = QualityCounts(chunks=1, long_sources=4, long_sources_with_card=1, made=CardCounts(cards=2, faulty=1))


def report_of(*qualities: QualityCounts | None, engine: Engine = Engine.LOCAL) -> Report:
    book = a_book(len(qualities), engine=engine)
    tally = Tally()
    for message, chunk, quality in zip(book.chunks, book.manifest.chunks, qualities, strict=True):
        good = a_checkpoint(message).model_copy(update={"quality": quality})
        tally.add(chunk, good, assemble_chunk(message.sentences, good, {}), 10)
    return tally.report(book.manifest, attempt=1)


def test_a_report_sums_the_counts_of_its_chunks_and_makes_shares_of_the_sum() -> None:
    quality = report_of(ONE, ONE).quality
    assert quality is not None
    assert (quality.counts.chunks, quality.counts.made.cards) == (2, 4)
    assert (quality.shares.long_sources_with_card, quality.shares.made_without_fault) == (0.25, 0.5)


def test_checkpoints_of_an_older_extractor_are_left_out_of_the_figures_and_it_shows() -> None:
    quality = report_of(ONE, None).quality
    assert quality is not None
    assert quality.counts.chunks == 1
    report = report_of(None)
    assert (report.quality, report.coverage) == (None, "")


def test_a_local_report_says_plainly_how_many_long_sentences_have_a_card() -> None:
    assert report_of(ONE).coverage == (
        "1 of 4 sentences over the limit have a card (25 %); the local engine makes cards only of those that it can"
        " cut safely, a model makes them of all"
    )
    assert coverage_text(ONE, Engine.GEMINI) == "1 of 4 sentences over the limit have a card (25 %)"
    assert coverage_text(QualityCounts(), Engine.LOCAL) == ""


def test_an_older_report_without_figures_is_read() -> None:
    older = report_of(ONE).model_dump(mode="json", exclude={"quality", "coverage"})
    assert Report.model_validate(older).quality is None
