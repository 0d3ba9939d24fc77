"""What runs in a worker process: the models, loaded once, and plain data in and out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.cards import Card, French, Lengths, cut_segment
from extractor.engines.local.forms import Forms, load_forms
from extractor.engines.local.frames import french_frames
from extractor.engines.local.insertions import without_insertion
from extractor.engines.local.parser import DualParser, Unit, load_parser
from extractor.engines.local.segments import Edge, Segment, split_segments
from extractor.engines.local.syntax import Parse
from extractor.engines.local.words import split_words
from extractor.lexicon import french

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
    pieces = [
        _Piece(at, text, segment)
        for at, (_, text) in enumerate(sources)
        for segment in _segments(text, models.french.forms)
    ]
    cards: list[list[Card]] = [[] for _ in sources]
    for piece, found in zip(pieces, _cut_pieces(pieces, models, lengths), strict=True):
        cards[piece.source].extend(found)
    return [CutSource(source_id, tuple(found)) for (source_id, _), found in zip(sources, cards, strict=True)]


@dataclass(frozen=True)
class _Piece:
    """One segment of the source at index `source`."""

    source: int
    text: str
    segment: Segment


def _cut_pieces(pieces: Sequence[_Piece], models: Models, lengths: Lengths) -> list[tuple[Card, ...]]:
    """Cards of each piece; those that give none are tried once more without what stands behind their subject."""
    parses = models.parser.parse([unit_of(piece.segment) for piece in pieces])
    cards = [_cut_piece(piece, parsed, models, lengths) for piece, parsed in zip(pieces, parses, strict=True)]
    shorter = {
        at: replace(piece, segment=segment)
        for at, piece in enumerate(pieces)
        if not cards[at] and (segment := _shortened(piece.segment, parses[at], models.french.forms))
    }
    again = models.parser.parse([unit_of(piece.segment) for piece in shorter.values()])
    for (at, piece), parsed in zip(shorter.items(), again, strict=True):
        cards[at] = _cut_piece(piece, parsed, models, lengths)
    return cards


def _cut_piece(piece: _Piece, parses: Sequence[Parse], models: Models, lengths: Lengths) -> tuple[Card, ...]:
    return cut_segment(piece.text, piece.segment, parses, models.french, lengths)


def _shortened(segment: Segment, parses: Sequence[Parse], forms: Forms) -> Segment | None:
    found = (without_insertion(segment, parse, forms) for parse in parses)
    return next((shorter for shorter in found if shorter is not None), None)


def _segments(text: str, forms: Forms) -> list[Segment]:
    """The segments worth a parse."""
    segments = split_segments(split_words(text), forms)
    reported = [False, *(_reports(one, two, forms) for one, two in pairwise(segments))]
    return [
        segment
        for segment, is_reported in zip(segments, reported, strict=False)
        if not is_reported
        and not segment.aside
        and segment.closer is not Edge.QUESTION
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
        tuple(word.text for word in words), (*spaces, False), segment.mark if segment.mark in {"!", "…"} else "."
    )
