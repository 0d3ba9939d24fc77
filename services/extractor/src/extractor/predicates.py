"""Whether a sentence stands by itself: a conjugated verb outside any subordinate clause, with its subject or as an
order. By the lexicon and the words around; what they leave open is POSSIBLE. Pure given the lexicon.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from extractor.french import (
    CLITICS,
    CONJUNCTIONS,
    DETERMINERS,
    FUNCTION_WORDS,
    LINKS,
    NEGATIONS,
    OUTRIGHT,
    PLACE_WORDS,
    PREPOSITIONS,
    PRESENTATIVES,
    PRONOUNS,
    SUBJECTS,
    SUBORDINATORS,
    Token,
    tokenize,
)
from extractor.lexicon import Lexicon, Reading
from extractor.verbs import Evidence, evidence_at, is_incise

_SUBJECT_PRONOUNS = SUBJECTS | {"ce", "c'", "ça", "cela", "ceci", "qui"}
_JOINED_SUBJECTS = SUBJECTS | {"ce"}
_BEFORE_VERB = (CLITICS - SUBJECTS - {"c'", "ça", "cela", "ce"}) | {"nous", "vous"}


@dataclass(frozen=True)
class Predicate:
    """The best verb of a sentence: whether it is one, stands in a main clause, and has a subject or is an order."""

    verb: Evidence
    main: Evidence = Evidence.NONE
    subject: Evidence = Evidence.NONE

    @property
    def whole(self) -> Evidence:
        return min(self.verb, self.main, self.subject)


NO_PREDICATE = Predicate(Evidence.NONE)


def find_predicate(text: str, lexicon: Lexicon) -> Predicate:
    """The verb that comes closest to a whole clause. About 20 µs a new word."""
    tokens = tokenize(text)
    verbs = [evidence_at(tokens, index, lexicon) for index in range(len(tokens))]
    sentence = _Sentence(tokens, verbs, lexicon, asks="?" in text or "!" in text)
    return max(_predicates(sentence), key=_rank, default=NO_PREDICATE)


@dataclass(frozen=True)
class _Sentence:
    """The words, what each is as a verb, and whether something is asked or cried."""

    tokens: tuple[Token, ...]
    verbs: list[Evidence]
    lexicon: Lexicon
    asks: bool


def _rank(predicate: Predicate) -> tuple[Evidence, Evidence, Evidence, Evidence]:
    return predicate.whole, predicate.verb, predicate.main, predicate.subject


def _predicates(sentence: _Sentence) -> Iterator[Predicate]:
    for index, verb in enumerate(sentence.verbs):
        if sentence.tokens[index].key in PRESENTATIVES:
            yield Predicate(Evidence.SURE, Evidence.SURE, Evidence.SURE)
        elif verb is not Evidence.NONE:
            clause = _Clause(sentence, _clause_start(sentence.tokens, sentence.verbs, index), index)
            said = clause.has_pronoun()
            yield Predicate(Evidence.SURE if said else verb, clause.is_main(), clause.subject())


def _clause_start(tokens: tuple[Token, ...], verbs: list[Evidence], verb: int) -> int:
    """The first word of the verb's clause: behind a mark, behind the sure verb before, or a subordinator."""
    for index in range(verb, -1, -1):
        if tokens[index].opens or tokens[index].key in SUBORDINATORS:
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
        if first.key not in SUBORDINATORS or self._is_reflexive():
            return Evidence.SURE
        before = self.tokens[self.start - 1] if self.start else None
        if before and (before.key in OUTRIGHT or (before.joined and before.key == "ce")):
            return Evidence.SURE
        opens = before is None or first.opens or before.key in LINKS | PREPOSITIONS
        return Evidence.SURE if opens and self.sentence.asks else Evidence.NONE

    def subject(self) -> Evidence:
        if self.has_pronoun() or self._is_order() or self._has_inverted_subject():
            return Evidence.SURE
        left = self._left_of_verb()
        if left is not Evidence.NONE:
            return left
        return Evidence.POSSIBLE if self._nominal_ahead() or self._nominal_behind() else Evidence.NONE

    def has_pronoun(self) -> bool:
        """`il ne la voit`, `dit-il`; `nous` and `vous` where the verb agrees."""
        following = self.tokens[self.verb + 1 : self.verb + 2]
        if following and following[0].joined and following[0].key in _JOINED_SUBJECTS:
            return True
        if self.tokens[self.verb].opens:
            return False
        for token in reversed(self.tokens[: self.verb]):
            if token.key in ("nous", "vous"):
                if self._agrees(token.key):
                    return True
            elif token.key in _SUBJECT_PRONOUNS or (token.key in ("que", "qu'") and self._matters()):
                return True
            if token.key not in _BEFORE_VERB or token.opens:
                return False
        return False

    def _is_reflexive(self) -> bool:
        """`s'` is `si` before `il` alone."""
        following = self.tokens[self.start + 1 : self.start + 2]
        return self.tokens[self.start].key == "s'" and not (following and following[0].key in ("il", "ils"))

    def _matters(self) -> bool:
        """`qu'importe` has its subject in `que`."""
        return any(reading.lemma == "importer" for reading in self._readings())

    def _readings(self) -> tuple[Reading, ...]:
        return self.sentence.lexicon.readings(self.tokens[self.verb].key)

    def _agrees(self, pronoun: str) -> bool:
        person = "1" if pronoun == "nous" else "2"
        return any(
            reading.finite and person in reading.features and reading.features.endswith("p")
            for reading in self._readings()
        )

    def _is_order(self) -> bool:
        """An imperative at the head of its clause: `Viens`, `ne bougez pas`, `mais donne-le-moi`."""
        if not any(reading.imperative for reading in self._readings()):
            return False
        head = (token.key for token in self.tokens[self.start : self.verb])
        return all(key in _BEFORE_VERB | LINKS | NEGATIONS for key in head)

    def _has_inverted_subject(self) -> bool:
        """`répondit Pierre` behind a mark; `d'où vient cela ?`"""
        following = self.tokens[self.verb + 1 : self.verb + 2]
        if following and is_incise(self.tokens, self.verb) and following[0].form[:1].isupper():
            return True
        asked = self.sentence.asks and self.tokens[self.start].key in SUBORDINATORS
        return asked and self._nominal_behind()

    def _left_of_verb(self) -> Evidence:
        """A noun phrase that opens the clause is its subject; one behind a preposition may hide it."""
        words = self._words_ahead()
        if not any(_is_nominal(token) for token in words):
            return Evidence.NONE
        bare = words[0].key in DETERMINERS or words[0].key in PRONOUNS or self._is_name(words[0])
        return Evidence.SURE if bare and not self.tokens[self.verb].opens else Evidence.POSSIBLE

    def _words_ahead(self) -> tuple[Token, ...]:
        """The clause up to the verb and its clitics, without the conjunctions that open it."""
        words = self.tokens[self.start : self.verb]
        while words and words[-1].key in _BEFORE_VERB and not words[-1].opens:
            words = words[:-1]
        while words and words[0].key in SUBORDINATORS | CONJUNCTIONS | LINKS:
            words = words[1:]
        return words

    def _is_name(self, token: Token) -> bool:
        """A capital within the sentence, or at its head on a word that the lexicon knows as a noun or not at all."""
        if not token.form[:1].isupper():
            return False
        readings = self.sentence.lexicon.readings(token.key)
        return not readings or any(reading.category in ("nc", "np") for reading in readings)

    def _nominal_ahead(self) -> bool:
        """`Le capitaine, qui dormait, monta`: the subject may stand before the comma."""
        return any(_is_nominal(token) for token in self.tokens[: self.start])

    def _nominal_behind(self) -> bool:
        """`Alors parut le capitaine`: a noun phrase without preposition may be the subject."""
        for token in self.tokens[self.verb + 1 :]:
            if token.opens or token.key in PREPOSITIONS | SUBORDINATORS | PLACE_WORDS:
                return False
            if _is_nominal(token) or token.key in DETERMINERS:
                return True
        return False


def _is_nominal(token: Token) -> bool:
    return token.key in PRONOUNS or token.key not in FUNCTION_WORDS | PLACE_WORDS
