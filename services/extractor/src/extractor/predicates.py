"""Whether a sentence stands by itself: a conjugated verb outside any subordinate clause, with its subject or as an
order. By the lexicon and the words around; what they leave open is POSSIBLE. Pure given the lexicon.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from extractor.french import (
    CLITICS,
    CONJUNCTIONS,
    CONTRACTED,
    DETERMINERS,
    FUNCTION_WORDS,
    LINKS,
    NEGATIONS,
    OUTRIGHT,
    PLACE_WORDS,
    PREPOSITIONS,
    PRESENTATIVES,
    PRONOUNS,
    QUANTIFIERS,
    SPEECH_LEMMAS,
    SUBJECTS,
    SUBORDINATORS,
    TIMES,
    Token,
    tokenize,
)
from extractor.lexicon import Lexicon, Reading
from extractor.verbs import Evidence, evidence_at, is_incise

_SUBJECT_PRONOUNS = SUBJECTS | {"ce", "c'", "ç'", "ça", "cela", "ceci", "qui", "lequel", "laquelle"}
_PERSONS = {"nous": ("1", "p"), "vous": ("2", "p"), "t'": ("2", "s")}
_WHICH = frozenset({"quel", "quelle", "quels", "quelles"})
_JOINED_SUBJECTS = SUBJECTS | {"ce"}
_BEFORE_VERB = (CLITICS - SUBJECTS - {"c'", "ça", "cela", "ce"}) | {"nous", "vous"}


@dataclass(frozen=True)
class Predicate:
    """The best verb of a sentence: whether it is one, stands in a main clause, and has a subject or is an order.
    `order` is the verb that has no subject but may be an imperative (`monte` is also `il monte`).
    """

    verb: Evidence
    main: Evidence = Evidence.NONE
    subject: Evidence = Evidence.NONE
    order: str = ""

    @property
    def whole(self) -> Evidence:
        return min(self.verb, self.main, self.subject)


NO_PREDICATE = Predicate(Evidence.NONE)


@lru_cache(maxsize=2048)  # a card is judged, looked at for what is open, and counted
def find_predicate(text: str, lexicon: Lexicon) -> Predicate:
    """The verb that comes closest to a whole clause. About 20 µs a new word."""
    return max(_predicates(_read(text, lexicon)), key=_rank, default=NO_PREDICATE)


@lru_cache(maxsize=1024)
def verbs_with_subject(text: str, lexicon: Lexicon) -> frozenset[str]:
    """The verbs of `text` that surely have a subject, so that a card that shows one bare has lost it."""
    sentence = _read(text, lexicon)
    return frozenset(
        sentence.tokens[index].key
        for index, verb in enumerate(sentence.verbs)
        if verb is not Evidence.NONE and _clause(sentence, index).has_subject_ahead()
    )


@dataclass(frozen=True)
class _Sentence:
    """The words, what each is as a verb, and whether something is asked or cried."""

    tokens: tuple[Token, ...]
    verbs: list[Evidence]
    lexicon: Lexicon
    asks: bool


def _read(text: str, lexicon: Lexicon) -> _Sentence:
    tokens = tokenize(text)
    verbs = [evidence_at(tokens, index, lexicon) for index in range(len(tokens))]
    return _Sentence(tokens, verbs, lexicon, asks="?" in text or "!" in text)


def _clause(sentence: _Sentence, verb: int) -> "_Clause":
    return _Clause(sentence, _clause_start(sentence.tokens, sentence.verbs, verb), verb)


def _rank(predicate: Predicate) -> tuple[Evidence, Evidence, Evidence, Evidence]:
    return predicate.whole, predicate.verb, predicate.main, predicate.subject


def _predicates(sentence: _Sentence) -> Iterator[Predicate]:
    for index, verb in enumerate(sentence.verbs):
        if sentence.tokens[index].key in PRESENTATIVES:
            yield Predicate(Evidence.SURE, Evidence.SURE, Evidence.SURE)
        elif verb is Evidence.SURE or (verb is Evidence.POSSIBLE and len(sentence.tokens) > 1):  # `Hélas !`
            clause = _clause(sentence, index)
            said = clause.has_pronoun()
            subject = clause.subject()
            order = "" if subject is not Evidence.NONE or not clause.is_order() else sentence.tokens[index].key
            yield Predicate(
                verb=Evidence.SURE if said else verb,
                main=clause.is_main(),
                subject=Evidence.SURE if order else subject,
                order=order,
            )


def _clause_start(tokens: tuple[Token, ...], verbs: list[Evidence], verb: int) -> int:
    """The first word of the verb's clause: behind a mark, behind the sure verb before, or a subordinator."""
    for index in range(verb, -1, -1):
        if tokens[index].opens or (tokens[index].key in SUBORDINATORS and not _is_reflexive(tokens, index)):
            return index
        if index and verbs[index - 1] is Evidence.SURE:
            return index
    return 0


@dataclass(frozen=True)
class _Clause:
    """The words from `start` up to the verb at `verb`, and what stands behind it."""

    sentence: _Sentence
    start: int
    verb: int

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.sentence.tokens

    def is_main(self) -> Evidence:
        first = self.tokens[self.start]
        if first.key not in SUBORDINATORS or _is_reflexive(self.tokens, self.start):
            return Evidence.SURE
        if not self.start and first.key in ("que", "qu'") and any("S" in each.features for each in self._readings()):
            return Evidence.SURE  # `Que le vent tourne.`
        before = self.tokens[self.start - 1] if self.start else None
        if before and (before.key in OUTRIGHT or (before.joined and before.key == "ce")):
            return Evidence.SURE
        opens = before is None or first.opens or before.key in LINKS | PREPOSITIONS
        return Evidence.SURE if opens and self.sentence.asks else Evidence.NONE

    def subject(self) -> Evidence:
        if self.has_pronoun() or self._has_inverted_subject():
            return Evidence.SURE
        left = self._left_of_verb()
        if left is not Evidence.NONE or self.is_order():
            return left
        if self._stands_ahead():
            return Evidence.SURE
        if self._opens_with_objects():
            return Evidence.NONE
        nominal = any(_is_nominal(token) for token in self.tokens[: self.start]) or self._nominal_behind()
        return Evidence.POSSIBLE if nominal else Evidence.NONE

    def has_subject_ahead(self) -> bool:
        """Within the clause: ahead of a comma it may be who is spoken to (`Marie, venez`)."""
        return self.has_pronoun() or self._left_of_verb() is Evidence.SURE

    def has_pronoun(self) -> bool:
        """`il ne la voit`, `dit-il`; `nous` and `vous` where the verb agrees."""
        following = self.tokens[self.verb + 1 : self.verb + 2]
        if following and following[0].joined and following[0].key in _JOINED_SUBJECTS:
            return True
        return any(self._is_subject(token.key) for token in self._pronouns_ahead())

    def _pronouns_ahead(self) -> Iterator[Token]:
        """The words right ahead of the verb, back to the first that is no pronoun of a verb."""
        if self.tokens[self.verb].opens:
            return
        for token in reversed(self.tokens[: self.verb]):
            yield token
            if token.key not in _BEFORE_VERB | {"donc"} or token.opens:
                return

    def _is_subject(self, key: str) -> bool:
        if key in _PERSONS:
            return self._agrees(key)
        return key in _SUBJECT_PRONOUNS or (key in ("que", "qu'") and self._matters())

    def _matters(self) -> bool:
        """`qu'importe` has its subject in `que`."""
        return any(reading.lemma == "importer" for reading in self._readings())

    def _readings(self) -> tuple[Reading, ...]:
        return self.sentence.lexicon.readings(self.tokens[self.verb].key)

    def _agrees(self, pronoun: str) -> bool:
        person, number = _PERSONS[pronoun]
        elided = pronoun == "t'"  # `t'es bête`: ahead of être and avoir alone
        return any(
            reading.finite
            and person in reading.features
            and reading.features.endswith(number)
            and (reading.auxiliary or not elided)
            for reading in self._readings()
        )

    def is_order(self) -> bool:
        """An imperative at the head of its clause: `viens`, `ne me quitte pas`, `mais donne-le-moi`."""
        if not any(reading.imperative for reading in self._readings()):
            return False
        head = [token.key for token in self.tokens[self.start : self.verb] if token.key not in LINKS]
        return not head or (head[0] in NEGATIONS and all(key in _BEFORE_VERB for key in head[1:]))

    def _has_inverted_subject(self) -> bool:
        """`répondit Pierre`, `dit le juge` behind a mark; `d'où vient cela ?`, `quel est ce port ?`"""
        following = self.tokens[self.verb + 1 : self.verb + 2]
        if following and is_incise(self.tokens, self.verb):
            spoken = any(reading.lemma in SPEECH_LEMMAS for reading in self._readings())
            return spoken or following[0].form[:1].isupper()
        first = self.tokens[self.start].key
        asked = self.sentence.asks and (first in SUBORDINATORS or first in _WHICH)
        return asked and self._nominal_behind()

    def _left_of_verb(self) -> Evidence:
        """A noun phrase that opens the clause is its subject; one behind a preposition may hide it."""
        words = self._words_ahead()
        if not any(_is_nominal(token) for token in words):
            return Evidence.NONE
        if words[-1].key == "lui" and len(words) == 1 and self.tokens[self.verb - 1].key == "lui":
            return Evidence.NONE  # `lui donna son bras` lacks its subject, `lui ne répondit pas` does not
        if any(token.key in TIMES for token in words):
            return Evidence.POSSIBLE  # `toute la nuit dormit`
        bare = self._is_bare(words[0]) or _ends_in_noun_phrase(words)
        return Evidence.SURE if bare and not self.tokens[self.verb].opens else Evidence.POSSIBLE

    def _is_bare(self, token: Token) -> bool:
        """Whether a noun phrase without preposition, or an infinitive, begins with it."""
        infinitive = any(reading.features.startswith("W") for reading in self.sentence.lexicon.readings(token.key))
        return token.key in DETERMINERS | PRONOUNS | QUANTIFIERS or infinitive or self._is_name(token)

    def _opens_with_objects(self) -> bool:
        """`Lui donna son bras`, `la regarda descendre`: no subject can stand ahead, and none is expected behind."""
        return 0 == self.start < self.verb and all(token.key in _BEFORE_VERB for token in self.tokens[: self.verb])

    def _stands_ahead(self) -> bool:
        """`Charles, en entrant, sourit`: the sentence opens with a noun phrase up to its first mark."""
        if not self.start or not self.tokens[self.start].opens:
            return False
        ends = next(at for at in range(1, len(self.tokens)) if self.tokens[at].opens)
        words = self.tokens[:ends]
        while words and words[0].key in LINKS:
            words = words[1:]
        nominal = any(_is_nominal(token) for token in words) and self._is_bare(words[0])
        return nominal and not any(token.key in TIMES or token.key in PREPOSITIONS for token in words)

    def _words_ahead(self) -> tuple[Token, ...]:
        """The clause up to the verb and its clitics, without the conjunctions that open it."""
        words = self.tokens[self.start : self.verb]
        while words and words[-1].key in _BEFORE_VERB and not words[-1].opens:
            following = self.tokens[self.start + len(words)].key
            if words[-1].key == "lui" and following in ("se", "s'", "ne", "n'"):
                break
            words = words[:-1]
        while words and words[0].key in SUBORDINATORS | CONJUNCTIONS | LINKS:
            words = words[1:]
        return words

    def _is_name(self, token: Token) -> bool:
        """A capital within the sentence, or at its head on a word that the lexicon knows as a noun or not at all."""
        if not token.form[:1].isupper():
            return False
        if token is not self.tokens[0]:
            return True
        readings = self.sentence.lexicon.readings(token.key)
        return not readings or any(reading.category in ("nc", "np") for reading in readings)

    def _nominal_behind(self) -> bool:
        """`Alors parut le capitaine`: a noun phrase without preposition may be the subject."""
        for token in self.tokens[self.verb + 1 :]:
            if token.opens or token.key in PREPOSITIONS | SUBORDINATORS | PLACE_WORDS:
                return False
            if token.key in PRONOUNS or token.key in DETERMINERS or token.form[:1].isupper():
                return True
        return False


def _ends_in_noun_phrase(words: tuple[Token, ...]) -> bool:
    """`sur le pont le capitaine`: what stands right ahead of the verb hangs on no preposition."""
    at = len(words) - 1
    named = words[at].form[:1].isupper()
    if not named and words[at].key not in PRONOUNS:
        while at > 0 and _is_nominal(words[at]) and words[at].key not in DETERMINERS:
            at -= 1
        if at == len(words) - 1 or words[at].key not in DETERMINERS - CONTRACTED:
            return False
    before = words[at - 1] if at else None
    hangs = before is None or before.key in PREPOSITIONS | CONTRACTED or (named and before.form[:1].isupper())
    return not hangs


def _is_reflexive(tokens: tuple[Token, ...], index: int) -> bool:
    """`s'` is `si` before `il` alone."""
    following = tokens[index + 1 : index + 2]
    return tokens[index].key == "s'" and not (following and following[0].key in ("il", "ils"))


def _is_nominal(token: Token) -> bool:
    return token.key in PRONOUNS or token.key not in FUNCTION_WORDS | PLACE_WORDS
