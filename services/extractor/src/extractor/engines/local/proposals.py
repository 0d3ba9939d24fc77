"""All cuts that the rules allow in one parse of one segment."""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, agreement_of, find_clauses
from extractor.engines.local.ends import Cut, End, is_closed, possible_ends
from extractor.engines.local.forms import Forms
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


def propose(parse: Parse, segment: Segment, forms: Forms) -> Iterator[Proposal]:
    """Every allowed cut, of any length. Nothing for questions and asides."""
    if segment.closer is Edge.QUESTION or segment.aside:
        return
    clauses = find_clauses(parse, forms)
    for clause in clauses:
        if clause.subject is not None:
            yield from _with_own_subject(parse, segment, clause, clauses, forms)
        else:
            yield from _with_repeated_subject(parse, segment, clause, clauses, forms)


def _with_own_subject(
    parse: Parse, segment: Segment, clause: Clause, clauses: tuple[Clause, ...], forms: Forms
) -> Iterator[Proposal]:
    begins = possible_begins(parse, clause, segment.opener, forms)
    for end, kind in possible_ends(parse, clause, clauses, segment.closer):
        for begin in begins:
            cut = Cut(begin, end, kind)
            if is_closed(parse, clause, cut) and veto(Site(parse, clause, cut, forms)) is None:
                dropped = any(
                    at < begin and parse.tokens[at].dep not in {"cc", "punct"} for at in parse.children[clause.head]
                )
                yield Proposal(cut, lead_dropped=dropped)


def _with_repeated_subject(
    parse: Parse, segment: Segment, clause: Clause, clauses: tuple[Clause, ...], forms: Forms
) -> Iterator[Proposal]:
    subject = _subject_before(parse, clause, clauses, forms)
    before = parse.tokens[clause.begin - 1] if clause.begin else None
    if subject is None or before is None or (before.text != "," and before.norm not in fr.COORDINATORS):
        return
    for end, kind in possible_ends(parse, clause, clauses, segment.closer):
        cut = Cut(clause.begin, end, kind)
        if (
            kind in _AFTER_COORDINATION
            and is_closed(parse, clause, cut)
            and veto(Site(parse, clause, cut, forms)) is None
        ):
            yield Proposal(cut, subject)


def _subject_before(parse: Parse, clause: Clause, clauses: tuple[Clause, ...], forms: Forms) -> tuple[int, int] | None:
    """The subject of the clause that this one is coordinated with, when it is short and fits the verb."""
    if parse.tokens[clause.head].dep != "conj":
        return None
    by_head = {other.head: other for other in clauses}
    owner = next(
        (by_head[at] for at in parse.ancestors(clause.head) if at in by_head and by_head[at].subject is not None), None
    )
    if owner is None or owner.subject is None or not _same_tense(parse, owner, clause, forms):
        return None
    begin, end = parse.left[owner.subject], parse.right[owner.subject] + 1
    agreement = agreement_of(parse, owner.subject, forms)
    short = end - begin <= _MAX_REPEATED_SUBJECT and parse.tokens[owner.subject].norm not in _UNREPEATED
    real = parse.tokens[owner.subject].dep != "expl:subj"
    if agreement is None or not short or not real or not forms.agrees(parse.tokens[clause.finite].norm, *agreement):
        return None
    return begin, end


def _same_tense(parse: Parse, one: Clause, other: Clause, forms: Forms) -> bool:
    """Verbs told in one breath share a tense; where they do not, the second is often no verb at all."""
    one_form, other_form = parse.tokens[one.finite].norm, parse.tokens[other.finite].norm
    return bool(forms.shared_tenses(one_form, other_form))
