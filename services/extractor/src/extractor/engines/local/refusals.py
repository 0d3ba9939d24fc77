"""Rules against a card that only the whole source shows: who says it, what it hangs on, what is left out."""

import re
from collections.abc import Iterator, Sequence

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.forms import Forms
from extractor.engines.local.half_told import HALF_TOLD
from extractor.engines.local.misprints import disagrees, holds_unknown_word, is_garbled
from extractor.engines.local.segments import INCISE_LEMMAS, Edge
from extractor.engines.local.surroundings import (
    FEW_WORDS,
    THINGS,
    Surroundings,
    breaks_off,
    has_object_pronoun,
    plain,
)

_TITLE = re.compile(r"\b(?:mrs|mr|mme|mlle|m|mm|dr|mgr|mistress|sir|lord|lady|maître|père|mère|oncle|tante)\.?\s*$")
_NAME = re.compile(r"[A-ZÀÉÊÎÔ][\w’'-]*\s+$")
_UNSAID = re.compile(r"\b(?:comme|pour|aurai\w*|eût|eussent|sembl\w*|qui|que|si|sans|envie|voul\w+|quand|lorsqu\w*)\b")
_SUPPOSED = re.compile(r"\b(?:si|s'il|s'ils|que si|quand|lorsque|lorsqu'\w+|que|qu'\w+)\b")
_FEARED = re.compile(
    r"\b(?:peur|crain\w+|redout\w+|croyai\w+|crut|crurent|pensai\w*|pensa|imagin\w+|song\w+|se dis\w+|espér\w+|rêv\w+"
    r"|se voy\w+|suppos\w+|soupçonn\w+|figur\w+|semblai\w*|devin\w+|promett\w+|jura\w*|calcul\w+)\b"
)
_TRUTH = re.compile(
    r"\b(?:autrefois|jadis|naguère|seulement|sans doute|probablement|presque|peut-être|à peine|au moins|du moins"
    r"|uniquement|surtout|quelquefois|parfois|souvent|rarement|ordinairement|jamais|soi-disant|prétend\w*|croy\w+"
    r"|crut|pens\w+|song\w+|dirait|dit-on|di[st]ai\w+|paraît|sembl\w+|moins|excepté|sauf)\b"
)
_LIMITED = re.compile(r"\b(?:seulement|quelquefois|sans doute|peut-être|tantôt|rarement)\b|\b(?:autrefois|jadis),")
_CHOICE = re.compile(r"^[\s,»]*(?:ou|soit|sinon|ni|tantôt|à moins|pourvu)\b")
_CHOSEN = re.compile(r"\b(?:ou|soit|ni|sinon|plus|moins|tantôt)[\s,]*$|\bou, [^.;:]*$")
_INDEX_WORDS = re.compile(r"\b(?:suivante?s?|voici|ainsi conçue?s?|que voici)$")
_STUTTER = re.compile(r"(\w+)\s*(?:…|\.\.\.)\s*$")
_REFERS = re.compile(
    r"\b(?:(?:le|du|au) sien|la sienne|les siens|les siennes|ce dernier|cette dernière|ces derniers|l'un|l'une|les uns"
    r"|celui-ci|celle-ci|ceux-ci|celui-là|celle-là|ceux-là|quelques-uns|quelques-unes|à mesure|également|là-dessous"
    r"|là-dessus|là-dedans|(?:un autre|une autre|d'autres|l'autre|les autres|les deux|un seul|une seule|plusieurs"
    r"|le même|la même|les mêmes)(?! (?!avai|ét|fu|s'|se |d'|de |à |en |ont|sont|,)\w))"
    r"|^ce dernier|^cette dernière"
)
_FIRST_WORDS = frozenset({"comment", "combien", "pourquoi", "comme", "seul", "seuls", "seule", "seules", "même"})
_ELIDED = "j'a"  # a stutter is as short as this
_MASCULINE = re.compile(r"\b(?:le|un|ce|mon|son) \w{3,}|\b(?:l'|d'|cet )\w{3,}")
_FEMININE = re.compile(r"\b(?:la|une|cette|ma|sa) \w{3,}|\b(?:l'|d')\w{3,}")
_PLURAL = re.compile(r"\b(?:les|des|ces|ses|mes|leurs|deux|trois) \w{3,}")
_INFINITIVES = ("er", "ir", "re")
_DETERMINERS = r"les?|la|une?|des|du|de|sa|son|ses|leurs?|notre|nos|votre|vos|mes|mon|ma"
_ENUMERATED = re.compile(rf"^\s*,\s*(?:et\s+|puis\s+)?(?:l'|(?:{_DETERMINERS})\s)\w+")
_MORE = re.compile(rf"(?:,| et) (?:l'|(?:{_DETERMINERS}|pour)\b)")
_NOUN_BEFORE = re.compile(r"\b(?:la|une|cette|sa|les|des|ces|ses|leurs|leur|le|un|ce|son) \w{3,}")

_ASKED = re.compile(r"^[^.!…;:»?]*\w[^.!…;:»?]*\?")
_WHENEVER = re.compile(r"\b(?:quand|lorsque?|lorsqu'\w+|chaque fois|toutes les fois|dès qu\w*|tant qu\w*|étant)\b")
_LATER_LIMIT = re.compile(
    r"^[^.!?…;:»]*\b(?:à moins|pourvu|sauf|excepté|quand|lorsqu\w*|chaque fois|tant qu\w*|en attendant"
    r"|avant qu\w*)\b"
)
_REPORTED = re.compile(
    r"^[\s,]*(?:à ce que|à ce qu'|dit-on|disait-on|dites-vous|dis-tu|disent-ils|paraît-il|paraissait-il|assure-t-on"
    r"|selon|d'après|à en croire|à l'en croire|à mon avis|à son avis|suivant|je suppose|je crois|je pense|sans doute"
    r"|du moins|en apparence|jusqu'à preuve)"
)


def objections_to(place: Surroundings) -> Iterator[str]:
    """The names of the rules that object to this card."""
    return (rule.__name__ for rule in _RULES if rule(place))


def signs(place: Surroundings) -> tuple[str, ...]:
    """The names of what speaks against this card without forbidding it."""
    return tuple(rule.__name__ for rule in _SIGNS if rule(place))


def nobody_says_it(place: Surroundings) -> bool:
    """'comme pour dire : « … »', 'elle aurait dit : « … »', 'demanda : « Vous avez … »' cut behind 'répondre'."""
    if "«" not in place.before:
        return False
    opening = place.source.rfind("«", 0, place.own[0].begin)
    if "»" in place.source[opening : place.own[0].begin]:
        return False
    lead = re.split(r"[.;!?…»]", plain(place.source[:opening]))[-1]
    words = re.findall(r"\w+", lead)
    told = not INCISE_LEMMAS.isdisjoint(words)
    joined = bool(lead.strip()) and not lead.rstrip().endswith((":", ",", "—"))
    return joined or told or bool(_UNSAID.search(lead))


def is_supposed(place: Surroundings) -> bool:
    """'si elle avait des doutes… elle ne les a plus': goes on in a small letter with what was supposed."""
    if not place.own[0].text[:1].islower():
        return False
    mark = place.before.rstrip()[-1:]
    return mark in {"…", "!", "?", ":"} and bool(_SUPPOSED.search(place.stretch))


def describes_what_went_before(place: Surroundings) -> bool:
    """'La situation était grave, mais elle n'était pas désespérée': 'elle' is no person, and is not named."""
    genders = {"il": _MASCULINE, "elle": _FEMININE, "ils": _PLURAL, "elles": _PLURAL}
    before = genders.get(place.norms[0])
    is_state = any("être" in place.forms.lemmas(norm) for norm in place.norms[1:4])
    return before is not None and is_state and bool(before.search(place.before))


def is_feared(place: Surroundings) -> bool:
    """'Elle avait peur ; il savait tout': what she thinks, not what the author tells."""
    if place.segment.quoted or any(place.forms.is_passe_simple(norm) for norm in place.norms):
        return False
    back = re.split(r"[.»«]", place.before)[-1]
    return bool(_FEARED.search(back))


def is_one_of_two(place: Surroundings) -> bool:
    """'Il est parti, ou il doit partir'."""
    inside = " ".join(place.norms)
    torn = "tantôt" in inside or "l' un " in f"{inside} "
    return torn or bool(_CHOICE.search(place.after)) or bool(_CHOSEN.search(place.stretch))


def follows_order(place: Surroundings) -> bool:
    """'Rendez-moi ma lettre, et je sauve le baron': only if he gives it."""
    if not re.search(r"\bet\s*$", place.before):
        return False
    first = re.search(r"\w+", place.stretch)
    return first is not None and first.group().endswith(("ez", "ons")) and place.forms.is_order(first.group())


def cuts_name(place: Surroundings) -> bool:
    """'Mrs. | Weldon', 'José-Antonio | Alvez', 'M. | X', 'D'| Unières', 'J.-| B. Frapillon'."""
    first, before = place.first, place.source[: place.first.begin]
    if before.endswith(("D'", "D’", "d'", "d’", "-")):
        return True
    named = _NAME.search(before)
    joined = named is not None and named.group().strip().lower() in fr.COORDINATORS
    if first.text[:1].isupper() and (_TITLE.search(plain(before)) or (named and not joined)):
        return True
    behind = place.source[place.own[-1].end :]
    return bool(re.match(r"\s+[A-ZÀÉÊÎÔ]", behind))


def stutters(place: Surroundings) -> bool:
    """'J'ai… j'ai que je suis jaloux'."""
    found = _STUTTER.search(place.before)
    return found is not None and (found.group(1) in place.norms or len(found.group(1)) < len(_ELIDED))


def opens_as_fragment(place: Surroundings) -> bool:
    """'comment il avait fui ; comment …' and 'Seuls se souvenaient'."""
    return place.norms[0] in _FIRST_WORDS and place.segment.mark not in {"!", "?"}


def points_elsewhere(place: Surroundings) -> bool:
    """'le sien', 'un autre', 'ce dernier': of what, the card does not say."""
    return bool(_REFERS.search(place.text)) or bool(_INDEX_WORDS.search(place.text))


def hides_thing(place: Surroundings) -> bool:
    """'Il en refusa plusieurs', 'Ils s'y gênaient': of what and where, the card does not say."""
    return any(
        norm in {"en", "y"} and place.norms[at - 1] != "tout" and _stands_for_thing(place, at)
        for at, norm in enumerate(place.norms[:-1])
    )


def _stands_for_thing(place: Surroundings, at: int) -> bool:
    norms, forms = place.norms, place.forms
    of_verb = at > 0 and norms[at - 1] in fr.SUBJECT_PRONOUNS.keys() | fr.NE | fr.OBJECT_CLITICS | {"qui"}
    if norms[at + 1].endswith(_INFINITIVES) and at > 0 and forms.is_finite(norms[at - 1]):
        return True  # 'nous devions y prendre leur place'
    before_verb = forms.is_finite(norms[at + 1]) or norms[at + 1] == "en"
    return (of_verb or place.subject != ()) and before_verb and not _is_idiom(norms, at, forms)


def says_it_of_pronouns(place: Surroundings) -> bool:
    """'Il le joua': nothing is named, and what 'le' is may be a thing, or all that was said before."""
    return len(place.norms) <= FEW_WORDS and any(
        norm in THINGS and place.forms.is_only_verb(place.norms[at + 1])
        for at, norm in enumerate(place.norms[:-1])
        if at > 0
    )


def says_again_what(place: Surroundings) -> bool:
    """Its subject is a pronoun of the third person, and a noun stands before it in the source."""
    return place.norms[0] in {"il", "elle", "ils", "elles"} and bool(_NOUN_BEFORE.search(place.before))


def _is_idiom(norms: Sequence[str], at: int, forms: Forms) -> bool:
    """'il y a', 's'en aller'."""
    if norms[at] == "y":
        return norms[0] == "il" and "avoir" in forms.lemmas(norms[at + 1])
    reflexive = at > 0 and norms[at - 1] in {"s'", "m'", "t'", "se", "nous", "vous"}
    return reflexive and any("aller" in forms.lemmas(norm) for norm in norms[at + 1 : at + 3])


def drops_truth(place: Surroundings) -> bool:
    """'Cet appartement, autrefois, était celui de Jean'; 'Lheureux, pensa-t-elle, voulait …'."""
    lead = re.split(r"[;:.!?…»«]", place.stretch)[-1]
    return bool(_TRUTH.search(place.left_out)) or (not place.subject and bool(_LIMITED.search(lead)))


def stands_in_likeness(place: Surroundings) -> bool:
    """'comme un fiel qui corrompait ses joies, rendait odieuse son existence'."""
    lead = place.lead.strip()
    return bool(re.search(r"\bcomme\b", lead)) and not lead.startswith("comme")


def cuts_list(place: Surroundings) -> bool:
    """'ses robes, le linge | , le cabinet'; 'C'était la persistance | , et l'accroissement'."""
    if "," in place.norms and _goes_on_with_verb(place):
        return True
    found = _ENUMERATED.match(place.after)
    if found is None or _has_verb(place, place.after.lstrip(" ,").split(",")[0]):
        return False
    rest = re.split(r"[;:.!?…»«]", place.after[1:])[0]
    return "," in place.norms or place.norms[0] in {"c'", "ce"} or bool(_MORE.search(rest[2:]))


def _goes_on_with_verb(place: Surroundings) -> bool:
    """'Negoro arpentait la grève, se retournait | , regardait le rivage'."""
    found = re.match(r"\s*,\s*(?:et\s+)?(?:se |s'|le |la |les |l'|lui )?(\w+)", place.after)
    return found is not None and place.forms.is_only_verb(found.group(1))


def _has_verb(place: Surroundings, text: str) -> bool:
    stretch = re.split(r"[;:.!?…»«]", text)[0]
    return any(place.forms.is_only_verb(word) for word in re.findall(r"\w+", stretch))


def ends_cleft(place: Surroundings) -> bool:
    """'Ce qui le séduisait, c'était le chic'; 'cette blanche, c'était son enfant, qui …'."""
    if place.norms[0] not in {"c'", "ce"}:
        return False
    return place.before.rstrip().endswith(",") or bool(re.match(r"^\s*,\s*(?:qui|que|qu'|dont)\b", place.after))


def misses_member(place: Surroundings) -> bool:
    """'Ils portaient, l'un et l'autre | , une balle'; 'La lune répandait, comme l'autre soir | , sa lumière'."""
    norms = place.norms
    at = norms.index(",", 1) if "," in norms[1:] else 0
    cut = at > 0 and place.after.lstrip().startswith(",")
    return cut and norms[at + 1] in {"comme", "l'", "par", "à", "malgré", "selon", "désormais"}


def cuts_behind_comma(place: Surroundings) -> bool:
    return "," in place.norms[1:] and place.after.lstrip().startswith(",")


def announces(place: Surroundings) -> bool:
    """'Il s'écria tout haut | : « … »', 'la question suivante :'."""
    if not re.match(r"^\s*[:«]|^[^.;!?»,]{0,60}:", place.after):
        return False
    return any(place.forms.lemmas(norm) & (INCISE_LEMMAS | {"articuler"}) for norm in place.norms)


def is_asked(place: Surroundings) -> bool:
    """'Elle est Irlandaise, dites-vous ?', 'Le général n'est pas venu, par hasard ?': cut off, it is told."""
    still_asks = bool(place.segment.pruned) and place.segment.closer is Edge.QUESTION
    return not still_asks and bool(_ASKED.search(place.after))


def happens_whenever(place: Surroundings) -> bool:
    """'chaque fois qu'elle le voyait, elle pleurait': a habit, or what must be first."""
    once = any(place.forms.is_passe_simple(norm) for norm in place.norms)
    return not once and bool(_WHENEVER.search(place.lead))


def is_limited_later(place: Surroundings) -> bool:
    """'Je ne vois rien au-dessus de la vertu, quand je la vois'."""
    return bool(_LATER_LIMIT.search(place.after))


def is_reported_behind(place: Surroundings) -> bool:
    """'Le garçon était simple, à ce que témoignèrent ses parents'."""
    return bool(_REPORTED.search(place.after))


_RULES = (
    *HALF_TOLD,
    is_garbled,
    nobody_says_it,
    is_supposed,
    describes_what_went_before,
    is_feared,
    is_one_of_two,
    follows_order,
    cuts_name,
    stutters,
    opens_as_fragment,
    says_it_of_pronouns,
    points_elsewhere,
    hides_thing,
    drops_truth,
    stands_in_likeness,
    cuts_list,
    ends_cleft,
    misses_member,
    announces,
    is_asked,
    happens_whenever,
    is_limited_later,
    is_reported_behind,
)
_SIGNS = (
    breaks_off,
    has_object_pronoun,
    says_again_what,
    cuts_behind_comma,
    holds_unknown_word,
    disagrees,
)
