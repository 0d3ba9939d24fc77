"""What runs in a worker process: the models, loaded once, and plain data in and out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.cards import Card, French, Lengths, cut_segment
from extractor.engines.local.forms import Forms, load_forms
from extractor.engines.local.frames import french_frames
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
    models = load_all()
    parser = models.parser
    lengths = Lengths(least, most)
    plans = [(text, _segments(text, parser.forms)) for _, text in sources]
    parsed = iter(parser.parse([unit_of(segment) for _, segments in plans for segment in segments]))
    return [
        CutSource(source_id, tuple(_cards(text, segments, parsed, models.french, lengths)))
        for (source_id, _), (text, segments) in zip(sources, plans, strict=True)
    ]


def _cards(
    text: str, segments: Iterable[Segment], parsed: Iterator[tuple[Parse, ...]], known: French, lengths: Lengths
) -> Iterator[Card]:
    for segment in segments:
        yield from cut_segment(text, segment, next(parsed), known, lengths)


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
