"""Which clauses of a parse the author asserts: finite, with one subject on the left, joined to the root by nothing
but coordination or juxtaposition.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.syntax import Parse

_JOINED = frozenset({"conj", "parataxis"})
_AUXILIARIES = ("aux:tense", "aux:pass", "aux", "cop")
_SUBJECTS = ("nsubj", "nsubj:pass", "expl:subj")
_OTHER_SUBJECTS = ("csubj", "csubj:pass")
_MAX_CORE_WORDS = 6
_BEFORE_NOUN = frozenset({"det", "amod", "nummod", "advmod"})
_ALL = frozenset({"tout", "tous", "toute", "toutes"})


class ClauseKind(StrEnum):
    """Why a clause may be told: it is the sentence's own; or what the sentence takes for granted."""

    MAIN = "main"
    FACTIVE = "factive"  # behind 'parce que', 'tandis que': told, though not as the main thing
    RELATIVE = "relative"  # 'un homme qui dormait': he slept
    ORDER = "order"
    WHOLE = "whole"  # all that stands between two of the author's stops, whatever its build


@dataclass(frozen=True)
class Clause:
    """Indices into the parse. `head`: the predicate; `finite`: its conjugated word (head, auxiliary or copula);
    `begin`: where the subject begins, or the clause's first word when it has none; `subject`: None when it is to be
    taken from the clause before. `said_again`: the words [a, b) that are to stand before `begin` as its subject.
    """

    head: int
    finite: int
    subject: int | None
    begin: int
    negated: bool
    conditional: bool = False
    kind: ClauseKind = ClauseKind.MAIN
    said_again: tuple[int, int] | None = None
    article: str = ""


def find_clauses(parse: Parse, forms: Forms) -> tuple[Clause, ...]:
    """Asserted clauses in order of their verbs, those without a subject of their own among them."""
    found = (_clause(parse, head, forms) for head in range(len(parse)))
    return tuple(sorted((c for c in found if c is not None), key=lambda c: c.finite))


def _clause(parse: Parse, head: int, forms: Forms) -> Clause | None:
    finite = finite_word(parse, head, forms)
    if finite is None or not is_asserted(parse, head, forms):
        return None
    subjects = [at for at in parse.child(head, *_SUBJECTS) if not _stands_behind(parse, at)]
    if len(subjects) > 1 or any(parse.child(head, *_OTHER_SUBJECTS)):
        return None
    subject = subjects[0] if subjects else None
    if any(_stands_behind(parse, at) for at in parse.child(head, *_SUBJECTS)):
        return None
    first = verb_group_start(parse, finite)
    begin = first if subject is None else subject_start(parse, subject)
    said_again = None
    if subject is not None and not subject_fits(parse, subject, first, finite, forms):
        said_again = _far_subject(parse, subject, first, finite, forms)
        if said_again is None:
            return None
        begin = first
    negated = any(parse.tokens[at].norm in fr.NE for at in range(first, finite))
    conditional = not forms.is_indicative(parse.tokens[finite].norm)
    return Clause(head, finite, subject, begin, negated, conditional, said_again=said_again)


def _far_subject(parse: Parse, subject: int, first: int, finite: int, forms: Forms) -> tuple[int, int] | None:
    """The noun of a subject whose relative, participle or insertion keeps it from its verb."""
    core = noun_core(parse, subject, forms)
    if core is not None and _is_restricted(parse, subject, core):
        return None
    agreement = agreement_of(parse, subject, forms)
    if core is None or core[1] > first or agreement is None or not opens_as(parse, core, agreement):
        return None
    if parse.tokens[first - 1].pos in {"NOUN", "PROPN", "PRON"} and parse.tokens[first - 2].text == ",":
        return None  # 'L'œil collé au judas, Lecoq examinait'
    if any(parse.tokens[at].text[:1] == "-" for at in range(core[1], first)):
        return None  # ', disait-il,'
    return core if forms.agrees(parse.tokens[finite].norm, *agreement) else None


def _is_restricted(parse: Parse, noun: int, core: tuple[int, int]) -> bool:
    """'l'homme qui les dirige': without its relative it is another man, or all men."""
    definite = parse.tokens[core[0]].norm in fr.DEFINITE and parse.tokens[core[1]].text != ","
    return definite and any(parse.left[at] == core[1] for at in parse.child(noun, "acl:relcl"))


def noun_core(parse: Parse, noun: int, forms: Forms) -> tuple[int, int] | None:
    """Determiner, noun and what belongs to it up to a comma, a relative or a participle; None for a list or no noun."""
    if parse.tokens[noun].pos not in {"NOUN", "PROPN"} or any(parse.child(noun, "conj")):
        return None
    begin = _core_begin(parse, noun, forms)
    if begin is None:
        return None
    loose = [at for at in parse.child(noun, "acl", "acl:relcl", "appos", "punct", "parataxis") if at > noun]
    end = min([parse.left[at] for at in loose] + [parse.right[noun] + 1])
    while end > noun + 1 and parse.tokens[end - 1].text == ",":
        end -= 1
    following = parse.tokens[min(end, len(parse) - 1)].pos
    if following == "PROPN" or (following == "NOUN" and end <= parse.right[noun]):
        return None  # 'l'énergique Cameron'
    if end - begin > _MAX_CORE_WORDS or not _is_plain(parse, noun, begin, end):
        return None
    return begin, end


def _core_begin(parse: Parse, noun: int, forms: Forms) -> int | None:
    """The determiner, be it drawn into a preposition ('des', 'au'); a name or a title needs none."""
    determiner = next((at for at in parse.child(noun, "det") if at < noun), None)
    before = noun if determiner is None else determiner
    fore = [at for at in parse.children[noun] if before < at < noun]
    if any(parse.tokens[at].dep not in _BEFORE_NOUN or parse.tokens[at].pos == "NOUN" for at in fore):
        return None
    previous = parse.tokens[before - 1].norm if before else ""
    if determiner is not None:
        return None if previous in _ALL else determiner
    if parse.tokens[noun].pos == "NOUN" and min(fore, default=noun) == before and previous in fr.CONTRACTIONS:
        return before - 1
    is_title = parse.tokens[noun].norm in fr.TITLES
    is_name = parse.tokens[noun].text[:1].isupper() and not fore
    return noun if is_title or (is_name and _number_of_noun(parse, noun, forms) is not None) else None


def opens_as(parse: Parse, core: tuple[int, int], agreement: tuple[str, str]) -> bool:
    """Whether the first word has the number of the whole: not 'une des trois sorties donnaient'."""
    first = parse.tokens[core[0]].norm
    return first not in (fr.SINGULAR_DETERMINERS if agreement[1] == "p" else fr.PLURAL_DETERMINERS)


def article_for(parse: Parse, core: tuple[int, int]) -> str:
    """What stands for a first word that is a preposition with its article drawn in ('des', 'au'); empty for others."""
    first = parse.tokens[core[0]]
    return fr.CONTRACTIONS.get(first.norm, "") if first.dep != "det" else ""


def _is_plain(parse: Parse, noun: int, begin: int, end: int) -> bool:
    if any(parse.tokens[parse.left[at]].pos != "ADP" for at in parse.child(noun, "nmod") if noun < at < end):
        return False  # another noun, which only happens to stand here
    last = parse.tokens[end - 1]
    inside = parse.tokens[begin:end]
    return last.norm not in fr.FUNCTION_WORDS and not any(t.is_relative or not _is_wordy(t.text) for t in inside)


def _is_wordy(text: str) -> bool:
    return any(ch.isalnum() for ch in text)


def bare_subject(parse: Parse, head: int, forms: Forms) -> int | None:
    """The one subject on the left of an asserted predicate, whatever stands between the two."""
    if finite_word(parse, head, forms) is None or not is_asserted(parse, head, forms):
        return None
    subjects = list(parse.child(head, *_SUBJECTS))
    return subjects[0] if len(subjects) == 1 and not _stands_behind(parse, subjects[0]) else None


def verb_group(parse: Parse, head: int, forms: Forms) -> int | None:
    """Where 'ne le lui a' begins, for a predicate with a conjugated word."""
    finite = finite_word(parse, head, forms)
    return None if finite is None else verb_group_start(parse, finite)


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


def is_asserted(parse: Parse, head: int, forms: Forms) -> bool:
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
        and not _measures(parse, child)
        and (
            parse.tokens[child].dep == "mark"
            or parse.tokens[child].pos == "SCONJ"
            or any(parse.tokens[at].is_relative for at in _phrase(parse, child))
            or parse.tokens[parse.left[child]].norm in fr.QUESTION_WORDS - {"quand", "comme", "si"}
        )
        for child in parse.children[head]
    )


def _measures(parse: Parse, at: int) -> bool:
    """'si grand' is no condition, whatever the parser says."""
    return parse.tokens[at].norm == "si" and parse.tokens[at + 1].pos in {"ADJ", "ADV"}


def _phrase(parse: Parse, top: int) -> Iterator[int]:
    """The words of a short phrase: what hangs on `top` directly, and itself."""
    yield top
    yield from parse.children[top]


def _stands_behind(parse: Parse, subject: int) -> bool:
    return subject > parse.tokens[subject].head or parse.tokens[subject].text.startswith("-")


def verb_group_start(parse: Parse, finite: int) -> int:
    """Where 'ne le lui' before the conjugated word begins."""
    at = finite
    while at > 0 and parse.tokens[at - 1].norm in fr.NE | fr.OBJECT_CLITICS and parse.tokens[at - 1].dep != "det":
        if parse.tokens[at - 1].dep in _SUBJECTS:
            break
        at -= 1
    return at


def subject_start(parse: Parse, subject: int) -> int:
    """The first word of the subject; an 'et' that a parser hangs on its noun is not part of it."""
    begin = parse.left[subject]
    while begin < subject and (parse.tokens[begin].norm in fr.COORDINATORS or parse.tokens[begin].text == ","):
        begin += 1
    return begin


def subject_fits(parse: Parse, subject: int, first: int, finite: int, forms: Forms) -> bool:
    between = range(parse.right[subject] + 1, first)
    if any(parse.tokens[at].norm not in fr.LIGHT_ADVERBS or parse.tokens[at].dep != "advmod" for at in between):
        return False  # something stands between, so it is not sure that this is the verb's subject
    if len(between) > 1 or parse.right[subject] >= first:
        return False
    begin, end = subject_start(parse, subject), parse.right[subject] + 1
    if any(parse.tokens[at].text == "," or parse.tokens[at].is_relative for at in range(begin, end)):
        return False
    agreement = agreement_of(parse, subject, forms)
    return agreement is not None and forms.agrees(parse.tokens[finite].norm, *agreement)


def agreement_of(parse: Parse, subject: int, forms: Forms) -> tuple[str, str] | None:
    """Person and number that the subject asks of its verb; None when it is no subject to trust."""
    token = parse.tokens[subject]
    if token.norm in fr.SUBJECT_PRONOUNS:
        return _of_pronoun(parse, subject)
    if token.norm in fr.INDEFINITE_SUBJECTS:
        return ("3", "s") if subject_start(parse, subject) == parse.right[subject] else None
    if token.pos not in {"NOUN", "PROPN"} or token.norm in fr.OBJECT_CLITICS | fr.SUBJECT_PRONOUNS.keys():
        return None
    if forms.facts(token.norm).verbs and not forms.is_common_word(token.norm) and token.text[:1].islower():
        return None  # 'le sermonna': a verb that the parser took for a noun
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
    begin = subject_start(parse, subject)
    first = parse.tokens[begin]
    determiners = [parse.tokens[at].norm for at in parse.children[subject] if at < subject]
    if any(norm in fr.PLURAL_DETERMINERS for norm in determiners):
        return "p"
    if any(norm in fr.SINGULAR_DETERMINERS for norm in determiners):
        return "s"
    if first.norm in fr.TITLES:
        return "p" if first.norm in {"mm.", "mmes", "mlles"} else "s"
    plain = begin == subject or parse.tokens[subject - 1].text == ","
    return "s" if plain and _is_name(parse, subject, forms) else None


def _is_name(parse: Parse, at: int, forms: Forms) -> bool:
    """A capital says so but at the beginning, where any word has one."""
    token = parse.tokens[at]
    if not token.text[:1].isupper():
        return False
    if at > 0 or token.norm in fr.GIVEN_NAMES:
        return True
    return not forms.is_common_word(token.norm) and not forms.facts(token.norm).verbs
