"""Whether a page has text that can be used. Pure.

A scan has none; a broken font map gives signs that are no language; a bad one gives letters in an order
that no language has. No word list is asked: a book in another language still has a text layer.
"""

import re
from enum import StrEnum

from splitter.pages import Page

_SCAN_SHARE = 0.3  # of the page under one image
_SCAN_WORDS = 5  # a scan may bear a page number or a library's stamp
_OUTLINE_DRAWINGS = 100  # text drawn as paths; fewer are rules and ornaments
_FEW_LETTERS = 40  # too little to judge
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûüÿœæ")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŒœ]")
_ODD = re.compile(r"[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]|\(cid:\d+\)")
_LEADERS = re.compile(r"(?:\s?[.·_]){4,}")


class PageKind(StrEnum):
    TEXT = "text"
    PICTURE = "picture"  # must be read from its image
    BLANK = "blank"


def page_kind(page: Page) -> PageKind:
    """What to do with a page whose running heads are gone. A page with a fault counts as a picture."""
    if page.fault is not None:
        return PageKind.PICTURE
    words = len(page.text.split())
    pictured = page.image_share >= _SCAN_SHARE or page.drawings >= _OUTLINE_DRAWINGS
    if words == 0:
        return PageKind.PICTURE if pictured else PageKind.BLANK
    if pictured and words < _SCAN_WORDS:
        return PageKind.PICTURE
    return PageKind.TEXT if reads_like_language(page.text) else PageKind.PICTURE


def reads_like_language(text: str) -> bool:
    """False for the output of a broken font map. Short text is given the benefit of the doubt."""
    text = _LEADERS.sub(" ", text)
    signs = len(re.sub(r"\s", "", text))
    letters = len(_LETTER.findall(text))
    if _ODD.search(text) and sum(len(odd) for odd in _ODD.findall(text)) > 0.1 * signs:
        return False
    if letters < _FEW_LETTERS:
        return True
    return _has_vowels(text, letters) and _has_words(text)


def _has_vowels(text: str, letters: int) -> bool:
    """Vowels are 40 to 50 % of the letters of French, 35 to 50 % of other languages in Latin letters."""
    latin = _LATIN.findall(text.lower())
    if len(latin) < 0.7 * letters:
        return True
    share = sum(ch in _VOWELS for ch in latin) / len(latin)
    return 0.22 < share < 0.7  # noqa: PLR2004 - measured bounds, said above


def _has_words(text: str) -> bool:
    """Not one letter apart from the next, nor all in one."""
    tokens = [token for token in text.split() if _LETTER.search(token)]
    mean = sum(map(len, tokens)) / len(tokens)
    return 2.0 < mean < 25.0  # noqa: PLR2004 - French prose: 4.7 to 5.6
