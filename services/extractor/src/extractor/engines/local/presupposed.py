"""Clauses that a sentence takes for granted, and orders: told by the author, though not as his main clause."""

from collections.abc import Iterator

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import (
    Clause,
    ClauseKind,
    agreement_of,
    article_for,
    finite_word,
    is_asserted,
    noun_core,
    opens_as,
    subject_fits,
    subject_start,
    verb_group_start,
)
from extractor.engines.local.forms import Forms
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vocabulary import words as words_of

_SUBJECTS = ("nsubj", "nsubj:pass", "expl:subj")
# 'parce que' and its like tell a fact in any tense; 'quand' only before a passé simple ('when' may be 'if').
_ALWAYS_FACTS = frozenset({"parce", "tandis", "pendant", "alors", "sorte", "maintenant", "depuis"})
_FACTS_ONCE = frozenset({"dès", "aussitôt", "après", "sitôt"})
_ONE_WORD = frozenset({"puisque", "puisqu'"})
_ONE_WORD_ONCE = frozenset({"quand", "lorsque", "lorsqu'", "comme"})
# 'au moment où ils rentraient': it came, if it is told as past.
_TIMES = words_of("moment instant jour soir matin heure nuit époque temps minute année")
_PAST = frozenset("IJ")
# 'si grand que tous le virent'.
_SO = words_of("si tellement tant tel telle tels telles")
_FAR = 6
# Who saw or learned it did not make it so.
_KNOWING = words_of("savoir voir apercevoir remarquer constater apprendre reconnaître découvrir rappeler souvenir")
_DOUBTERS = frozenset({"comme", "que", "qu'", "tel", "telle", "si", "ni", "ou", "sans", "aucun", "aucune", "nul"})


def find_presupposed(parse: Parse, forms: Forms) -> Iterator[Clause]:
    """Factive subordinates, relatives with 'qui', and orders."""
    for head in range(len(parse) - 1):
        for find in (_factive, _relative, _order):
            clause = find(parse, head, forms)
            if clause is not None:
                yield clause
                break


def _factive(parse: Parse, head: int, forms: Forms) -> Clause | None:
    finite = finite_word(parse, head, forms)
    subjects = list(parse.child(head, *_SUBJECTS))
    if finite is None or len(subjects) != 1 or subjects[0] > finite:
        return None
    subject = subjects[0]
    begin, first = subject_start(parse, subject), verb_group_start(parse, finite)
    if not forms.is_indicative(parse.tokens[finite].norm) or not subject_fits(parse, subject, first, finite, forms):
        return None
    if not _opens_fact(parse, begin, finite, forms, once=head == finite) or not _stands_in_facts(parse, head, forms):
        return None
    return Clause(head, finite, subject, begin, _is_negated(parse, first, finite), kind=ClauseKind.FACTIVE)


def _opens_fact(parse: Parse, begin: int, finite: int, forms: Forms, *, once: bool) -> bool:
    """Whether the conjunction right before `begin` states a fact. `once`: the verb is one word ('il eut fini' needs
    what came then).
    """
    if begin == 0:
        return False
    conjunction = parse.tokens[begin - 1].norm
    once = once and forms.is_passe_simple(parse.tokens[finite].norm)
    before = parse.tokens[begin - 2].norm if begin > 1 else ""
    if conjunction in {"que", "qu'"}:
        told = before in _ALWAYS_FACTS or (once and before in _FACTS_ONCE)
        return told or _follows_so(parse, begin, forms) or bool(forms.lemmas(before) & _KNOWING)
    if conjunction == "où":
        return before in _TIMES and not _PAST.isdisjoint(forms.facts(parse.tokens[finite].norm).tenses)
    opens = conjunction == "comme" and before in {"", ",", "et", "mais", "or"}
    return opens or conjunction in _ONE_WORD or (once and conjunction in _ONE_WORD_ONCE)


def _follows_so(parse: Parse, begin: int, forms: Forms) -> bool:
    """'J'étais si lasse que [je tombai]': a few words before, with no other verb between."""
    for at in range(begin - 2, max(begin - 2 - _FAR, -1), -1):
        if parse.tokens[at].norm in _SO:
            return True
        if forms.is_only_verb(parse.tokens[at].norm):
            return False
    return False


def _relative(parse: Parse, head: int, forms: Forms) -> Clause | None:
    finite = finite_word(parse, head, forms)
    who = next((at for at in parse.child(head, *_SUBJECTS) if parse.tokens[at].norm == "qui"), None)
    if finite is None or who is None or who > finite or parse.tokens[head].dep != "acl:relcl":
        return None
    noun, first = parse.tokens[head].head, verb_group_start(parse, finite)
    if noun > who or first != who + 1 or not forms.is_indicative(parse.tokens[finite].norm):
        return None
    core = _antecedent(parse, noun, who, finite, forms)
    if core is None or not _is_real(parse, core, noun, finite, forms) or not _stands_in_facts(parse, head, forms):
        return None
    return Clause(
        head,
        finite,
        who,
        first,
        _is_negated(parse, first, finite),
        kind=ClauseKind.RELATIVE,
        said_again=core,
        article=article_for(parse, core),
    )


def _antecedent(parse: Parse, noun: int, who: int, finite: int, forms: Forms) -> tuple[int, int] | None:
    """The words that 'qui' stands for, where it is sure which."""
    core, agreement = noun_core(parse, noun, forms), agreement_of(parse, noun, forms)
    if core is None or agreement is None or not _joins_at(parse, core, who):
        return None
    if _is_ambiguous(parse, noun, forms, agreement) or not opens_as(parse, core, agreement):
        return None
    return core if forms.agrees(parse.tokens[finite].norm, *agreement) else None


def _is_ambiguous(parse: Parse, noun: int, forms: Forms, agreement: tuple[str, str]) -> bool:
    """'cette porte de la citadelle, qui ...': either noun may be meant."""
    above = parse.tokens[noun].head
    if parse.tokens[noun].dep not in {"nmod", "appos", "conj"} or parse.tokens[above].pos not in {"NOUN", "PROPN"}:
        return False
    return agreement_of(parse, above, forms) in {agreement, None}


def _joins_at(parse: Parse, core: tuple[int, int], who: int) -> bool:
    """Nothing but a comma stands between the noun and its 'qui'."""
    return core[1] == who or (core[1] == who - 1 and parse.tokens[core[1]].text == ",")


def _is_real(parse: Parse, core: tuple[int, int], noun: int, finite: int, forms: Forms) -> bool:
    """One thing of the story, not 'comme un homme qui ...' nor 'a man who loves'."""
    begin = core[0]
    if begin and parse.tokens[begin - 1].norm in _DOUBTERS:
        return False
    if not fr.DEGREES.isdisjoint(parse.norms(*core)) or parse.tokens[begin].norm in {
        "aucun",
        "aucune",
        "chaque",
        "nul",
    }:
        return False
    tenses = forms.facts(parse.tokens[finite].norm).tenses
    particular = parse.tokens[begin].norm not in fr.DEFINITE | {"un", "une", "quelque", "quelques"}
    generic = not {"P", "F"}.isdisjoint(tenses) and not particular
    return not generic and not any(parse.tokens[at].norm in _DOUBTERS for at in parse.children[noun])


def _stands_in_facts(parse: Parse, head: int, forms: Forms) -> bool:
    """The clause above is asserted itself and not denied."""
    above = next((at for at in parse.ancestors(head) if finite_word(parse, at, forms) is not None), None)
    if above is None or not is_asserted(parse, above, forms):
        return False
    finite = finite_word(parse, above, forms)
    if finite is None or not forms.is_indicative(parse.tokens[finite].norm):
        return False
    return not _is_negated(parse, verb_group_start(parse, finite), finite)


def _is_negated(parse: Parse, first: int, finite: int) -> bool:
    return any(parse.tokens[at].norm in fr.NE for at in range(first, finite))


def _order(parse: Parse, head: int, forms: Forms) -> Clause | None:
    """'Prenez cette lettre': an imperative at the root, with nothing before it but 'mais', 'donc' and the like."""
    token = parse.tokens[head]
    by_words = head == 0 and token.norm.endswith(("ez", "ons"))
    if (
        not forms.is_order(token.norm)
        or (token.dep not in {"ROOT", "conj", "parataxis"} and not by_words)
        or any(parse.child(head, *_SUBJECTS, "mark", "aux:tense", "aux:pass", "cop"))
    ):
        return None
    first = verb_group_start(parse, head)
    plain = token.text[-2:] in {"ez", "ns"} or "Mood=Imp" in token.morph
    if not plain or (first > 0 and not _is_joint(parse, first - 1)):
        return None
    return Clause(head, head, None, first, _is_negated(parse, first, head), kind=ClauseKind.ORDER)


def _is_joint(parse: Parse, at: int) -> bool:
    token = parse.tokens[at]
    return token.text == "," or token.norm in fr.COORDINATORS or token.norm in fr.LIGHT_ADVERBS
