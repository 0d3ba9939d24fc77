"""All cuts that the rules allow in one parse of one segment."""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, agreement_of, find_clauses
from extractor.engines.local.ends import Cut, End, is_closed, possible_ends
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frames
from extractor.engines.local.segments import Edge, Segment
from extractor.engines.local.starts import possible_begins
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vetoes import Site, veto

_MAX_REPEATED_SUBJECT = 3
_UNREPEATED = frozenset({"ce", "c'", "cela", "ça"})
_AFTER_COORDINATION = frozenset({End.STOP, End.CLAUSE, End.COORDINATED, End.COMMA})

CutKey = tuple[int, int, tuple[int, int] | None]


@dataclass(frozen=True)
class Proposal:
    """`cut` of the segment; `subject`: words [a, b) of the segment to be said again before it; `lead_dropped`: words of
    the same clause before `cut.begin` are left out.
    """

    cut: Cut
    subject: tuple[int, int] | None = None
    lead_dropped: bool = False

    @property
    def key(self) -> CutKey:
        """What makes two parses' proposals the same card."""
        return self.cut.begin, self.cut.end, self.subject


@dataclass(frozen=True)
class _Reading:
    """One parse of a segment and what is asked about it."""

    parse: Parse
    segment: Segment
    clauses: tuple[Clause, ...]
    forms: Forms
    frames: Frames

    def allows(self, clause: Clause, cut: Cut) -> bool:
        joint = self.segment.joint
        if joint is not None and clause.begin < joint < cut.end:
            return False  # 'Ce n'est pas, dit-il, mon affaire': the comma is the incise's, not the sentence's
        if not is_closed(self.parse, clause, cut):
            return False
        return veto(Site(self.parse, clause, cut, self.forms, self.frames)) is None


def propose(parse: Parse, segment: Segment, forms: Forms, frames: Frames) -> Iterator[Proposal]:
    """Every allowed cut, of any length. Nothing for questions and asides."""
    if segment.closer is Edge.QUESTION or segment.aside:
        return
    reading = _Reading(parse, segment, find_clauses(parse, forms), forms, frames)
    for clause in reading.clauses:
        if clause.subject is not None:
            yield from _with_own_subject(reading, clause)
        else:
            yield from _with_repeated_subject(reading, clause)


def _with_own_subject(reading: _Reading, clause: Clause) -> Iterator[Proposal]:
    parse, segment = reading.parse, reading.segment
    begins = possible_begins(parse, clause, segment.opener, reading.forms)
    for end, kind in possible_ends(parse, clause, reading.clauses, segment.closer):
        for begin in begins:
            cut = Cut(begin, end, kind)
            if reading.allows(clause, cut):
                yield Proposal(cut, lead_dropped=_drops_lead(parse, clause, begin))


def _drops_lead(parse: Parse, clause: Clause, begin: int) -> bool:
    return any(at < begin and parse.tokens[at].dep not in {"cc", "punct"} for at in parse.children[clause.head])


def _with_repeated_subject(reading: _Reading, clause: Clause) -> Iterator[Proposal]:
    subject = _subject_before(reading, clause)
    before = reading.parse.tokens[clause.begin - 1] if clause.begin else None
    if subject is None or before is None or (before.text != "," and before.norm not in fr.COORDINATORS):
        return
    if before.text == "," and reading.forms.lemmas(reading.parse.tokens[clause.finite].norm) & fr.SPEECH_LEMMAS:
        return  # 'Elle ne pouvait, déclarait leur rapport, ...': an incise, whose subject stands behind it
    for end, kind in possible_ends(reading.parse, clause, reading.clauses, reading.segment.closer):
        cut = Cut(clause.begin, end, kind)
        if kind in _AFTER_COORDINATION and reading.allows(clause, cut):
            yield Proposal(cut, subject)


def _subject_before(reading: _Reading, clause: Clause) -> tuple[int, int] | None:
    """The subject of the clause that this one is coordinated with, when it is short and fits the verb."""
    parse, forms = reading.parse, reading.forms
    if parse.tokens[clause.head].dep != "conj":
        return None
    by_head = {other.head: other for other in reading.clauses}
    above = (by_head[at] for at in parse.ancestors(clause.head) if at in by_head)
    owner = next((other for other in above if other.subject is not None), None)
    if owner is None or owner.subject is None or not _can_be_repeated(parse, owner.subject):
        return None
    verb, owners_verb = parse.tokens[clause.finite].norm, parse.tokens[owner.finite].norm
    agreement = agreement_of(parse, owner.subject, forms)
    # Verbs told in one breath share a tense; where they do not, the second is often no verb at all.
    if agreement is None or not forms.agrees(verb, *agreement) or not forms.shared_tenses(verb, owners_verb):
        return None
    return parse.left[owner.subject], parse.right[owner.subject] + 1


def _can_be_repeated(parse: Parse, subject: int) -> bool:
    token = parse.tokens[subject]
    words = parse.right[subject] + 1 - parse.left[subject]
    return words <= _MAX_REPEATED_SUBJECT and token.norm not in _UNREPEATED and token.dep != "expl:subj"
