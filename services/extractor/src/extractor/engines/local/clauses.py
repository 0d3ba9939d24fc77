"""Which clauses of a parse the author asserts: finite, with one subject on the left, joined to the root by nothing
but coordination or juxtaposition.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.syntax import Parse

_JOINED = frozenset({"conj", "parataxis"})
_AUXILIARIES = ("aux:tense", "aux:pass", "aux", "cop")
_SUBJECTS = ("nsubj", "nsubj:pass", "expl:subj")
_OTHER_SUBJECTS = ("csubj", "csubj:pass")


@dataclass(frozen=True)
class Clause:
    """Indices into the parse. `head`: the predicate; `finite`: its conjugated word (head, auxiliary or copula);
    `begin`: where the subject begins, or the clause's first word when it has none; `subject`: None when it is to be
    taken from the clause before.
    """

    head: int
    finite: int
    subject: int | None
    begin: int
    negated: bool
    conditional: bool


def find_clauses(parse: Parse, forms: Forms) -> tuple[Clause, ...]:
    """Asserted clauses in order of their verbs, those without a subject of their own among them."""
    found = (_clause(parse, head, forms) for head in range(len(parse)))
    return tuple(sorted((c for c in found if c is not None), key=lambda c: c.finite))


def _clause(parse: Parse, head: int, forms: Forms) -> Clause | None:
    finite = finite_word(parse, head, forms)
    if finite is None or not _is_asserted(parse, head, forms):
        return None
    subjects = [at for at in parse.child(head, *_SUBJECTS) if not _stands_behind(parse, at)]
    if len(subjects) > 1 or any(parse.child(head, *_OTHER_SUBJECTS)):
        return None
    subject = subjects[0] if subjects else None
    if any(_stands_behind(parse, at) for at in parse.child(head, *_SUBJECTS)):
        return None
    first = _verb_group_start(parse, finite)
    begin = first if subject is None else _subject_start(parse, subject)
    if subject is not None and not _subject_fits(parse, subject, first, finite, forms):
        return None
    negated = any(parse.tokens[at].norm in fr.NE for at in range(first, finite))
    conditional = not forms.is_indicative(parse.tokens[finite].norm)
    return Clause(head, finite, subject, begin, negated, conditional)


def bare_subject(parse: Parse, head: int, forms: Forms) -> int | None:
    """The one subject on the left of an asserted predicate, whatever stands between the two."""
    if finite_word(parse, head, forms) is None or not _is_asserted(parse, head, forms):
        return None
    subjects = list(parse.child(head, *_SUBJECTS))
    return subjects[0] if len(subjects) == 1 and not _stands_behind(parse, subjects[0]) else None


def verb_group(parse: Parse, head: int, forms: Forms) -> int | None:
    """Where 'ne le lui a' begins, for a predicate with a conjugated word."""
    finite = finite_word(parse, head, forms)
    return None if finite is None else _verb_group_start(parse, finite)


def finite_word(parse: Parse, head: int, forms: Forms) -> int | None:
    """The conjugated word of a predicate: the first of its auxiliaries and copula, else itself."""
    helpers = [at for at in parse.child(head, *_AUXILIARIES) if at < head]
    at = min(helpers, default=head)
    token = parse.tokens[at]
    if not helpers and token.pos not in {"VERB", "AUX"}:
        return None
    if not forms.is_finite(token.norm) or "VerbForm=Inf" in token.morph:
        return None
    return None if "Mood=Sub" in token.morph or "Mood=Imp" in token.morph else at


def _is_asserted(parse: Parse, head: int, forms: Forms) -> bool:
    """Root, or joined to it through asserted clauses; nothing on the way opens with a conjunction."""
    for at in (head, *parse.ancestors(head)):
        if _is_subordinate(parse, at) or finite_word(parse, at, forms) is None:
            return False
        if parse.tokens[at].head != at and parse.tokens[at].dep not in _JOINED:
            return False
    return True


def _is_subordinate(parse: Parse, head: int) -> bool:
    """Has a conjunction, a relative or a question word of its own in front of the verb."""
    return any(
        child < head
        and (
            parse.tokens[child].dep == "mark"
            or parse.tokens[child].pos == "SCONJ"
            or any(parse.tokens[at].is_relative for at in _phrase(parse, child))
            or parse.tokens[parse.left[child]].norm in fr.QUESTION_WORDS - {"quand", "comme", "si"}
        )
        for child in parse.children[head]
    )


def _phrase(parse: Parse, top: int) -> Iterator[int]:
    """The words of a short phrase: what hangs on `top` directly, and itself."""
    yield top
    yield from parse.children[top]


def _stands_behind(parse: Parse, subject: int) -> bool:
    return subject > parse.tokens[subject].head or parse.tokens[subject].text.startswith("-")


def _verb_group_start(parse: Parse, finite: int) -> int:
    """Where 'ne le lui' before the conjugated word begins."""
    at = finite
    while at > 0 and parse.tokens[at - 1].norm in fr.NE | fr.OBJECT_CLITICS and parse.tokens[at - 1].dep != "det":
        if parse.tokens[at - 1].dep in _SUBJECTS:
            break
        at -= 1
    return at


def _subject_start(parse: Parse, subject: int) -> int:
    """The first word of the subject; an 'et' that a parser hangs on its noun is not part of it."""
    begin = parse.left[subject]
    while begin < subject and (parse.tokens[begin].norm in fr.COORDINATORS or parse.tokens[begin].text == ","):
        begin += 1
    return begin


def _subject_fits(parse: Parse, subject: int, first: int, finite: int, forms: Forms) -> bool:
    if parse.right[subject] + 1 != first:
        return False  # something stands between, so it is not sure that this is the verb's subject
    begin, end = _subject_start(parse, subject), parse.right[subject] + 1
    if any(parse.tokens[at].text == "," or parse.tokens[at].is_relative for at in range(begin, end)):
        return False
    agreement = agreement_of(parse, subject, forms)
    return agreement is not None and forms.agrees(parse.tokens[finite].norm, *agreement)


def agreement_of(parse: Parse, subject: int, forms: Forms) -> tuple[str, str] | None:
    """Person and number that the subject asks of its verb; None when it is no subject to trust."""
    token = parse.tokens[subject]
    if token.norm in fr.SUBJECT_PRONOUNS:
        return _of_pronoun(parse, subject)
    if token.pos not in {"NOUN", "PROPN"}:
        return None
    joined = list(parse.child(subject, "conj"))
    if any(parse.tokens[at].norm in {"ou", "ni"} for top in joined for at in parse.children[top]):
        return None
    number = _number_of_noun(parse, subject, forms)
    return None if number is None else ("3", "p" if joined else number)


def _of_pronoun(parse: Parse, subject: int) -> tuple[str, str] | None:
    norm = parse.tokens[subject].norm
    begin = parse.left[subject]
    alone = begin == subject == parse.right[subject]
    return fr.SUBJECT_PRONOUNS[norm] if alone or parse.norms(begin, subject + 1) == ("l'", "on") else None


def _number_of_noun(parse: Parse, subject: int, forms: Forms) -> str | None:
    """By the determiner; a name or a title needs none, but a bare common word is no subject ('Bouffies se perdit')."""
    first = parse.tokens[parse.left[subject]]
    determiners = [parse.tokens[at].norm for at in parse.children[subject] if at < subject]
    if any(norm in fr.PLURAL_DETERMINERS for norm in determiners):
        return "p"
    if any(norm in fr.SINGULAR_DETERMINERS for norm in determiners):
        return "s"
    if first.norm in fr.TITLES:
        return "p" if first.norm in {"mm.", "mmes", "mlles"} else "s"
    is_name = first.text[:1].isupper() and not forms.is_common_word(first.norm) and not forms.facts(first.norm).verbs
    return "s" if is_name and parse.left[subject] == subject else None
