"""What stands between commas after a subject ('Bovary, pendant ce temps-là, n'osait bouger'), to be left out."""

from dataclasses import replace

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import bare_subject, verb_group
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Segment
from extractor.engines.local.syntax import Parse


def without_insertion(segment: Segment, parse: Parse, forms: Forms) -> Segment | None:
    """The segment without the first such insertion, to be parsed anew; None where there is none to leave out."""
    if segment.joint is not None:
        return None
    for head in range(len(parse)):
        gap = _gap(parse, head, forms)
        if gap is not None:
            begin, end = gap
            return replace(segment, words=segment.words[:begin] + segment.words[end:], shortened=True)
    return None


def _gap(parse: Parse, head: int, forms: Forms) -> tuple[int, int] | None:
    """From the comma behind the subject to the word behind the comma before the verb."""
    subject, first = bare_subject(parse, head, forms), verb_group(parse, head, forms)
    if subject is None or first is None or parse.tokens[first - 1].text != ",":
        return None
    comma = next((at for at in range(subject + 1, first - 1) if parse.tokens[at].text == ","), None)
    if comma is not None and _holds_verb(parse, subject, comma, forms):
        return None  # another verb of the same subject
    inverted = any(parse.tokens[at].text[:1] == "-" for at in range(subject, first))
    if comma is None or inverted or not fr.CONDITIONS.isdisjoint(parse.norms(comma, first)):
        return None
    return comma, first


def _holds_verb(parse: Parse, begin: int, end: int, forms: Forms) -> bool:
    return any(
        forms.is_finite(token.norm) and (token.pos in {"VERB", "AUX"} or not forms.is_common_word(token.norm))
        for token in parse.tokens[begin:end]
    )
