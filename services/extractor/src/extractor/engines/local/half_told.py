"""Reasons against a card that tells half of what the source says: one of two, or what hangs on a word further off.

Each rule comes from cards that looked sound and that readers refused.
"""

import re
from itertools import pairwise

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.segments import Edge
from extractor.engines.local.surroundings import Surroundings, plain
from extractor.engines.local.vocabulary import words as words_of

_PAIRED = re.compile(
    r"^(?:ou bien |\w+ment aussi |tantôt (?!.*\btantôt\b)|d'une part|d'un côté|les une?s (?!.*\bautres\b))"
    r"|\bnon[- ]seulement\b|\b(?:la seconde|le second|au dernier|d'un côté)$"
)
_ASSENT = re.compile(r"^n'est -?ce pas(?: ,)?(?: (?!un|une|le|la|les|l'|là|ce)\w+){0,3}$")
_QUESTION = re.compile(
    r"\b(?:pourquoi|comment|où|quand|quel\w*|qui|que|combien|est-ce)\b|\w-(?:t-)?(?:je|tu|ils?|elles?|on|nous|vous|ce)\b"
)
_NAME_BEFORE = re.compile(r"(?:^|[\s«—-])[A-ZÀÉÊÎÔ][\w’'-]*,\s+$")
_NEAR = 4
_CLEFT = 2  # where 'd'un air' stands in 'c'est d'un air'
_DENIED = re.compile(r"\bce n'(?:est|était|fut|sont|étaient) (?:pas|point)\b")
_OPENERS = frozenset({"si", "lorsque", "lorsqu'", "puisque", "puisqu'", "quoique", "afin", "parce", "tandis"})
_OPENERS_WITH_QUE = frozenset(
    {
        "ainsi",
        "aujourd'hui",
        "maintenant",
        "depuis",
        "alors",
        "pendant",
        "dès",
        "aussitôt",
        "après",
        "avant",
        "bien",
        "pour",
        "sans",
    }
)
_VIEW = re.compile(
    r"\b(?:[àa] (?:l'|les )entendre|[àa] l'en croire|aux yeux (?:de|du|des|d')\b|au dire d|(?:à la|à) condition"
    r"|selon (?:moi|toi|lui|elle|nous|vous|eux|elles)\b|pour peu qu|en (?:l'|les )(?:entendant|écoutant|lisant))"
)
_DENIERS = words_of("pas point jamais rien plus que qu' guère aucun aucune personne nul nulle ni nullement goutte mot")
_DENIED_BEFORE = re.compile(r"\b(?:jamais|rien|personne|nulle?|aucune?|ni|pas un|pas une)\b")
_WHAT = re.compile(r"\bce (?:qui|que|dont|à quoi)\b|\bce qu'")
_GOES_ON_WITH_QUE = re.compile(r"^[^.!?…;:»]*\bqu(?:e\b|')")
_SUPPOSE = re.compile(r"\bsuppos(?:ez|ons)\b")
_IT_IS = re.compile(r"\bc'(?:est|était|fut|étaient|sera)\b[^.!?…;:,»]*$")
_EXCEPTED = re.compile(r"^[\s,;…]*(?:si ce n'est|excepté|hormis|sauf)\b")
_POINTERS = words_of("ceci ainsi termes suivant suivante suivants suivantes")
_WHEN = re.compile(r"\b(?:quand(?! même)|lorsqu\w*|s'ils?|si (?:je|j'|tu|elles?|l'on|on|nous|vous|c'))\b")
_TIMES = re.compile(
    r"^(?:une?|l'|le|la|ce|cet|cette) ?(?:an|année|après-midi|matin|soir|jour|nuit|fois|semaine|lendemain|hiver|été)\b"
)


def tells_one_of_pair(place: Surroundings) -> bool:
    """'Tantôt j'évoque mes souvenirs', 'Les uns célébraient ses grâces', 'Je n'ai plus la seconde'."""
    return bool(_PAIRED.search(place.text))


def asks_for_assent(place: Surroundings) -> bool:
    """'N'est-ce pas, docteur ?' asks of what was said before."""
    return bool(_ASSENT.search(place.text))


def asks_elsewhere(place: Surroundings) -> bool:
    """'Il n'y avait pas songé | , pourquoi ces façons ?': what is asked is cut off."""
    return place.segment.closer is Edge.QUESTION and bool(_QUESTION.search(place.after.partition("?")[0]))


def cuts_subject_list(place: Surroundings) -> bool:
    """'Evans, | Briant et Baxter repartirent': of three who went, two."""
    opens = _NAME_BEFORE.search(place.source[: place.own[0].begin])
    joined = "et" in place.norms[1:_NEAR] and "," not in place.norms[:_NEAR]
    return opens is not None and joined and place.own[0].text[:1].isupper()


def grants(place: Surroundings) -> bool:
    """'Il est vrai que cela pouvait réussir, mais ...', 'Sans doute il l'admirait ; mais ...'."""
    opens = place.norms[:4] == ("il", "est", "vrai", "que") or place.norms[:2] == ("sans", "doute")
    return opens and "mais" in place.after


def answers_denial(place: Surroundings) -> bool:
    """'Ce n'est pas le talent qui manque ; c'est le caractère'."""
    return place.norms[0] in {"c'", "ce"} and bool(_DENIED.search(place.before))


def is_one_of_such(place: Surroundings) -> bool:
    """'Il y a de [ces minarets qui chancellent]': there are some that do."""
    before = plain(place.source[: place.first.begin])
    return place.first.norm == "ces" and before.endswith("de ")


def opens_subordinate(place: Surroundings) -> bool:
    """'Lorsqu'un valet entra', 'Ainsi que cela avait été convenu': without a comma there is no main clause."""
    norms = place.norms
    if place.segment.closer is Edge.QUESTION:
        return norms[0] == "si" or norms[:2] in {("s'", "il"), ("s'", "ils")}
    if place.subject or "," in norms:
        return False
    with_que = norms[0] in _OPENERS_WITH_QUE and norms[1] in {"que", "qu'"}
    return norms[0] in _OPENERS or with_que or norms[:2] in {("s'", "il"), ("s'", "ils")}


def drops_view(place: Surroundings) -> bool:
    """'À l'entendre, M. Bonnard était désolé'."""
    return not place.subject and bool(_VIEW.search(place.lead))


def leaves_out_when(place: Surroundings) -> bool:
    """'Les enfants, quand ils s'y mettaient, avaient bientôt fini'."""
    return bool(_WHEN.search(place.left_out))


def makes_time_a_subject(place: Surroundings) -> bool:
    """'Un après-midi, [Julien] pénétra dans la chambre'."""
    edited = bool(place.subject) or place.segment.shortened
    return edited and bool(_TIMES.search(place.text))


def leaves_denier_out(place: Surroundings) -> bool:
    """'Jamais, pensait-il, [je ne causerai de peine à mon père]'."""
    denies = not fr.NE.isdisjoint(place.norms) and _DENIERS.isdisjoint(place.norms)
    return denies and bool(_DENIED_BEFORE.search(place.lead))


def answers_what(place: Surroundings) -> bool:
    """'Ce qu'il faut, c'est bien établir la situation'; 'C'est d'un air sombre, et sincère, que Magloire ...'."""
    norms = place.norms
    if norms[0] not in {"c'", "ce"}:
        return False
    cleft = len(norms) > _CLEFT and norms[_CLEFT] in fr.PREPOSITIONS and bool(_GOES_ON_WITH_QUE.search(place.after))
    return cleft or bool(_WHAT.search(place.lead))


def asks_without_mark(place: Surroundings) -> bool:
    """'Ignorez-vous ce qu'il a fait, murmura-t-il ; l'histoire de mon mariage ?'."""
    behind = place.norms[1] if len(place.norms) > 1 else ""
    inverted = behind.startswith("-") and behind.rpartition("-")[2] in fr.SUBJECT_PRONOUNS
    return inverted and place.segment.closer is not Edge.QUESTION and "?" in place.after


def follows_supposition(place: Surroundings) -> bool:
    """'Supposez un fou à la place du fou : il eût vécu de l'air du temps'."""
    return bool(_SUPPOSE.search(place.before))


def points_ahead(place: Surroundings) -> bool:
    """'Il arriva ceci : ...', 'Il leur parla en ces termes : ...'."""
    return place.norms[-1] in _POINTERS and place.after.lstrip()[:1] in {":", "«"}


def joins_verbs(place: Surroundings) -> bool:
    """'Mme Renault sortit[, donna un ordre et] rentra aussitôt'."""
    return any(
        "," in place.source[one.end : two.begin] and all(place.forms.is_only_verb(word.norm) for word in (one, two))
        for one, two in pairwise(place.own)
    )


def opens_exclamation(place: Surroundings) -> bool:
    """'Eh ! [bien, il est médecin]'."""
    return place.norms[0] == "bien" and bool(re.search(r"\b[eh][éeh]h? ?!\s*$", place.before))


def is_one_of_what_it_is(place: Surroundings) -> bool:
    """'C'était dans [les premières années] qui [suivirent]'."""
    return bool(place.subject) and bool(_IT_IS.search(plain(place.source[: place.first.begin])))


def is_the_other_choice(place: Surroundings) -> bool:
    """'Ne t'arrête pas, ou [nous allons manquer l'heure]'."""
    return bool(re.search(r"\bou(?: bien)?\s*$", place.before))


def leaves_exception_out(place: Surroundings) -> bool:
    """'Nul bruit n'en troublait le silence | … si ce n'est la pluie'."""
    return bool(_EXCEPTED.search(place.after))


def says_so(place: Surroundings) -> bool:
    """'Les lois physiques sont peu connues, [les autres le sont davantage]': of what, the card does not say."""
    return any(
        one == "le" and "être" in place.forms.lemmas(two) and place.forms.is_finite(two)
        for one, two in pairwise(place.norms)
    )


def is_that_of(place: Surroundings) -> bool:
    """'Celle de Mlle Alberte quitta la mienne': whose hand, the card does not say."""
    return place.norms[0] in {"celui", "celle", "ceux", "celles"} and place.norms[1:2] in {("de",), ("d'",), ("du",)}


def hangs_on_and(place: Surroundings) -> bool:
    """'Le médecin se fâcha et, tapant du pied | : ...'."""
    norms = place.norms
    at = next((at for at, pair in enumerate(pairwise(norms)) if pair == ("et", ",")), None)
    return at is not None and not any(place.forms.is_finite(norm) for norm in norms[at:])


HALF_TOLD = (
    tells_one_of_pair,
    asks_for_assent,
    cuts_subject_list,
    grants,
    asks_elsewhere,
    answers_denial,
    is_one_of_such,
    opens_subordinate,
    drops_view,
    leaves_out_when,
    makes_time_a_subject,
    leaves_denier_out,
    answers_what,
    asks_without_mark,
    follows_supposition,
    points_ahead,
    joins_verbs,
    opens_exclamation,
    is_one_of_what_it_is,
    is_the_other_choice,
    leaves_exception_out,
    says_so,
    is_that_of,
    hangs_on_and,
)
