"""Signs of a misprint in the book: words that no lexicon knows, and neighbours that do not agree."""

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.surroundings import Surroundings
from extractor.engines.local.vocabulary import words as words_of

_MASCULINE = words_of("un le ce cet du au")
_FEMININE = words_of("une la cette ma ta sa")
_ONE = words_of("un une le la du au ce cet cette mon ma ton ta son sa notre votre leur chaque")
_SEVERAL = words_of("les des ces mes tes ses nos vos leurs aux plusieurs quelques deux trois quatre cinq six")
_SHORT = 2
_GARBLED = re.compile(r"['’]\s|\s,|^[-–—]|[_*∗]|\.\.")
_OBJECTS = words_of("que qu' dont où")


def holds_unknown_word(place: Surroundings) -> bool:
    """'l'abbat': a small word, no name, that the lexicon has not."""
    plain = (word.text for word in place.own if word.text.isalpha() and word.text.islower())
    return any(len(text) > _SHORT and not place.forms.is_known(text) for text in plain)


def is_garbled(place: Surroundings) -> bool:
    """'l' abbat', 'M , Landolfi', 'La créole tressaillit suivit': the book is misprinted here."""
    own = place.source[place.own[0].begin : place.own[-1].end]
    if not _OBJECTS.isdisjoint(place.norms):
        return bool(_GARBLED.search(own))  # 'la femme qu'il aimait dormait'
    pairs = ((at, one.norm, two.norm) for at, (one, two) in enumerate(pairwise(place.own)) if one.text.islower())
    collide = any(_are_verbs(place, one, two) and not _is_noun(place, at) for at, one, two in pairs)
    return bool(_GARBLED.search(own)) or collide


def _are_verbs(place: Surroundings, one: str, two: str) -> bool:
    forms = place.forms
    return all(forms.is_only_verb(norm) and not forms.is_participle(norm) for norm in (one, two))


def _is_noun(place: Surroundings, at: int) -> bool:
    """'Le marquis divinisait', 'qui vivra verra'."""
    before = place.norms[at - 1] if at else ""
    return before in fr.SINGULAR_DETERMINERS | fr.PLURAL_DETERMINERS | {"qui"}


def disagrees(place: Surroundings) -> bool:
    """'ses petits jambes', 'leur palanquins', 'un amie'."""
    norms, forms = place.norms, place.forms
    if any(_fights(one, two, forms) for one, two in pairwise(norms)):
        return True
    return any(
        one in fr.SINGULAR_DETERMINERS | fr.PLURAL_DETERMINERS and _genders_fight(two, three, forms)
        for one, two, three in zip(norms, norms[1:], norms[2:], strict=False)
    )


def _fights(determiner: str, word: str, forms: Forms) -> bool:
    if determiner not in _ONE | _SEVERAL or forms.is_finite(word):
        return False
    marks = forms.noun_marks(word)
    if not marks:
        return False
    genders = {"m"} if determiner in _MASCULINE else {"f"} if determiner in _FEMININE else {"m", "f"}
    number = "s" if determiner in _ONE else "p"
    return not any(_fit(mark, genders, number) for mark in marks)


def _fit(mark: str, genders: set[str], number: str) -> bool:
    """A mark is 'ms', 'fp'; what it does not tell fits all."""
    other = "p" if number == "s" else "s"
    told = genders & set(mark) or not {"m", "f"} & set(mark)
    return bool(told) and other not in mark


def _genders_fight(one: str, two: str, forms: Forms) -> bool:
    if forms.is_finite(one) or forms.is_finite(two):
        return False
    first, second = _genders(forms.noun_marks(one)), _genders(forms.noun_marks(two))
    return bool(first) and bool(second) and first.isdisjoint(second)


def _genders(marks: Sequence[str]) -> set[str]:
    told = {gender for mark in marks for gender in mark if gender in "mf"}
    return told if all({"m", "f"} & set(mark) for mark in marks) else {"m", "f"} if marks else set()
