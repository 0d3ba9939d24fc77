"""Whether a page has text that can be used. Pure.

A scan has none; a broken font map gives signs that are no language; a bad one gives letters in an order that no
language has; bad recognition gives French of which many words are none. Only the last needs word lists, and
is asked of them with care: a page in another language, verse and names are no bad recognition.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from splitter.pages import Page

PICTURE_SHARE = 0.3  # of the page under one image
_SCAN_SHARE = 0.5  # likewise: the page is a photograph of paper
_SCAN_WORDS = 5  # a scan may bear a page number or a library's stamp
_OUTLINE_DRAWINGS = 100  # text drawn as paths; fewer are rules and ornaments
_FEW_LETTERS = 40  # too little to judge
_VOWELS = frozenset("aeiouyàâäéèêëîïôöùûüÿœæ")
_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿŒœ]")
_ODD = re.compile(r"[\ufffd\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff]|\(cid:\d+\)")
_LEADERS = re.compile(r"(?:\s?[.·_]){4,}")

# Words of four letters or more in small letters: short ones are made of any dirt, names are in no list.
_TELLING = re.compile(r"(?<![^\W_])[^\W\d_]{4,}(?![^\W_])")
_FEWEST_TELLING = 20
_FEW_TELLING = 8  # on a scan: enough to call it junk
# Known shares of pages: 0.93 to 1.00 in the typeset novels (the worst, half in German: 0.78), 0.95 where a
# recogniser was right with 93 % of the words, 0.77 with 77 %, 0.5 with a third; 0.05 to 0.30 in English.
_BAD_SHARE = 0.75
_BAD_SCAN_SHARE = 0.85
_JUNK_SHARE = 0.5  # of a scan: better no text than this
_CIPHER_SHARE = 0.15
_FOREIGN_LEAD = 0.15  # another language knows so much more of the page
_FUNCTION_SHARE = 0.15  # of all words: 0.40 in French, 0.2 in French badly read, 0.05 in Latin
_COMMON_LETTERS = frozenset("eaintsro")  # 0.52 to 0.65 of the letters of any language here, 0.31 of a cipher
_COMMON_SHARE = 0.45
_FUNCTION_WORDS = re.compile(
    r"\b(?:de|la|les?|et|à|une?|que|qui|en|ils?|elle|ne|pas|se|dans|ce|son|sa|au|du|des|est|je|vous|nous|lui|mais|par|sur"
    r"|plus|tout|pour|avec|on|comme)\b"
)

Lists = Callable[[], Mapping[str, AbstractSet[str]]]


class PageKind(StrEnum):
    TEXT = "text"
    PICTURE = "picture"  # must be read from its image
    DOUBTFUL = "doubtful"  # a scan with bad text: to be read from its image by who can, else the text is used
    BLANK = "blank"


@dataclass(frozen=True)
class TextLayers:
    """What each page is, by number, and which have text that is bad recognition, in order."""

    kinds: dict[int, PageKind]
    bad: tuple[int, ...]


def judge_pages(pages: Sequence[Page], french: AbstractSet[str], others: Lists) -> TextLayers:
    """Judge pages whose running heads are gone. `others` gives the word lists of further languages; it is asked only
    where French knows little of a page, as reading them takes time.
    """
    kinds = {page.number: page_kind(page) for page in pages}
    texts = [page for page in pages if kinds[page.number] is PageKind.TEXT]
    shares = {page.number: share for page in texts if (share := _share(page, french)) is not None}
    poor = bool(shares) and median(shares.values()) < _BAD_SCAN_SHARE
    bad: list[int] = []
    for page in texts:
        share = shares.get(page.number)
        # A page too short to judge is as bad as its book.
        if poor and is_scan(page) if share is None else _is_bad(page, share, others):
            bad.append(page.number)
            kinds[page.number] = _kind_of_bad(page, share)
    return TextLayers(kinds, tuple(bad))


def page_kind(page: Page) -> PageKind:
    """What to do with a page, without asking for words. A page with a fault counts as a picture."""
    if page.fault is not None:
        return PageKind.PICTURE
    words = len(page.text.split())
    pictured = page.image_share >= PICTURE_SHARE or page.drawings >= _OUTLINE_DRAWINGS
    if words == 0:
        return PageKind.PICTURE if pictured else PageKind.BLANK
    if pictured and words < _SCAN_WORDS:
        return PageKind.PICTURE
    return PageKind.TEXT if reads_like_language(page.text) else PageKind.PICTURE


def known_share(text: str, words: AbstractSet[str], fewest: int = _FEWEST_TELLING) -> float | None:
    """The share of the telling words that are in the list; None where they are fewer than `fewest`."""
    telling = [word for word in _TELLING.findall(text.replace("-\n", "")) if word.islower()]
    if len(telling) < fewest:
        return None
    return sum(word in words for word in telling) / len(telling)


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


def _share(page: Page, french: AbstractSet[str]) -> float | None:
    share = known_share(page.text, french)
    if share is None and is_scan(page):
        share = known_share(page.text, french, _FEW_TELLING)
        return share if share is not None and share < _JUNK_SHARE else None
    return share


def _is_bad(page: Page, share: float, others: Lists) -> bool:
    if share >= (_BAD_SCAN_SHARE if is_scan(page) else _BAD_SHARE):
        return False
    if share < _CIPHER_SHARE and not _has_common_letters(page.text):
        return True
    if any((known_share(page.text, words) or 0.0) >= share + _FOREIGN_LEAD for words in others().values()):
        return False
    words = re.findall(r"[^\W\d_]+", page.text.lower())
    return is_scan(page) or sum(bool(_FUNCTION_WORDS.fullmatch(word)) for word in words) >= _FUNCTION_SHARE * len(words)


def _kind_of_bad(page: Page, share: float | None) -> PageKind:
    if share is not None and share < _CIPHER_SHARE and not _has_common_letters(page.text):
        return PageKind.PICTURE
    if not is_scan(page):
        return PageKind.TEXT  # its image would show the same words
    return PageKind.PICTURE if share is not None and share < _JUNK_SHARE else PageKind.DOUBTFUL


def is_scan(page: Page) -> bool:
    """Whether the page is a photograph of paper, with or without text laid over it."""
    return page.image_share >= _SCAN_SHARE


def _has_common_letters(text: str) -> bool:
    letters = [ch for ch in text.lower() if _LATIN.match(ch)]
    return sum(ch in _COMMON_LETTERS for ch in letters) >= _COMMON_SHARE * len(letters)


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
