"""What runs in a worker process: the models, loaded once, and plain data in and out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.cards import Card, Lengths, cut_segment
from extractor.engines.local.forms import Forms, load_forms
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


@cache
def _models() -> DualParser:
    return load_parser(load_forms(french()))


def load_models() -> None:
    """Initializer of a worker. Raises LexiconMissingError and OSError (a model is not installed)."""
    _models()


def cut_sources(sources: Sequence[tuple[str, str]], least: int, most: int) -> list[CutSource]:
    """Cards of (id, text) pairs. A sentence's cards depend on its text and the lengths alone."""
    parser = _models()
    lengths = Lengths(least, most)
    plans = [(text, _segments(text, parser.forms)) for _, text in sources]
    parsed = iter(parser.parse([_unit(segment) for _, segments in plans for segment in segments]))
    return [
        CutSource(source_id, tuple(_cards(text, segments, parsed, parser.forms, lengths)))
        for (source_id, _), (text, segments) in zip(sources, plans, strict=True)
    ]


def _cards(
    text: str, segments: Iterable[Segment], parsed: Iterator[tuple[Parse, ...]], forms: Forms, lengths: Lengths
) -> Iterator[Card]:
    for segment in segments:
        yield from cut_segment(text, segment, next(parsed), forms, lengths)


def _segments(text: str, forms: Forms) -> list[Segment]:
    """The segments worth a parse."""
    segments = split_segments(split_words(text), forms)
    told = [False, *(_tells(one, forms) and two.opener is Edge.COLON for one, two in pairwise(segments))]
    return [
        segment
        for segment, reported in zip(segments, told, strict=False)
        if not reported
        and not segment.aside
        and segment.closer is not Edge.QUESTION
        and len(segment.words) >= _LEAST_WORDS
        and any(forms.is_finite(word.norm) for word in segment.words)
    ]


def _tells(segment: Segment, forms: Forms) -> bool:
    """Says or thinks something: what follows its colon is reported."""
    return any(forms.lemmas(word.norm) & fr.SPEECH_LEMMAS for word in segment.words)


def _unit(segment: Segment) -> Unit:
    words = segment.words
    spaces = tuple(one.end < two.begin for one, two in pairwise(words))
    return Unit(
        tuple(word.text for word in words), (*spaces, False), segment.mark if segment.mark in {"!", "…"} else "."
    )
