"""Tokens and closed word classes of French, as the validators need them. Pure; no model, no lexicon."""

import re
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"l['’]une?(?!\w)|(?:jusqu|lorsqu|puisqu|quoiqu|qu|[cdjlmnst])['’](?=\w)|\w+(?:['’\-‑]\w+)*", re.IGNORECASE
)

_SPACES = re.compile(r"[ \t\r\n]+")  # not the no-break spaces of French typography


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ARTICLES = _words("le la les l' un une des du au aux")
DETERMINERS = ARTICLES | _words("ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs")
CONTRACTED = _words("du des au aux")  # a preposition and an article in one, most often
PREPOSITIONS = _words(
    "à de d' en par pour sans sur sous dans avec chez vers entre parmi contre depuis pendant dès jusque jusqu'"
    " malgré selon hors envers voici voilà"
)
PLACE_WORDS = _words("avant après devant derrière outre sauf")  # prepositions that also stand alone
CONJUNCTIONS = _words(
    "et ou mais or ni car donc puis que qu' si s' comme quand lorsque lorsqu' puisque puisqu' quoique quoiqu'"
    " parce afin tandis"
)
RELATIVES = _words("qui que qu' dont où lequel laquelle lesquels lesquelles duquel auquel quoi")
SUBJECTS = _words("je j' tu il elle on nous vous ils elles")
CLITICS = SUBJECTS | _words("me m' te t' se s' le la les l' lui leur y en ne n' c' ç' ça cela ce")
STRONG_PRONOUNS = _words(
    "moi toi soi eux ceci celui celle ceux celles celui-ci celle-ci celui-là celle-là ceux-ci ceux-là"
    " mien mienne sien sienne tien tienne même mêmes l'un l'une"
)
NEGATIONS = _words("ne n' sans ni aucun aucune nul nulle")
LIGHT_ADVERBS = _words(
    "pas plus point jamais rien très trop si aussi alors ainsi ensuite enfin puis là ici y encore toujours"
    " déjà bien tout toute tous toutes non oui"
)
FUNCTION_WORDS = (
    DETERMINERS
    | PREPOSITIONS
    | CONJUNCTIONS
    | RELATIVES
    | CLITICS
    | STRONG_PRONOUNS
    | NEGATIONS
    | LIGHT_ADVERBS
    | frozenset({"est-ce"})
)

SUBORDINATORS = RELATIVES | _words("quand lorsque lorsqu' puisque puisqu' quoique quoiqu' si s' comme")
PRESENTATIVES = _words("voici voilà revoici revoilà")
# `peut-être que`: what follows is said outright.
OUTRIGHT = PRESENTATIVES | _words("peut-être heureusement sûrement assurément certes apparemment est-ce c'est-à-dire")
LINKS = _words("et ou mais or ni car donc puis alors")
# Pronouns that stand as a noun does.
PRONOUNS = STRONG_PRONOUNS | _words(
    "lui elle elles tout tous toutes chacun chacune personne rien aucun aucune nul nulle certains plusieurs autre"
    " autres quelqu'un quelques-uns ça cela"
    " moi-même toi-même lui-même elle-même soi-même nous-mêmes vous-mêmes eux-mêmes elles-mêmes"
)
QUANTIFIERS = _words("quelque quelques chaque plusieurs maint maints")
# What stands without preposition and yet is no subject: `le soir, ...`.
TIMES = _words(
    "soir matin matinée soirée jour journée lendemain veille surlendemain nuit après-midi midi minuit heure heures"
    " minute minutes instant instants moment moments fois semaine semaines mois an ans année années printemps été"
    " automne hiver lundi mardi mercredi jeudi vendredi samedi dimanche temps"
)
SPEECH_LEMMAS = _words(
    "dire répondre reprendre faire crier écrier demander ajouter murmurer répliquer exclamer interroger interrompre"
    " continuer poursuivre répéter observer objecter grommeler grogner balbutier bégayer soupirer penser songer"
    " déclarer affirmer conclure insister commander ordonner hurler gronder chuchoter souffler soupirer riposter"
    " protester supplier implorer expliquer remarquer prononcer articuler annoncer commencer achever sangloter"
)
# Behind a full vowel: `le onze`, `que oui`; or behind a `ce`, `je`, `que` that stands alone.
WITHOUT_ELISION = _words("un une onze onzième oui ouate ouistiti uhlan à en au aux et ou entre avec où après")

# A card cannot end in one of these. Left out: words that also stand alone (`avant`, `donc`, `tout`).
DANGLING_ENDS = _words(
    "de d' du des à au aux le la les l' ce cet cette ces mon ma mes ton ta tes sa ses notre votre et ou ni que"
    " qu' dont si s' comme par pour sans sur sous dans avec chez vers entre parmi jusque jusqu' lorsque lorsqu'"
    " puisque puisqu' quoique quoiqu' afin parce tandis dès je j' tu il ils on ne n' me m' te t' se"
    " y en très ayant étant"
)
# Dangling too, where nothing is counted: `j'en ai un`, `il n'y en a qu'une`.
COUNTING = _words("un une")


@dataclass(frozen=True)
class Token:
    """A word of a sentence: `form` as written, `key` in lower case with straight apostrophes and hyphens.

    `joined` is true for what hangs on the word before by a hyphen (`il` of `dit-il`), `opens` for the first word
    and those behind a mark (comma, dash, guillemet, ...).
    """

    form: str
    key: str
    joined: bool = False
    opens: bool = False


_HYPHEN_CLITIC = re.compile(
    r"^(?P<verb>.+?)(?:-t)?-(?P<clitic>je|tu|il|elle|on|nous|vous|ils|elles|ce|moi|toi|le|la|les|lui|leur|y|en)$",
    re.IGNORECASE,
)
_PLAIN = str.maketrans("’‑", "'-")


_ABBREVIATIONS = _words("m mm mr mrs dr st ste mgr me")


@lru_cache(maxsize=1024)  # each rule asks for the same card or source again
def tokenize(text: str) -> tuple[Token, ...]:
    """The words; punctuation is left out. `qu'il` is two tokens, `dit-il` two, `peut-être` one."""
    tokens: list[Token] = []
    end = 0
    for match in _TOKEN.finditer(text):
        gap = text[end : match.start()].strip()
        opens = not tokens or bool(gap and not (gap == "." and tokens[-1].key in _ABBREVIATIONS))
        tokens.extend(_detach(match.group().translate(_PLAIN), opens=opens))
        end = match.end()
    return tuple(tokens)


def _detach(form: str, *, opens: bool) -> list[Token]:
    """`donne-le-moi` as donne, le, moi: pronouns that follow a verb are words of their own."""
    match = _HYPHEN_CLITIC.match(form) if "-" in form else None
    if match is None:
        return [Token(form, form.lower(), opens=opens)]
    clitic = match["clitic"]
    return [*_detach(match["verb"], opens=opens), Token(clitic, clitic.lower(), joined=True)]


def collapse_spaces(text: str) -> str:
    """One plain space where there were many, none at the ends. No-break spaces stay as they are."""
    return _SPACES.sub(" ", text).strip()
