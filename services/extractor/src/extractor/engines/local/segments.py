"""A source sentence in segments: stretches between ; : . ! ? … quotes, brackets and dashes, parsed one by one.

A segment is parsed alone, so that a card depends on its own sentence only, and a long period is not parsed
as one tree, which the small models do badly.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.vocabulary import words as words_of
from extractor.engines.local.words import Word

_FULL_STOPS = frozenset({".", "!", "?", "…", "..."})
_ELLIPSES = frozenset({"…", "..."})
_OPENERS = frozenset({"(", "["})
_CLOSERS = frozenset({")", "]"})
_OPENING_QUOTES = frozenset({"«", "“"})
INCISE_LEMMAS = words_of(
    "dire répondre reprendre demander faire crier écrier ajouter répéter murmurer répliquer continuer balbutier"
    " interrompre penser soupirer objecter observer déclarer affirmer insister commencer poursuivre interroger"
    " gémir prononcer riposter conclure hurler songer bégayer remarquer exclamer expliquer approuver protester gronder"
    " ricaner glapir ordonner proposer grommeler souffler jurer supplier confirmer recommencer hasarder avouer"
    " récrier rétorquer susurrer chuchoter clamer vociférer enquérir rugir brailler marmotter marmonner grogner"
)
_SUBJECTS_BEHIND = frozenset({"-il", "-elle", "-on", "-ils", "-elles", "-je", "-t-il", "-t-elle", "-t-on"})
# Old books go on in small letters after '!' and '?'; before one of these, what follows is a sentence all the same.
_NEW_SENTENCE_WORDS = words_of("je j' tu il elle on nous vous ils elles c' ce")
_MAX_INCISE_WORDS = 9
_EXCLAMATIONS = words_of(
    "ah oh eh hé ha ho hélas bah très-bien tiens allons voyons bon bien quoi diable dame certes oui non mon dieu ma foi"
    " parbleu pardieu pardi peste ciel vrai ouf fi bravo merci holà hein hum pouah mordieu morbleu sapristi dieu"
)
_MAX_EXCLAMATION_WORDS = 4
_PRONOUNS_BEFORE_VERB = frozenset({"s'", "se", "lui", "leur", "me", "m'", "nous", "vous"})


class Edge(Enum):
    """What bounds a segment. Only after FULL_STOP, SEMICOLON, COLON, QUOTE and START does something new begin; only
    FULL_STOP, SEMICOLON, COLON and QUOTE end what stands before.
    """

    START = auto()
    FULL_STOP = auto()
    QUESTION = auto()
    SEMICOLON = auto()
    COLON = auto()
    QUOTE = auto()
    COMMA = auto()  # only of a piece of a segment: 'il vint, | et elle partit'
    BREAK = auto()  # a dash, a bracket, '… and' in mid-sentence: what follows goes on with what stood before


@dataclass(frozen=True)
class Segment:
    """`words` without the marks around it. `mark` is the closing mark as the author wrote it. `quoted`: guillemets
    open and close around it. `aside`: inside brackets or dashes. `joint`: where 'dit-il' was taken out, the comma
    that stays (or the end). `shortened`: an insertion was taken out; `thinned`: adverbs were; `pruned`: names of the
    phrases behind it that were (`prunings`, `stumps`). `before`, `after`: of a piece, the words of its segment around
    it (lower case).
    """

    words: tuple[Word, ...]
    opener: Edge
    closer: Edge
    mark: str = ""
    quoted: bool = False
    aside: bool = False
    joint: int | None = None
    shortened: bool = False
    thinned: bool = False
    pruned: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    def part(self, begin: int, end: int, *, is_last: bool) -> "Segment":
        """The words [begin, end) as a piece that knows what stands around it; `is_last`: it ends as the whole does."""
        behind = tuple(word.norm for word in self.words[end:]) or (() if is_last else (self.mark,))
        return replace(
            self,
            words=self.words[begin:end],
            opener=self.opener if begin == 0 else Edge.COMMA,
            closer=self.closer if is_last else Edge.COMMA,
            mark=self.mark if is_last else "",
            before=(*self.before, *(word.norm for word in self.words[:begin])),
            after=(*behind, *self.after),
        )


def split_segments(words: tuple[Word, ...], forms: Forms) -> tuple[Segment, ...]:
    """The segments in order, empty ones left out, incises ('dit-il') taken out."""
    return tuple(_without_incise(segment, forms) for segment in _cut(words, forms))


def _cut(words: tuple[Word, ...], forms: Forms) -> Iterator[Segment]:
    opener, begin, aside, dashes = Edge.START, 0, 0, 0
    quotes = _closed_quotes(words)
    for at, word in enumerate(words):
        edge = _edge(words, at, forms)
        if edge is None:
            continue
        if begin < at:
            inside = any(first < begin and at <= last for first, last in quotes)
            closer = (
                Edge.BREAK if word.text in _OPENING_QUOTES else edge
            )  # « son amie » goes on with what stands before
            yield Segment(words[begin:at], opener, closer, word.text, inside, aside > 0 or dashes % 2 == 1)
            goes_on = edge is Edge.BREAK and _is_exclamation(words[begin:at])
            opener = opener if goes_on else edge
        elif at > 0 or not word.is_dash:
            opener = Edge.BREAK if word.text in {"»", "”"} and edge is Edge.BREAK else _stronger(opener, edge)
        begin = at + 1
        aside += (word.text in _OPENERS) - (word.text in _CLOSERS and aside > 0)
        dashes += word.is_dash and at > 0 and words[at - 1].text not in _FULL_STOPS | {"»"}
    if begin < len(words):
        yield Segment(words[begin:], opener, Edge.FULL_STOP, "", aside=aside > 0 or dashes % 2 == 1)


def _is_exclamation(words: tuple[Word, ...]) -> bool:
    """'Ah ! votre curiosité est satisfaite': the sentence begins behind it."""
    spoken = [word.norm for word in words if word.is_word]
    return 0 < len(spoken) <= _MAX_EXCLAMATION_WORDS and _EXCLAMATIONS.issuperset(spoken)


def _edge(words: tuple[Word, ...], at: int, forms: Forms) -> Edge | None:
    text = words[at].text
    if words[at].is_dash:
        after_stop = at > 0 and words[at - 1].text in _FULL_STOPS
        return Edge.FULL_STOP if after_stop or at == 0 else Edge.BREAK
    if text in _FULL_STOPS:
        if not _begins_anew(words, at + 1, forms):
            return Edge.BREAK
        return Edge.QUESTION if text == "?" else Edge.FULL_STOP
    simple = {";": Edge.SEMICOLON, ":": Edge.COLON, "«": Edge.QUOTE, "»": Edge.QUOTE, "“": Edge.QUOTE, "”": Edge.QUOTE}
    if text in _OPENERS | _CLOSERS | {'"'} or (text in {"»", "”"} and _goes_on(words, at + 1)):
        return Edge.BREAK
    return simple.get(text)


def _goes_on(words: tuple[Word, ...], at: int) -> bool:
    """'Un « chut ! » amical fut ...': a small letter behind the quote, and no new clause."""
    if at >= len(words) or not words[at].text[0].islower():
        return False
    return words[at].norm not in _NEW_SENTENCE_WORDS | fr.COORDINATORS | fr.OBJECT_CLITICS


def _begins_anew(words: tuple[Word, ...], at: int, forms: Forms) -> bool:
    """False where a small letter goes on after '!' or '…', save for an incise ('! s'écria-t-il')."""
    while at < len(words) and not words[at].is_word:
        if words[at].text in {"»", "«", ";"}:
            return True
        at += 1
    if at >= len(words) or not words[at].text[0].islower():
        return True
    return words[at].norm in _NEW_SENTENCE_WORDS or _is_incise(words[at : at + 3], forms) or _tells(words, at, forms)


def _tells(words: tuple[Word, ...], at: int, forms: Forms) -> bool:
    """'! se récria Pierre', '! bondit-il': behind a mark, a passé simple with its subject behind tells who spoke."""
    while at < len(words) and words[at].norm in _PRONOUNS_BEFORE_VERB:
        at += 1
    if at + 1 >= len(words) or forms.is_common_word(words[at].norm) or not forms.is_passe_simple(words[at].norm):
        return False
    behind = words[at + 1]
    return behind.norm in _SUBJECTS_BEHIND or behind.text[:1].isupper() or behind.norm in fr.ARTICLES | fr.TITLES


def _is_incise(words: tuple[Word, ...], forms: Forms) -> bool:
    """Opens with a verb of speech, perhaps behind its pronouns: 'reprit Emma', 's'écria-t-il', 'lui dit-elle'."""
    for word in words:
        if word.norm in _PRONOUNS_BEFORE_VERB:
            continue
        lemmas = forms.lemmas(word.norm)
        return forms.is_indicative(word.norm) and bool(lemmas & INCISE_LEMMAS)
    return False


def _stronger(opener: Edge, edge: Edge) -> Edge:
    """Of two marks side by side, the one that says more: a break after a full stop is still a new beginning."""
    return opener if edge is Edge.BREAK and opener is not Edge.START else edge


def _closed_quotes(words: tuple[Word, ...]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    opened: int | None = None
    for at, word in enumerate(words):
        if word.text in {"«", "“"}:
            opened = at
        elif word.text in {"»", "”"} and opened is not None:
            pairs.append((opened, at))
            opened = None
    return pairs


def _without_incise(segment: Segment, forms: Forms) -> Segment:
    """Take out ', dit-il' at the end or ', dit-il,' inside (one comma stays)."""
    words = segment.words
    for at, word in enumerate(words):
        if word.text != "," or not _is_incise(words[at + 1 : at + 4], forms):
            continue
        end = next((k for k in range(at + 1, len(words)) if words[k].text == ","), len(words))
        body = words[at + 1 : end]
        if len(body) <= _MAX_INCISE_WORDS and _is_inverted(body, forms):
            return replace(segment, words=words[:at] + words[end:], joint=at)
    return segment


def _is_inverted(body: tuple[Word, ...], forms: Forms) -> bool:
    """Verb, then subject: dit-il; répondit le capitaine. An imparfait ('disait-il') reports, it does not quote."""
    verb = next((word for word in body if forms.is_indicative(word.norm)), None)
    if verb is None or forms.is_imperfect(verb.norm):
        return False
    rest = body[body.index(verb) + 1 :]
    return bool(rest) and (rest[0].norm in _SUBJECTS_BEHIND or not rest[0].is_clitic_behind)
