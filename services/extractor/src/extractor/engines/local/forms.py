"""What the rules ask about word forms: is it finite, does it agree, what is its third person. Lefff answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from extractor.lexicon import CACHED_FORMS, Lexicon, Reading

_VERB_CATEGORIES = frozenset({"v", "auxEtre", "auxAvoir"})
_WORD_CATEGORIES = frozenset({"nc", "adj", "adv", "prep", "det", "pro", "csu", "coo", "prel", "pri", "pres", "cln"})
# Lefff's letters. Those that state a fact or its future: present, imparfait, passé simple, future.
_INDICATIVE = frozenset("PIJF")
_CONDITIONAL = "C"
_PASSE_SIMPLE = "J"
_IMPERFECT = "I"
_PRESENT = "P"
_PARTICIPLE = "K"
_ORDER = "Y"
_SUBJUNCTIVES = frozenset("ST")
# Infinitives, gerunds, subjunctives and imperatives are left out: no rule asks for them.
_KEPT = _INDICATIVE | {_CONDITIONAL, _PARTICIPLE}
_TOLD = "PIFC"  # what a third person is shown in; a passé simple is shown as imparfait
_THIRD_LINES = re.compile(
    rb"^([^\t\n]+)\t(?:v|auxEtre|auxAvoir)\t([^\t\n]+)\t([A-Z]*[PIFC][A-Z]*)[12]*3([sp])", re.MULTILINE
)
_AUXILIARIES = frozenset({"être", "avoir"})


@dataclass(frozen=True)
class VerbForm:
    """One verbal reading of a form; `persons` as '13', `number` s, p or empty."""

    lemma: str
    tenses: frozenset[str]
    persons: str
    number: str


@dataclass(frozen=True)
class FormFacts:
    """All that is known of one form. `common`: it has a reading besides verb and name."""

    verbs: tuple[VerbForm, ...]
    common: bool

    @property
    def lemmas(self) -> frozenset[str]:
        return frozenset(verb.lemma for verb in self.verbs)

    @property
    def tenses(self) -> frozenset[str]:
        return frozenset(tense for verb in self.verbs for tense in verb.tenses)


class Forms:
    """Questions about forms; case does not matter. `thirds`: 'dire I s' to 'disait', the third persons of each verb."""

    def __init__(self, lexicon: Lexicon, thirds: Mapping[str, str]) -> None:
        self._lexicon = lexicon
        self._thirds = thirds
        self.facts = lru_cache(maxsize=CACHED_FORMS)(self._facts)

    def _facts(self, form: str) -> FormFacts:
        readings = self._readings(form)
        verbs = (_verb_form(reading) for reading in readings if reading.category in _VERB_CATEGORIES)
        kept = tuple(dict.fromkeys(verb for verb in verbs if not _KEPT.isdisjoint(verb.tenses)))
        return FormFacts(kept, any(reading.category in _WORD_CATEGORIES for reading in readings))

    def _readings(self, form: str) -> tuple[Reading, ...]:
        return self._lexicon.readings(form.lower())

    def lemmas(self, form: str) -> frozenset[str]:
        """Of its verbal readings."""
        return self.facts(form).lemmas

    def is_indicative(self, form: str) -> bool:
        """A finite form that can be read as the indicative (so not only subjunctive or conditional)."""
        return not _INDICATIVE.isdisjoint(self.facts(form).tenses)

    def is_finite(self, form: str) -> bool:
        """Indicative or conditional."""
        return self.is_indicative(form) or _CONDITIONAL in self.facts(form).tenses

    def is_only_verb(self, form: str) -> bool:
        """Indicative or conditional, and no word of another kind too."""
        return self.is_finite(form) and not self.is_common_word(form)

    def is_passe_simple(self, form: str) -> bool:
        return _PASSE_SIMPLE in self.facts(form).tenses

    def is_imperfect(self, form: str) -> bool:
        return _IMPERFECT in self.facts(form).tenses

    def is_participle(self, form: str) -> bool:
        """Can be read as a past participle."""
        return _PARTICIPLE in self.facts(form).tenses

    def is_order(self, form: str) -> bool:
        """Can be read as an imperative."""
        readings = self._readings(form)
        return any(reading.category in _VERB_CATEGORIES and _ORDER in reading.features for reading in readings)

    def is_subjunctive(self, form: str) -> bool:
        """Can be read as a subjunctive and as nothing else that is finite."""
        readings = [r for r in self._readings(form) if r.category in _VERB_CATEGORIES]
        return any(_SUBJUNCTIVES & set(r.features) for r in readings) and not self.is_finite(form)

    def is_only_adverb(self, form: str) -> bool:
        readings = self._readings(form)
        return bool(readings) and all(reading.category.startswith("adv") for reading in readings)

    def is_known(self, form: str) -> bool:
        return bool(self._readings(form))

    def noun_marks(self, form: str) -> tuple[str, ...]:
        """Gender and number of each reading as noun or adjective, as far as the form tells: 'ms', 'f', 'p', ''."""
        readings = self._readings(form)
        return tuple(reading.features for reading in readings if reading.category in {"nc", "adj"})

    def is_common_word(self, form: str) -> bool:
        """A noun, adjective, adverb or function word; a name that is none of these is a safer subject."""
        return self.facts(form).common

    def agrees(self, form: str, person: str, number: str) -> bool:
        """Whether an indicative or conditional reading of the form has this person ('1'-'3') and number."""
        return any(
            not (_INDICATIVE | {_CONDITIONAL}).isdisjoint(verb.tenses)
            and person in verb.persons
            and number == verb.number
            for verb in self.facts(form).verbs
        )

    def shared_tenses(self, one: str, other: str) -> frozenset[str]:
        """Finite tenses that both forms may stand in."""
        return (self.facts(one).tenses & self.facts(other).tenses) - {_PARTICIPLE}

    def in_imperfect(self, form: str) -> str:
        """The imparfait, third person, of a verb that is a passé simple or may be one ('pâlit'), else the form itself.

        The parsers were trained on newspapers, which have next to no passé simple: they take it for a noun.
        """
        facts = self.facts(form)
        if facts.common or not {_PASSE_SIMPLE} <= facts.tenses <= {_PASSE_SIMPLE, _PRESENT}:
            return form
        verb = min((v for v in facts.verbs if _PASSE_SIMPLE in v.tenses), key=lambda v: v.lemma)
        return self._thirds.get(f"{verb.lemma} {_IMPERFECT} {verb.number}", form)

    def third_person(self, form: str, person: str, number: str) -> str | None:
        """'dois' of the first or second person as 'doit', a passé simple as imparfait; None where it has no such
        reading.
        """
        verbs = [verb for verb in self.facts(form).verbs if person in verb.persons and verb.number == number]
        for verb in sorted(verbs, key=lambda v: (v.lemma not in _AUXILIARIES, v.lemma)):
            for tense in _TOLD + _PASSE_SIMPLE:
                told = _IMPERFECT if tense == _PASSE_SIMPLE else tense
                third = self._thirds.get(f"{verb.lemma} {told} {number}") if tense in verb.tenses else None
                if third is not None:
                    return third
        return None

    def only_of(self, form: str, person: str, number: str) -> str | None:
        """The same of a form that is a verb, of no third person and nothing else."""
        facts = self.facts(form)
        if facts.common or any("3" in verb.persons for verb in facts.verbs):
            return None
        return self.third_person(form, person, number)


def load_forms(lexicon: Lexicon) -> Forms:
    """Index the third persons of a lexicon (0.4 s)."""
    thirds: dict[str, str] = {}
    for line in lexicon.find_lines(_THIRD_LINES):
        form, lemma, tenses, number = (part.decode() for part in line.groups())
        for tense in tenses:
            if tense in _TOLD:
                thirds.setdefault(f"{lemma} {tense} {number}", form)
    return Forms(lexicon, thirds)


def _verb_form(reading: Reading) -> VerbForm:
    features = reading.features
    tenses = frozenset(ch for ch in features if ch.isupper())
    persons = "".join(ch for ch in features if ch.isdigit())
    return VerbForm(reading.lemma, tenses, persons, features[-1] if features[-1:] in {"s", "p"} else "")
