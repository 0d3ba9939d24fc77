"""What a clause can do without: an insertion behind its subject ('Bovary, pendant ce temps-là, n'osait bouger') and
adverbs amid its words ('Il rendit alors prudemment la lettre').
"""

from dataclasses import replace

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import bare_subject, verb_group
from extractor.engines.local.forms import Forms
from extractor.engines.local.segments import Segment
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vocabulary import words as words_of
from extractor.engines.local.words import Word

_FEWEST_WORDS_TO_THIN = 9
_CONNECTIVES = words_of("alors donc enfin ensuite bientôt aussitôt cependant pourtant toutefois néanmoins désormais")
_DAYS = frozenset({"demain", "hier"})
_PARTS_OF_DAY = words_of("matin soir midi minuit")
_TIMES = words_of("demain hier maintenant déjà souvent toujours parfois soudain vraiment")
# Without these the clause would say something else.
TELLING = words_of(
    "évidemment certainement sûrement assurément"
    " apparemment probablement vraisemblablement difficilement faussement vainement inutilement rarement seulement"
    " uniquement exclusivement nullement aucunement autrement tellement comment prétendument soi-disant également"
    " faiblement imparfaitement partiellement éventuellement théoriquement hypothétiquement"
)
_TIED = (
    words_of(
        "presque seulement si plus moins aussi trop très tout fort assez bien tant peu comme le la les un une et ou ni"
        " mais , ne n'"
    )
    | frozenset(fr.PREPOSITIONS)
    | fr.CLAUSE_OPENERS
)
_TIED_BEHIND = words_of("que qu' de d' du des à au aux et ou ni ,")


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


def without_adverbs(segment: Segment, forms: Forms) -> Segment | None:
    """The segment without those adverbs, to be parsed anew; None where it is short, lost an incise or has none. What is
    denied keeps all but connectives.
    """
    words = segment.words
    if segment.joint is not None or len(words) < _FEWEST_WORDS_TO_THIN:
        return None
    denies = any(word.norm in fr.NE for word in words)
    kept = tuple(word for at, word in enumerate(words) if not _may_go(words, at, forms, denies=denies))
    return replace(segment, words=kept, thinned=True) if len(kept) < len(words) else None


def _may_go(words: tuple[Word, ...], at: int, forms: Forms, *, denies: bool) -> bool:
    if not 0 < at < len(words) - 1:
        return False
    if words[at - 1].norm in _TIED or words[at + 1].norm in _TIED_BEHIND:
        return False
    norm = words[at].norm
    if norm in _DAYS and (words[at + 1].norm in _PARTS_OF_DAY or forms.is_finite(words[at + 1].norm)):
        return False  # 'hier soir', 'Demain sera un beau jour'
    return norm in _CONNECTIVES or (not denies and (norm in _TIMES or _tells_manner(norm, forms)))


def _tells_manner(norm: str, forms: Forms) -> bool:
    return norm.endswith("ment") and norm not in TELLING and forms.is_only_adverb(norm)
