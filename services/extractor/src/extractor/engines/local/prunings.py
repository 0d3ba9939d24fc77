"""A clause without its last phrases, parsed again as a sentence: 'Il s'assit sur une caisse [placée au fond]'.

Cuts that `ends` does not see, because the parser hung the phrase on another word or the clause was read otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.clauses import Clause, ClauseKind, find_clauses
from extractor.engines.local.forms import Forms
from extractor.engines.local.insertions import TELLING
from extractor.engines.local.presupposed import find_presupposed
from extractor.engines.local.segments import Edge, Segment
from extractor.engines.local.syntax import Parse
from extractor.engines.local.vocabulary import words as words_of
from extractor.engines.local.wholes import whole_clause
from extractor.engines.local.words import count_words_of

_LEAST_WORDS = 3
_MOST_OF_CLAUSE = 3
_MOST_PHRASES = 12
# What each loose phrase costs: what is seldom missed first.
_COSTS = {
    "vocative": 1.0,
    "discourse": 1.0,
    "advmod": 1.0,
    "parataxis": 1.0,
    "appos": 1.0,
    "acl:relcl": 1.2,
    "advcl": 1.5,
    "amod": 1.5,
    "acl": 1.5,
    "conj": 1.5,
    "obl:mod": 1.5,
    "obl:agent": 2.0,
    "nmod": 2.0,
    "obl": 2.0,
    "obl:arg": 3.0,
}
_WORTH_OF_WORD = 0.3
# Without these a noun or a clause would be another.
_NEEDED = TELLING | words_of(
    "seul seule seuls seules premier première premiers premières dernier dernière derniers dernières même mêmes autre"
    " autres tel telle tels telles certain certaine certains certaines demi demie prétendu prétendue faux fausse futur"
    " future ancien ancienne anciens anciennes feu nul nulle aucun aucune double mort morte moitié presque trop peu"
    " moins plus si aussi ne n' pas point jamais rien guère personne"
)


@dataclass(frozen=True)
class _Phrase:
    """The words [begin, end) with all that hangs on `top`."""

    begin: int
    end: int
    top: int
    dep: str


@dataclass(frozen=True)
class _Pruning:
    """A clause's words [begin, end); `tail`: what was left out behind them, the last phrase first."""

    begin: int
    end: int
    tail: tuple[_Phrase, ...]
    words: int

    @property
    def cost(self) -> float:
        return sum(_COSTS[phrase.dep] for phrase in self.tail) - _WORTH_OF_WORD * self.words


def prunings(segment: Segment, parse: Parse, forms: Forms, most_words: int) -> Iterator[Segment]:
    """Clauses of the segment in at most `most_words` words, those that leave out least; nothing of asides or around an
    incise.
    """
    if segment.joint is not None or segment.aside:
        return
    for clause in _clauses(segment, parse, forms):
        found = sorted(_of_clause(segment, parse, clause, most_words), key=lambda each: each.cost)
        for pruning in found[:_MOST_OF_CLAUSE]:
            yield _segment(segment, parse, clause, pruning)


def _clauses(segment: Segment, parse: Parse, forms: Forms) -> Iterator[Clause]:
    """What may be told as it stands; a question is asked from its beginning or not at all."""
    if segment.closer is Edge.QUESTION:
        asked = whole_clause(parse, segment, forms)
        yield from () if asked is None else (asked,)
        return
    for clause in (*find_clauses(parse, forms), *find_presupposed(parse, forms)):
        has_own = clause.subject is not None and clause.said_again is None
        if has_own or clause.kind is ClauseKind.ORDER:
            yield clause


def _of_clause(segment: Segment, parse: Parse, clause: Clause, most_words: int) -> Iterator[_Pruning]:
    phrases = _phrases(parse, clause)
    for end, tail in _ends(parse, clause, phrases):
        words = count_words_of(segment.words[clause.begin : end])
        breaks_off = segment.closer is Edge.BREAK and end == len(segment.words)
        if _LEAST_WORDS <= words <= most_words and (tail or breaks_off):
            yield _Pruning(clause.begin, end, tail, words)


def _phrases(parse: Parse, clause: Clause) -> list[_Phrase]:
    """What hangs loosely on a word of the clause, without what the clause cannot be without."""
    right = parse.right[clause.head]
    found = (
        _phrase(parse, clause, at)
        for at in range(clause.begin, min(right + 1, len(parse) - 1))
        if parse.tokens[at].dep in _COSTS
    )
    return [phrase for phrase in found if phrase is not None][:_MOST_PHRASES]


def _phrase(parse: Parse, clause: Clause, at: int) -> _Phrase | None:
    token = parse.tokens[at]
    begin, end = parse.left[at], min(parse.right[at] + 1, len(parse) - 1)
    core = {clause.head, clause.finite, clause.subject}
    if begin < clause.begin or token.head == at or not core.isdisjoint(range(begin, end)):
        return None
    inner_verb = token.pos in {"VERB", "AUX"} and token.head != clause.head
    if token.dep == "conj" and (token.head == clause.subject or inner_verb):
        return None
    if not _NEEDED.isdisjoint(parse.norms(begin, end)) and token.dep in {"advmod", "amod"}:
        return None
    while begin < end - 1 and parse.tokens[begin].text == ",":
        begin += 1
    return _Phrase(begin, end, at, token.dep)


def _ends(parse: Parse, clause: Clause, phrases: list[_Phrase]) -> Iterator[tuple[int, tuple[_Phrase, ...]]]:
    """Where the clause ends when none, one or more of its last phrases are left out, and which."""
    last = max(clause.finite, clause.head)
    tails: dict[int, tuple[_Phrase, ...]] = {_trimmed(parse, min(parse.right[clause.head] + 1, len(parse) - 1)): ()}
    waiting = list(tails)
    while waiting:
        end = waiting.pop()
        for phrase in phrases:
            if _trimmed(parse, phrase.end) == end and phrase.begin > last:
                shorter = _trimmed(parse, phrase.begin)
                if shorter not in tails:
                    tails[shorter] = (*tails[end], phrase)
                    waiting.append(shorter)
    yield from ((end, tail) for end, tail in tails.items() if end > last)


def _trimmed(parse: Parse, end: int) -> int:
    while end > 1 and (parse.tokens[end - 1].text == "," or parse.tokens[end - 1].norm in fr.COORDINATORS):
        end -= 1
    return end


def _segment(segment: Segment, parse: Parse, clause: Clause, pruning: _Pruning) -> Segment:
    asks = segment.closer is Edge.QUESTION
    ends = asks or (pruning.end == len(segment.words) and segment.closer is not Edge.BREAK)
    part = segment.part(pruning.begin, pruning.end, is_last=ends)
    opener = segment.opener if asks else part.opener  # 'Ah ! [où va-t-il] ?' asks from its first word on
    return replace(part, opener=opener, pruned=tuple(_names(parse, clause, pruning)))


def _names(parse: Parse, clause: Clause, pruning: _Pruning) -> Iterator[str]:
    """What was left out, as names for the learned confidence."""
    for phrase in pruning.tail:
        yield f"tail:{phrase.dep}"
        if clause.kind is ClauseKind.WHOLE:
            yield f"asks:tail:{phrase.dep}"  # what goes may be what is asked
        owner = parse.tokens[phrase.top].head
        held_by = "verb" if owner == clause.head else "subject" if owner == clause.subject else "other"
        yield f"tail:{phrase.dep}:{held_by}"
        first = parse.tokens[phrase.begin].norm
        if first in fr.PREPOSITIONS or first in fr.CLAUSE_OPENERS:
            yield f"tail:{first}"
