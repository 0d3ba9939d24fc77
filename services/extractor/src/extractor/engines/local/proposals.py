"""All cuts that the rules allow in one parse of one segment."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, ClauseKind, agreement_of, find_clauses, subject_start
from extractor.engines.local.ends import Cut, End, possible_ends, tears_of
from extractor.engines.local.features import Features, features_of
from extractor.engines.local.forms import Forms
from extractor.engines.local.frames import Frames
from extractor.engines.local.presupposed import find_presupposed
from extractor.engines.local.segments import Edge, Segment
from extractor.engines.local.site import Context, Site
from extractor.engines.local.starts import possible_begins
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vetoes import objections_to
from extractor.engines.local.wholes import whole_clause
from extractor.engines.local.words import count_words_of

_MAX_REPEATED_SUBJECT = 5
_RELATIVES = frozenset({"qui", "que", "qu'", "dont", "où", "lequel", "laquelle", "auquel", "auxquels", "duquel"})
_BEFORE_SUBJECTLESS = frozenset({"cc", "punct", "advmod", "mark"})
_UNREPEATED = frozenset({"ce", "c'", "cela", "ça"})

CutKey = tuple[int, int, tuple[int, int] | None]
# Whether a card may have these objections against it.
Permits = Callable[[Collection[str]], bool]


@dataclass(frozen=True)
class Proposal:
    """`cut` of the segment; `subject`: words [a, b) of the segment to be said again before it; `lead_dropped`: words of
    the same clause before `cut.begin` are left out. `features`: what the learned confidence looks at.
    """

    cut: Cut
    subject: tuple[int, int] | None = None
    lead_dropped: bool = False
    article: str = ""
    features: Features = field(default_factory=dict)

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
    permits: Permits
    most_words: int

    def site(self, clause: Clause, cut: Cut) -> Site | None:
        """The cut in its place, or None where it is too long or what speaks against it is not permitted."""
        if self.count_words(cut) > self.most_words:
            return None
        joint = self.segment.joint
        if joint is not None and clause.begin < joint < cut.end:
            return None  # 'Ce n'est pas, dit-il, mon affaire': the comma is the incise's, not the sentence's
        if not cut.begin <= clause.head < cut.end:
            return None
        context = Context(self.segment.before, self.segment.after)
        site = Site(self.parse, clause, cut, self.forms, self.frames, context)
        objections: list[str] = []
        for objection in chain(self._tears(clause, cut), objections_to(site)):
            objections.append(objection)
            if not self.permits(objections):
                return None
        return replace(site, objections=tuple(objections))

    def _tears(self, clause: Clause, cut: Cut) -> Iterator[str]:
        return iter(()) if clause.kind is ClauseKind.WHOLE else tears_of(self.parse, clause, cut)

    def count_words(self, cut: Cut) -> int:
        return count_words_of(self.segment.words[cut.begin : cut.end])


def propose(
    parse: Parse, segment: Segment, forms: Forms, frames: Frames, permits: Permits, most_words: int
) -> Iterator[Proposal]:
    """Every allowed cut whose own words are not more than `most_words`. Nothing for asides; a question only whole."""
    if segment.aside:
        return
    clauses = find_clauses(parse, forms)
    reading = _Reading(parse, segment, clauses, forms, frames, permits, most_words)
    if segment.closer is not Edge.QUESTION:
        for clause in (*clauses, *find_presupposed(parse, forms)):
            yield from _of_clause(reading, clause)
    yield from _whole(reading)


def _of_clause(reading: _Reading, clause: Clause) -> Iterator[Proposal]:
    if clause.said_again is not None:
        yield from _with_subject(reading, clause, clause.said_again)
    elif clause.subject is None and clause.kind is ClauseKind.MAIN:
        subject = _repeatable(reading, clause)
        if subject is not None:
            yield from _with_subject(reading, clause, subject)
    else:
        yield from _with_own_subject(reading, clause)


def _with_own_subject(reading: _Reading, clause: Clause) -> Iterator[Proposal]:
    parse, segment = reading.parse, reading.segment
    begins = possible_begins(parse, clause, segment.opener, reading.forms)
    for end, kind in possible_ends(parse, clause, reading.clauses, segment.closer):
        for begin, start in begins:
            site = reading.site(clause, Cut(begin, end, kind))
            if site is not None:
                dropped = _drops_lead(parse, clause, begin)
                yield Proposal(site.cut, lead_dropped=dropped, features=features_of(site, segment, start.value))


def _with_subject(reading: _Reading, clause: Clause, subject: tuple[int, int]) -> Iterator[Proposal]:
    for end, kind in possible_ends(reading.parse, clause, reading.clauses, reading.segment.closer):
        site = reading.site(clause, Cut(clause.begin, end, kind))
        if site is not None:
            features = features_of(site, reading.segment, "repeated", subject)
            yield Proposal(site.cut, subject, article=clause.article, features=features)


def _whole(reading: _Reading) -> Iterator[Proposal]:
    """All that the author put between two stops, where it is a sentence of any build."""
    clause = whole_clause(reading.parse, reading.segment, reading.forms)
    if clause is None:
        return
    kind = End.QUESTION if reading.segment.closer is Edge.QUESTION else End.STOP
    site = reading.site(clause, Cut(clause.begin, len(reading.parse) - 1, kind))
    if site is not None:
        yield Proposal(site.cut, features=features_of(site, reading.segment, "fresh"))


def _drops_lead(parse: Parse, clause: Clause, begin: int) -> bool:
    return any(at < begin and parse.tokens[at].dep not in {"cc", "punct"} for at in parse.children[clause.head])


def _repeatable(reading: _Reading, clause: Clause) -> tuple[int, int] | None:
    """The subject to say again before a coordinated verb without one."""
    subject = _subject_before(reading, clause)
    before = reading.parse.tokens[clause.begin - 1] if clause.begin else None
    if subject is None or before is None or (before.text != "," and before.norm not in fr.COORDINATORS):
        return None
    fronted = (at for at in reading.parse.children[clause.head] if at < clause.begin)
    if any(reading.parse.tokens[at].dep not in _BEFORE_SUBJECTLESS for at in fronted):
        return None  # a noun that the parser did not take for the subject
    if before.text == "," and _names_another(reading, clause):
        return None
    if before.text == "," and reading.forms.lemmas(reading.parse.tokens[clause.finite].norm) & fr.SPEECH_LEMMAS:
        return None  # 'Elle ne pouvait, déclarait leur rapport, ...': an incise, whose subject stands behind it
    return subject


def _names_another(reading: _Reading, clause: Clause) -> bool:
    """'Il partit, et Jack, endormi, ne vit rien': behind the last 'et' a noun begins, which may be the subject; so may
    a 'qui'.
    """
    tokens = reading.parse.tokens
    at = clause.begin - 1
    while at > 0 and tokens[at].norm not in fr.COORDINATORS | _RELATIVES:
        if tokens[at].pos in {"VERB", "AUX"} and reading.forms.is_finite(tokens[at].norm):
            return False
        at -= 1
    if tokens[at].norm in _RELATIVES:
        return True
    return at > 0 and tokens[at + 1].pos in {"DET", "NOUN", "PROPN", "PRON", "ADJ"}


def _subject_before(reading: _Reading, clause: Clause) -> tuple[int, int] | None:
    """The subject of the clause that this one is coordinated with, when it is short and fits the verb."""
    parse, forms = reading.parse, reading.forms
    if parse.tokens[clause.head].dep != "conj":
        return None
    by_head = {other.head: other for other in reading.clauses}
    above = (by_head[at] for at in parse.ancestors(clause.head) if at in by_head)
    owner = next((other for other in above if other.subject is not None), None)
    if owner is None or owner.subject is None:
        return None
    again = owner.said_again or _short_subject(parse, owner.subject)
    if again is None:
        return None
    verb, owners_verb = parse.tokens[clause.finite].norm, parse.tokens[owner.finite].norm
    agreement = agreement_of(parse, owner.subject, forms)
    # Verbs told in one breath share a tense; where they do not, the second is often no verb at all.
    if agreement is None or not forms.agrees(verb, *agreement) or not forms.shared_tenses(verb, owners_verb):
        return None
    return again


def _short_subject(parse: Parse, subject: int) -> tuple[int, int] | None:
    token = parse.tokens[subject]
    begin, end = subject_start(parse, subject), parse.right[subject] + 1
    short = end - begin <= _MAX_REPEATED_SUBJECT and token.norm not in _UNREPEATED and token.dep != "expl:subj"
    return (begin, end) if short else None
