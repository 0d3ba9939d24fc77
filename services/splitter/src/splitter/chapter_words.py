"""How a chapter names itself in French books. Pure."""

import re

_ORDINAL = (
    r"premi[eè]re?|second[e]?|deuxi[eè]me|troisi[eè]me|quatri[eè]me|cinqui[eè]me|sixi[eè]me|septi[eè]me|huiti[eè]me"
    r"|neuvi[eè]me|dixi[eè]me|onzi[eè]me|douzi[eè]me|derni[eè]re?"
)
_NUMERAL = r"(?:[IVXLC]+|\d{1,3})(?:\s?(?:er|re|e|ᵉ|ème|ère))?"
_WORD = r"chapitre|livre|partie|tome|volume|acte|section|épisode|lettre"
_ALONE = (
    r"prologue|épilogue|préface|avant-propos|introduction|postface|conclusion|avertissement|préambule|dédicace"
    r"|table(?: des (?:matières|chapitres))?|sommaire|notes?|fin|remerciements"
)
_TITLE = r"(?:\s*[.:—–-]+\s*\S.*)?"
_NAMED = re.compile(
    rf"^(?:(?:{_WORD})\s+(?:{_NUMERAL}|{_ORDINAL}|unique)|(?:{_ORDINAL})\s+(?:{_WORD}))\b{_TITLE}$"
    rf"|^(?:{_ALONE})\.?$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(rf"^(?:--|[—–-])?\s*([IVXLC]+|\d{{1,3}})\s*(?:--|[—–-])?[.)]?{_TITLE}$")
_ROMAN = re.compile(r"^(?=[ivxlcdm])m{0,3}(cm|cd|d?c{0,4})(xc|xl|l?x{0,4})(ix|iv|v?i{0,4})$")
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_LINE_CHARACTERS = 200  # a longer line is no title
_SPACED_LETTERS = 4
_AROUND = " -–—*"  # ornaments of a title
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
