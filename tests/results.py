"""A finished job as the object store holds it, and the checks that every result must pass."""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from feuilleton.contracts import ids
from feuilleton.contracts.documents import CardLine, CardMethod, Checkpoint, ChunkKind, Manifest, Report, SourceSentence
from feuilleton.contracts.ids import JobId
from feuilleton.contracts.text import count_words
from feuilleton.http.auth import DEFAULT_TENANT
from feuilleton_client.client import FeuilletonClient
from feuilleton_client.models import Job
from tests.stack import Stack


class Card(CardLine):
    @property
    def words(self) -> int:
        return count_words(self.text)


@dataclass(frozen=True)
class Result:
    """What a job left in the store."""

    job: Job
    report: Report
    cards: list[Card]
    cards_jsonl: bytes
    manifest: Manifest
    source: list[SourceSentence]
    also: dict[str, set[str]]
    """For a card's source id, the further sources that it was merged from."""

    def check(self) -> None:
        """Every source sentence represented or listed, order kept, nothing twice, every card with its page."""
        self._check_provenance()
        self._check_coverage()
        self._check_order()
        self._check_report()

    def _check_provenance(self) -> None:
        by_id = {sentence.id: sentence for sentence in self.source}
        assert len(by_id) == len(self.source), "source ids are unique"
        for card in self.cards:
            sentence = by_id[card.source_id]
            assert card.page == sentence.page
            assert card.source_text.startswith(sentence.text)
            if card.method is not CardMethod.MERGED:
                assert card.source_text == sentence.text
            assert 1 <= card.page <= self.manifest.pages

    def _check_coverage(self) -> None:
        represented = {card.source_id for card in self.cards}
        for source_id in list(represented):
            represented |= {ids.SentenceId(other) for other in self.also.get(source_id, ())}
        dropped = [line.source_id for line in self.report.dropped]
        missing = set(self._missing_ids())
        assert len(set(dropped)) == len(dropped)
        assert not represented & set(dropped)
        everything = {sentence.id for sentence in self.source}
        assert everything == represented | set(dropped) | missing
        assert all(line.reason for line in self.report.dropped)

    def _missing_ids(self) -> list[str]:
        gone = {chunk.index for chunk in self.report.missing}
        found: list[str] = []
        text = [sentence for sentence in self.source if sentence.id.startswith("s")]
        position = 0
        read_anew = {sentence.page for sentence in self.source if ids.read_from_image(sentence.id)}
        for chunk in self.manifest.chunks:
            if chunk.kind is ChunkKind.PAGE and read_anew.intersection(chunk.pages):
                continue
            if chunk.index in gone:
                found += [sentence.id for sentence in text[position : position + chunk.sentences]]
            position += chunk.sentences
        return found

    def _check_order(self) -> None:
        position = {sentence.id: number for number, sentence in enumerate(self.source)}
        places = [position[card.source_id] for card in self.cards]
        assert all(before <= after for before, after in pairwise(places)), "cards are in book order"
        seen = [(card.source_id, card.text) for card in self.cards]
        assert len(set(seen)) == len(seen), "no card stands twice under its source"

    def _check_report(self) -> None:
        assert self.report.cards == len(self.cards)
        assert self.report.source_sentences == len(self.source)
        assert sum(self.report.dropped_by_reason.values()) == len(self.report.dropped)
        for chunk in self.report.chunks:
            lines = self.cards_jsonl[chunk.start : chunk.end].splitlines()
            assert len(lines) == chunk.cards
        assert sum(chunk.cards for chunk in self.report.chunks) == len(self.cards)
        self._check_figures()

    def _check_figures(self) -> None:
        """They are those of the cards, and no card that an engine made has a fault that the verdicts know."""
        assert self.report.quality is not None
        counts = self.report.quality.counts
        made = [card for card in self.cards if card.method in (CardMethod.CUT, CardMethod.REWRITTEN)]
        assert counts.chunks == len(self.report.chunks) - len(self.report.missing)
        assert (counts.made.cards, counts.book.cards) == (len(made), len(self.cards) - len(made))
        assert counts.made.words == sum(card.words for card in made)
        assert (counts.sources, counts.sources_with_card) == (
            self.report.represented + len(self.report.dropped),
            self.report.represented,
        )
        assert (counts.unaccounted, counts.made.faulty) == (0, 0)
        assert counts.long_sources == 0 or str(counts.long_sources) in self.report.coverage


def store_folder(stack: Stack) -> Path:
    return Path(unquote(urlsplit(stack.env["OBJECT_STORE_URL"]).path))


def read_result(stack: Stack, client: FeuilletonClient, job: Job) -> Result:
    """Read the one result of the job's attempt, and check that the API serves the same report."""
    folder = store_folder(stack) / ids.job_prefix(DEFAULT_TENANT, JobId(job.id))
    (out,) = (folder / "attempts" / str(job.attempt) / "out").iterdir()
    result = result_in(folder, job, out)
    assert client.report(job.id).outcome == result.report.outcome
    return result


def result_in(folder: Path, job: Job, out: Path) -> Result:
    """The result that stands in `out`, of a job whose objects stand in `folder`."""
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    cards_jsonl = (out / "cards.jsonl").read_bytes()
    report = Report.model_validate_json((out / "report.json").read_bytes())
    checkpoints = [
        Checkpoint.model_validate_json(path.read_bytes())
        for index in range(len(manifest.chunks))
        if (path := folder / "checkpoints" / f"{index}.json").exists()
    ]
    return Result(
        job=job,
        report=report,
        cards=[Card.model_validate(json.loads(line)) for line in cards_jsonl.splitlines()],
        cards_jsonl=cards_jsonl,
        manifest=manifest,
        source=_source(folder, manifest, checkpoints),
        also={draft.source_id: set(draft.also) for point in checkpoints for draft in point.cards if draft.also},
    )


def _source(folder: Path, manifest: Manifest, checkpoints: list[Checkpoint]) -> list[SourceSentence]:
    """All source sentences in book order, those read from page images in place of what the text layer said."""
    lines = (folder / "source.jsonl").read_bytes().splitlines()
    text = [SourceSentence.model_validate_json(line) for line in lines]
    pages = {point.index: point.sentences for point in checkpoints}
    found: list[SourceSentence] = []
    position = 0
    for chunk in manifest.chunks:
        read = pages.get(chunk.index, ()) if chunk.kind is ChunkKind.PAGE else ()
        found += read or text[position : position + chunk.sentences]
        position += chunk.sentences
    assert position == len(text)
    return found
