"""How a chapter names itself in French books. Pure."""

import re
from enum import StrEnum

_ORDINAL = (
    r"premi[eè]re?|second[e]?|deuxi[eè]me|troisi[eè]me|quatri[eè]me|cinqui[eè]me|sixi[eè]me|septi[eè]me|huiti[eè]me"
    r"|neuvi[eè]me|dixi[eè]me|onzi[eè]me|douzi[eè]me|derni[eè]re?"
)
_NUMERAL = r"(?:[IVXLC]+|\d{1,3})(?:\s?(?:er|re|e|ᵉ|ème|ère))?"
_WORD = r"chapitre|livre|partie|tome|volume|acte|section|épisode|lettre"
# By whom or about what, in a few words: 'Préface de l’éditeur', 'Note sur le texte'.
_ABOUT = r"(?:\s+(?:(?:de|du|des|à|au|aux|par|sur|pour)\s+|d['’])[^\s.!?]+(?:\s+[^\s.!?]+){0,5})?"
_BEFORE = rf"(?:préface|avant-propos|introduction|avertissement|note de l['’]éditeur|notice|présentation){_ABOUT}"
_BEFORE_READER = r"(?:avis|au|à l['’]attention du?|note) (?:de l['’]éditeur|au lecteur|du traducteur|des éditeurs)"
_BEHIND_NOTES = rf"notes?(?: (?:et variantes|de fin))?|notes{_ABOUT}"
_BEHIND = (
    rf"postface{_ABOUT}|bibliographie|chronologie|glossaire|index|remerciements|catalogue|du même auteur"
    r"|dans la même collection|à propos de (?:l['’]auteur|cette édition|ce livre)(?: électronique)?"
)
_END = (
    r"fin(?:\s+(?:du (?:roman|livre|volume|récit)|de l['’](?:histoire|ouvrage)"
    rf"|(?:de la|du) (?:{_ORDINAL}) (?:partie|livre|tome|volume)"
    rf"|(?:du|de la) (?:tome|livre|volume|partie) (?:{_NUMERAL}|{_ORDINAL})))?"
)
_STORY = r"prologue|épilogue|conclusion|préambule"
_ALONE = (
    rf"{_STORY}|{_BEFORE}|{_BEFORE_READER}|{_BEHIND_NOTES}|{_BEHIND}|{_END}|dédicace"
    r"|table(?: des (?:matières|chapitres))?|sommaire"
)
_TITLE = r"(?:\s*[.:—–-]+\s*\S.*)?"
_NAMED = re.compile(
    rf"^(?:(?:{_WORD})\s+(?:{_NUMERAL}|{_ORDINAL}|unique)|(?:{_ORDINAL})\s+(?:{_WORD}))\b{_TITLE}$"
    rf"|^(?:{_ALONE})\.?$|^(?:prologue|épilogue)\b{_TITLE}$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(rf"^(?:--|[—–-])?\s*([IVXLC]+|\d{{1,3}})\s*(?:--|[—–-])?[.)]?{_TITLE}$")
_ROMAN = re.compile(r"^(?=[ivxlcdm])m{0,3}(cm|cd|d?c{0,4})(xc|xl|l?x{0,4})(ix|iv|v?i{0,4})$")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_LINE_CHARACTERS = 200  # a longer line is no title
_SPACED_LETTERS = 4
_PART = re.compile(rf"^(?:(tome|volume|partie|livre)\b|(?:{_ORDINAL})\s+(tome|volume|partie|livre)\b)", re.IGNORECASE)
_VALUE = re.compile(
    rf"^(?i:{_WORD})?\s*(?:([IVXLC]+|\d{{1,3}})(?:er|re|ᵉ|ème|ère|(?<=[IVX\d])e)?\b|(?i:(unique)|({_ORDINAL}))\b)"
)
_AROUND = " -–—*"  # ornaments of a title
_FIRST_LETTERS = (
    "premi",
    "second|deuxi",
    "troisi",
    "quatri",
    "cinqui",
    "sixi",
    "septi",
    "huiti",
    "neuvi",
    "dixi",
    "onzi",
    "douzi",
)

# Where the spaces between the words went with those between the letters.
_RUN_TOGETHER = re.compile(r"^(CHAPITRE|LIVRE|TOME|PARTIE|PREMI[EÈ]RE|DEUXI[EÈ]ME|TROISI[EÈ]ME)(?=\w)", re.IGNORECASE)


def roman_value(text: str) -> int | None:
    """The value of a Roman numeral in either case, None for what is none."""
    text = text.lower()
    if not _ROMAN.match(text):
        return None
    values = [_VALUES[ch] for ch in text]
    return sum(-value if value < max(values[at + 1 :], default=0) else value for at, value in enumerate(values))


def close_up(text: str) -> str:
    """A letter-spaced title without its spaces: 'C H A P I T R E  I V' is 'CHAPITRE IV'."""
    words = re.split(r"\s{2,}", text.strip())
    letters = text.split()
    if len(letters) < _SPACED_LETTERS or any(len(letter) > 1 for letter in letters):
        return re.sub(r" +", " ", text.strip())
    closed = " ".join(word.replace(" ", "") for word in words)
    return _RUN_TOGETHER.sub(r"\1 ", closed)


def names_chapter(text: str) -> bool:
    """Whether a line says of itself, by words or a number alone, that a chapter or part begins.

    A number alone is also a page number, and 'I' a pronoun of English: the caller looks at the place.
    """
    return has_chapter_word(text) or numbers_chapter(text)


def has_chapter_word(text: str) -> bool:
    """Whether the line says so by a word ('CHAPITRE IV', 'Deuxième partie', 'Épilogue')."""
    return len(text) <= _LINE_CHARACTERS and bool(_NAMED.match(close_up(text).strip(_AROUND)))


def numbers_chapter(text: str) -> bool:
    """Whether the line is a number, with or without a title after it ('IV', '-- IV --', 'IV. Le départ')."""
    match = _NUMBERED.match(close_up(text)) if len(text) <= _LINE_CHARACTERS else None
    return match is not None and (match[1].isdigit() or roman_value(match[1]) is not None)


class SectionKind(StrEnum):
    """What a heading says of the text under it."""

    STORY = "story"
    BEFORE = "before"  # a preface, an editor's introduction
    NOTES = "notes"
    BEHIND = "behind"  # what follows a story: a postface, other works, about this edition
    END = "end"  # 'FIN'
    TITLE = "title"  # a title and no more


_KINDS = (
    (SectionKind.END, re.compile(rf"^(?:{_END})[.!]?$", re.IGNORECASE)),
    (SectionKind.NOTES, re.compile(rf"^(?:{_BEHIND_NOTES})\.?$", re.IGNORECASE)),
    (SectionKind.BEFORE, re.compile(rf"^(?:{_BEFORE}|{_BEFORE_READER})\.?$", re.IGNORECASE)),
    (SectionKind.BEHIND, re.compile(rf"^(?:{_BEHIND})\.?$", re.IGNORECASE)),
)
_OUTSIDE_PARTS = re.compile(r"^(?:épilogue|conclusion)\b", re.IGNORECASE)


def section_kind(title: str) -> SectionKind:
    """The kind of section that a title opens."""
    plain = close_up(title)
    for kind, pattern in _KINDS:
        if pattern.match(plain):
            return kind
    return SectionKind.STORY if names_chapter(title) else SectionKind.TITLE


def part_rank(title: str) -> int | None:
    """How high above chapters a title stands: 0 for a volume, 1 for a part, 2 for a book; None for a chapter."""
    match = _PART.match(close_up(title))
    if match is None or not has_chapter_word(title):
        return None
    word = (match[1] or match[2]).lower()
    return {"tome": 0, "volume": 0, "partie": 1, "livre": 2}[word]


def stands_outside_parts(title: str) -> bool:
    """Whether it belongs to the whole book, whatever part comes before it ('Épilogue')."""
    return bool(_OUTSIDE_PARTS.match(close_up(title)))


def chapter_value(title: str) -> int | None:
    """The number that a title gives its chapter or part, None where it gives none."""
    match = _VALUE.match(close_up(title))
    if match is None:
        return None
    if match[2]:
        return 1
    if match[3]:
        return next((at for at, word in enumerate(_FIRST_LETTERS, 1) if re.match(word, match[3].lower())), None)
    return int(match[1]) if match[1].isdigit() else roman_value(match[1])
