"""What runs in a worker process: the models, loaded once, and plain data in and out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.cards import Card, Choice, French, Lengths, all_choices, choose
from extractor.engines.local.confidence import trained_model
from extractor.engines.local.forms import Forms, load_forms
from extractor.engines.local.frames import french_frames
from extractor.engines.local.insertions import without_adverbs, without_insertion
from extractor.engines.local.parser import DualParser, Unit, load_parser
from extractor.engines.local.pieces import inner_pieces, stumps
from extractor.engines.local.prunings import prunings
from extractor.engines.local.segments import Edge, Segment, split_segments
from extractor.engines.local.syntax import Parse
from extractor.engines.local.words import split_words
from extractor.lexicon import french
from feuilleton.contracts.job_settings import Confidence

_LEAST_WORDS = 3  # a subject, a verb and something more; fewer are not worth a parse


@dataclass(frozen=True)
class CutSource:
    """All cards that the rules allow of one source sentence, in its order; the caller picks by confidence."""

    source_id: str
    cards: tuple[Card, ...]


@dataclass(frozen=True)
class Models:
    """All that a worker holds: about 430 MB."""

    parser: DualParser
    french: French


@cache
def load_all() -> Models:
    """The models, loaded at the first call."""
    forms = load_forms(french())
    return Models(load_parser(forms), French(forms, french_frames()))


def load_models() -> None:
    """Initializer of a worker. Raises LexiconMissingError and OSError (a model is not installed)."""
    load_all()


def cut_sources(sources: Sequence[tuple[str, str]], least: int, most: int) -> list[CutSource]:
    """Cards of (id, text) pairs. A sentence's cards depend on its text and the lengths alone."""
    models, lengths = load_all(), Lengths(least, most)
    pieces = pieces_of([text for _, text in sources], models.french.forms)
    parses = parse_pieces(pieces, models)
    found = [choices_of(*pair, models.french, lengths) for pair in zip(pieces, parses, strict=True)]
    for at, choices in _further_tries(pieces, parses, found, models, lengths):
        found[at] += choices
    cards: list[list[Card]] = [[] for _ in sources]
    for piece, choices in zip(pieces, found, strict=True):
        cards[piece.source].extend(choose(choices))
    return [CutSource(source_id, tuple(of_source)) for (source_id, _), of_source in zip(sources, cards, strict=True)]


@dataclass(frozen=True)
class Piece:
    """One segment of the source at index `source`."""

    source: int
    text: str
    segment: Segment


def pieces_of(texts: Sequence[str], forms: Forms) -> list[Piece]:
    """The segments worth a parse, in order."""
    return [Piece(at, text, segment) for at, text in enumerate(texts) for segment in _segments(text, forms)]


def parse_pieces(pieces: Sequence[Piece], models: Models) -> list[tuple[Parse, ...]]:
    return models.parser.parse([unit_of(piece.segment) for piece in pieces])


def choices_of(piece: Piece, parses: Sequence[Parse], known: French, lengths: Lengths) -> list[Choice]:
    return all_choices(piece.text, piece.segment, parses, known, lengths)


def variants(piece: Piece, parses: Sequence[Parse], forms: Forms) -> list[Piece]:
    """The piece without what stands between commas behind its subject, its clauses one by one, and all of these without
    adverbs that they can do without.
    """
    shorter = (without_insertion(piece.segment, parse, forms) for parse in parses)
    whole = [*(segment for segment in shorter if segment is not None), *inner_pieces(piece.segment, forms)]
    thinner = (without_adverbs(segment, forms) for segment in (piece.segment, *whole))
    segments = [*whole, *(segment for segment in thinner if segment is not None)]
    return [replace(piece, segment=segment) for segment in dict.fromkeys(segments)]


def shorter(piece: Piece, parses: Sequence[Parse], forms: Forms, lengths: Lengths) -> list[Piece]:
    """The piece's clauses without what hangs loosely on their words, and what looks like a clause to no parser."""
    segments = [each for parse in parses for each in prunings(piece.segment, parse, forms, lengths.most)]
    segments += stumps(piece.segment, forms, lengths.most)
    return [replace(piece, segment=segment) for segment in {each.words: each for each in reversed(segments)}.values()]


def _further_tries(
    pieces: Sequence[Piece],
    parses: Sequence[tuple[Parse, ...]],
    found: Sequence[list[Choice]],
    models: Models,
    lengths: Lengths,
) -> Iterator[tuple[int, list[Choice]]]:
    """Choices from variants of those pieces that gave no sure card, then from prunings of the sources that still have
    none, with the places of the pieces.
    """
    forms = models.french.forms
    unsure = [at for at, choices in enumerate(found) if not _is_sure(choices)]
    tries = [(at, piece) for at in unsure for piece in variants(pieces[at], parses[at], forms)]
    again = list(zip(tries, parse_pieces([piece for _, piece in tries], models), strict=True))
    sure = {piece.source for piece, choices in zip(pieces, found, strict=True) if _is_sure(choices)}
    for (at, piece), parsed in again:
        choices = choices_of(piece, parsed, models.french, lengths)
        if _is_sure(choices):
            sure.add(piece.source)
        yield at, choices
    whole = (((at, pieces[at]), parses[at]) for at in unsure)
    cut = [
        (at, short)
        for (at, piece), parsed in (*whole, *again)
        if piece.source not in sure
        for short in shorter(piece, parsed, forms, lengths)
    ]
    for (at, piece), parsed in zip(cut, parse_pieces([piece for _, piece in cut], models), strict=True):
        yield at, choices_of(piece, parsed, models.french, lengths)


def _is_sure(choices: Sequence[Choice]) -> bool:
    enough = trained_model().thresholds[Confidence.BALANCED]
    return any(each.card.confidence >= enough for each in choices)


def _segments(text: str, forms: Forms) -> list[Segment]:
    """The segments worth a parse."""
    segments = split_segments(split_words(text), forms)
    reported = [False, *(_reports(one, two, forms) for one, two in pairwise(segments))]
    return [
        segment
        for segment, is_reported in zip(segments, reported, strict=False)
        if not is_reported
        and not segment.aside
        and len(segment.words) >= _LEAST_WORDS
        and any(forms.is_finite(word.norm) for word in segment.words)
    ]


def _reports(segment: Segment, following: Segment, forms: Forms) -> bool:
    """Whether what follows is a thought or might be said: 'il pensait : ...', 's'il disait : « ... »'."""
    norms = [word.norm for word in segment.words]
    if following.opener is Edge.COLON:
        return any(forms.lemmas(norm) & fr.SPEECH_LEMMAS for norm in norms)
    return following.opener is Edge.QUOTE and ("si" in norms or ("s'", "il") in pairwise(norms))


def unit_of(segment: Segment) -> Unit:
    words = segment.words
    spaces = tuple(one.end < two.begin for one, two in pairwise(words))
    return Unit(
        tuple(word.text for word in words), (*spaces, False), segment.mark if segment.mark in {"!", "…", "?"} else "."
    )
