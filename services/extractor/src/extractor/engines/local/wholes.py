"""Whole segments: what the author put between two stops is a sentence if its root is a conjugated verb."""

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, ClauseKind, agreement_of, finite_word
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import INCISE_LEMMAS, Edge, Segment
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vocabulary import words as words_of

_STOPS = frozenset({Edge.FULL_STOP, Edge.SEMICOLON, Edge.QUESTION})
_FRESH = frozenset({Edge.START, Edge.FULL_STOP, Edge.QUESTION, Edge.SEMICOLON, Edge.QUOTE})
_OPENERS_OF_PARTS = frozenset(
    {"qui", "que", "qu'", "dont", "si", "s'", "lequel", "laquelle", "auquel", "ce", "ni", "ou", "soit"}
)
_SUBJECTS_BEHIND = words_of("-je -tu -il -elle -on -nous -vous -ils -elles -t-il -t-elle -t-on -t-ils -t-elles -ce")
_ASKED = frozenset({"-tu", "-nous", "-vous"})
_SUBJECTS = ("nsubj", "nsubj:pass", "expl:subj", "csubj")


def whole_clause(parse: Parse, segment: Segment, forms: Forms) -> Clause | None:
    """The segment as one clause, 'et' and 'mais' before it left out."""
    if segment.opener not in _FRESH or segment.closer not in _STOPS or segment.joint is not None:
        return None
    if segment.closer is Edge.QUESTION:
        asked = _asked(parse, forms)
        if asked is not None:
            return asked
    root = next((at for at, token in enumerate(parse.tokens) if token.head == at), None)
    finite = None if root is None else finite_word(parse, root, forms)
    if root is None or finite is None:
        return None
    begin = _begin(parse)
    subject = next(iter(parse.child(root, *_SUBJECTS)), None)
    asks = segment.closer is Edge.QUESTION
    if begin > finite or subject is None or (not asks and _is_part(parse, begin, root)):
        return None
    if not asks and not _agrees(parse, subject, finite, forms):
        return None
    conditional = not forms.is_indicative(parse.tokens[finite].norm)
    negated = any(parse.tokens[at].norm in fr.NE for at in range(begin, finite))
    return Clause(root, finite, subject, begin, negated, conditional, ClauseKind.WHOLE)


def _asked(parse: Parse, forms: Forms) -> Clause | None:
    """A question by its words: 'Es-tu malade', 'Est-ce qu'il vient'. The parsers know few of them."""
    begin = _begin(parse)
    norms = parse.norms(0, len(parse))
    if norms[begin : begin + 2] == ("est", "-ce") and norms[begin + 2] in {"que", "qu'"}:
        return _asked_of(parse, begin, begin + 3, forms)
    for at in range(begin + 1, len(parse)):
        tag = norms[at] == "-ce" and norms[at - 2] in fr.NE  # 'n'est-ce pas'
        tag = tag or (norms[at] not in _ASKED and bool(forms.lemmas(norms[at - 1]) & INCISE_LEMMAS))  # 'm'écriai-je'
        if norms[at] in _SUBJECTS_BEHIND and forms.is_finite(norms[at - 1]) and not tag:
            negated = any(norm in fr.NE for norm in norms[begin:at])
            conditional = not forms.is_indicative(norms[at - 1])
            return Clause(_predicate(parse, at - 1), at - 1, at, begin, negated, conditional, ClauseKind.WHOLE)
    return None


def _asked_of(parse: Parse, begin: int, subject: int, forms: Forms) -> Clause | None:
    """Behind 'est-ce que', a pronoun and its verb."""
    agreement = fr.SUBJECT_PRONOUNS.get(parse.tokens[subject].norm)
    verb = subject + 1
    while verb < len(parse) and parse.tokens[verb].norm in fr.NE | fr.OBJECT_CLITICS:
        verb += 1
    if agreement is None or verb >= len(parse) or not forms.agrees(parse.tokens[verb].norm, *agreement):
        return None
    negated = any(norm in fr.NE for norm in parse.norms(subject, verb))
    conditional = not forms.is_indicative(parse.tokens[verb].norm)
    return Clause(_predicate(parse, verb), verb, subject, begin, negated, conditional, ClauseKind.WHOLE)


def _predicate(parse: Parse, verb: int) -> int:
    """What an auxiliary or a copula helps: 'as-tu [vu]'."""
    token = parse.tokens[verb]
    return token.head if token.dep.startswith(("aux", "cop")) and token.head > verb else verb


def _agrees(parse: Parse, subject: int, finite: int, forms: Forms) -> bool:
    agreement = agreement_of(parse, subject, forms)
    return agreement is None or forms.agrees(parse.tokens[finite].norm, *agreement)


def _begin(parse: Parse) -> int:
    at = 0
    while at < len(parse) - 1 and (
        parse.tokens[at].text == "," or parse.tokens[at].norm in fr.COORDINATORS - {"puis", "donc"}
    ):
        at += 1
    return at


def _is_part(parse: Parse, begin: int, root: int) -> bool:
    """A relative, a subordinate or an incise that only hangs on what stands before the stop."""
    first = parse.tokens[begin]
    marked = any(at < root and parse.tokens[at].dep == "mark" for at in parse.children[root])
    opens = next(t for t in parse.tokens[begin:] if t.norm not in fr.OBJECT_CLITICS | fr.NE or t.dep == "det")
    if opens.pos in {"VERB", "AUX"}:
        return True
    return first.norm in _OPENERS_OF_PARTS or first.is_relative or marked
