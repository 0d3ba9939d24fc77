"""Reasons against a card that tells half of what the source says: one of two, or what hangs on a word further off.

Each rule comes from cards that looked sound and that readers refused.
"""

import re
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.segments import Edge
from extractor.engines.local.surroundings import Surroundings, is_only_verb, plain

_PAIRED = re.compile(
    r"^(?:tantôt (?!.*\btantôt\b)|d'une part|d'un côté|les une?s (?!.*\bautres\b))|\bnon[- ]seulement\b"
    r"|\b(?:la seconde|le second|au dernier)$"
)
_OPENERS = frozenset({"si", "lorsque", "lorsqu'", "puisque", "puisqu'", "quoique", "afin", "parce", "tandis"})
_OPENERS_WITH_QUE = frozenset({"ainsi", "pendant", "dès", "aussitôt", "après", "avant", "bien", "pour", "sans"})
_VIEW = re.compile(
    r"\b(?:[àa] (?:l'|les )entendre|[àa] l'en croire|aux yeux (?:de|du|des|d')\b|au dire d|(?:à la|à) condition)"
)
_WHEN = re.compile(r"\b(?:quand(?! même)|lorsqu\w*|s'ils?|si (?:je|j'|tu|elles?|l'on|on|nous|vous|c'))\b")
_GARBLED = re.compile(r"['’]\s|\s,|^[-–—]|\.\.")
_TIMES = re.compile(
    r"^(?:une?|l'|le|la|ce|cet|cette) ?(?:an|année|après-midi|matin|soir|jour|nuit|fois|semaine|lendemain|hiver|été)\b"
)
_OBJECTS = frozenset({"que", "qu'", "dont", "où"})
_STOPS = re.compile(r"[;:.!?…»«]")


def tells_one_of_pair(place: Surroundings) -> bool:
    """'Tantôt j'évoque mes souvenirs', 'Les uns célébraient ses grâces', 'Je n'ai plus la seconde'."""
    return bool(_PAIRED.search(place.text))


def opens_subordinate(place: Surroundings) -> bool:
    """'Lorsqu'un valet entra', 'Ainsi que cela avait été convenu': without a comma there is no main clause."""
    norms = place.norms
    if place.subject or "," in norms or place.segment.closer is Edge.QUESTION:
        return False
    with_que = norms[0] in _OPENERS_WITH_QUE and norms[1] in {"que", "qu'"}
    return norms[0] in _OPENERS or with_que or norms[:2] in {("s'", "il"), ("s'", "ils")}


def drops_view(place: Surroundings) -> bool:
    """'À l'entendre, M. Bonnard était désolé'."""
    return not place.subject and bool(_VIEW.search(_lead(place)))


def leaves_out_when(place: Surroundings) -> bool:
    """'Les enfants, quand ils s'y mettaient, avaient bientôt fini'."""
    return bool(_WHEN.search(place.left_out))


def is_garbled(place: Surroundings) -> bool:
    """'l' abbat', 'M , Landolfi', 'La créole tressaillit suivit': the book is misprinted here."""
    own = place.source[place.own[0].begin : place.own[-1].end]
    if not _OBJECTS.isdisjoint(place.norms):
        return bool(_GARBLED.search(own))  # 'la femme qu'il aimait dormait'
    pairs = ((at, one.norm, two.norm) for at, (one, two) in enumerate(pairwise(place.own)) if one.text.islower())
    collide = any(_are_verbs(place, one, two) and not _is_noun(place, at) for at, one, two in pairs)
    return bool(_GARBLED.search(own)) or collide


def makes_time_a_subject(place: Surroundings) -> bool:
    """'Un après-midi, [Julien] pénétra dans la chambre'."""
    edited = bool(place.subject) or place.segment.shortened
    return edited and bool(_TIMES.search(place.text))


def _are_verbs(place: Surroundings, one: str, two: str) -> bool:
    forms = place.forms
    return all(is_only_verb(forms, norm) and not forms.is_participle(norm) for norm in (one, two))


def _is_noun(place: Surroundings, at: int) -> bool:
    """'Le marquis divinisait', 'qui vivra verra'."""
    before = place.norms[at - 1] if at else ""
    return before in fr.SINGULAR_DETERMINERS | fr.PLURAL_DETERMINERS | {"qui"}


def _lead(place: Surroundings) -> str:
    """What stands before the card behind the last mark."""
    first = place.subject[0] if place.subject else place.own[0]
    return _STOPS.split(plain(place.source[: first.begin]))[-1]


HALF_TOLD = (
    tells_one_of_pair,
    opens_subordinate,
    drops_view,
    leaves_out_when,
    is_garbled,
    makes_time_a_subject,
)
