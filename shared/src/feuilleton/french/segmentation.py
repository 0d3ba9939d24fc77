"""Paragraphs to sentences. Pure, and fast: one pass over the places where a sentence may end.

A sentence ends at . ! ? or … (with the quotes and brackets that close behind it) before a capital, a figure
or a dash that opens a speech. It goes on before a small letter, so that « Non ! dit-il. » is one sentence;
inside guillemets several sentences are several. Why these rules and not a library: docs/adr/0003.
How well they do, and on what: eval/gold/sentences.txt.
"""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache

from feuilleton.contracts.text import count_words
from feuilleton.french.word_lists import ANYWHERE, BEFORE_FIGURE, CALLED, SENTENCE_OPENERS, TITLE_AND_WORD, TITLES

MAX_WORDS = 300  # a longer sentence is cut hard: no model call should be one sentence
MAX_CHARACTERS = 6_000  # likewise, for text without spaces

_SPACE = r"[ \u00a0\u202f]"
_END = re.compile(
    rf"(?<![.!?…])(?<![.!?…]{_SPACE})"  # a run of marks is tried once, from its first
    rf"(?P<mark>[.!?…](?:{_SPACE}?[.!?…])*+)"
    rf"(?P<close>(?:{_SPACE}?[»›”’\"')\]](?!\w))*+)"
    rf"(?P<gap>{_SPACE}++)"
    rf"(?P<open>(?:(?:[«‹“„‘\"'(\[—–]|-(?={_SPACE}))(?:{_SPACE}++)?)*+)"
    r"(?=(?P<next>\w))"
)
_LAST_WORD = re.compile(r"[^\s«»“”\"()\[\]—–]+$")
_INITIAL = re.compile(
    r"(?:^|[-.’'])[A-ZÀ-ÖØ-Þ]$|^(?:Ch|Th|Ph|Ed|Éd|Fr|Fd|Gve|Alph|Alex|Aug|Jos|Jul|Vict|Wm|Geo|Chs|Jos)$"
)
_ROMAN = re.compile(r"^[IVXLC]+$")
_DOTTED = re.compile(r"^(?:[^\W\d_]\.)+[^\W\d_]$")  # J.-C., S.M., c.-à-d.
_WORD = re.compile(r"[\w’'-]+")
# A cry that calls whoever is named behind it, if that is all of its sentence so far.
_CRY = re.compile(
    rf"(?:^|[«»“”\"(\[—–.!?…:;,-]{_SPACE}?)(?:ah|oh|eh|hé|ho|ohé|ô|holà|hélas|bah|tiens|ah{_SPACE}[çc]à|eh{_SPACE}bien)$",
    re.IGNORECASE,
)
_CALLED_HERE = re.compile(rf"{_SPACE}?[!?…,»]|$")
_CRY_CHARACTERS = 12  # of the longest, and the mark before it
# What stands before a dash and names the item behind it: 'A. — ', '28 avril. — ', 'Du 1er au 6 mai 1873. — '.
_DAY = r"(?:1er|\d{1,2})"
_MONTH = r"(?:janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre)"
_DATE = rf"(?:(?:du|le|au|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) )*{_DAY}(?: {_MONTH})?(?: \d{{4}})?"
_LABEL = re.compile(rf"(?:[—–-] ?)?(?:[A-Z]|[IVXLC]+|\d{{1,3}}|{_DATE}(?: (?:et|au|ou) {_DATE})?)[.]$", re.IGNORECASE)
_LABEL_CHARACTERS = 60
_WORDY = re.compile(r"[^\W_]")
_DASHES = ("—", "–", "-")


@dataclass(frozen=True, slots=True)
class Span:
    """A sentence: `text` is the paragraph from `start`, without the spaces around it. `dialogue`: it is
    speech, or holds some. `hard_cut`: it is a piece of a sentence of more than `MAX_WORDS` words.
    """

    start: int
    text: str
    dialogue: bool = False
    hard_cut: bool = False


def split_paragraph(text: str, names: AbstractSet[str] = frozenset()) -> list[Span]:
    """The sentences of a paragraph in order; joined, they hold every sign of it but the spaces between them.

    A paragraph without a word (an asterism, a row of dots) has none. `names` are the book's (`read_names`): their
    capital tells nothing, so « Ah ! Rodolphe » is one sentence; without them it is two.
    """
    spans: list[Span] = []
    speech = _Speech(text)
    start = 0
    for end in (*_ends(text, names), len(text)):
        if not _WORDY.search(text, start, end):
            continue  # dots alone go with what follows
        body = text[start:end]
        lead = len(body) - len(body.lstrip())
        body = body.strip()
        spans.extend(_pieces(start + lead, body, dialogue=speech.holds(body)))
        start = end
    rest = text[start:].strip()
    if rest and spans:
        spans[-1] = replace(spans[-1], text=f"{spans[-1].text} {rest}")
    return spans


def _ends(text: str, names: AbstractSet[str]) -> Iterator[int]:
    """Offsets where a sentence ends and another begins."""
    asides = _asides(text)
    for match in _END.finditer(text):
        if any(begin < match.start() < end for begin, end in asides):
            continue
        if _is_end(text, match) and not _calls_name(text, match, names):
            yield match.end("close")


def _is_end(text: str, match: re.Match[str]) -> bool:
    first = match["next"]
    if first.islower() or (match["open"].strip() in _DASHES and not (first.isupper() or first.isdigit())):
        return False
    if match["mark"] != "." or match["close"]:
        return True
    if match["open"].strip() in _DASHES and _labels(text[: match.end("mark")]):
        return False
    word = _LAST_WORD.search(text, max(0, match.start() - 40), match.start())
    return word is None or not _is_abbreviated(word.group(), text, match)


def _labels(opening: str) -> bool:
    """Whether this opening of a paragraph names the item behind the dash."""
    return len(opening) <= _LABEL_CHARACTERS and bool(_LABEL.match(opening.replace("\u00a0", " ")))


def _is_abbreviated(word: str, text: str, match: re.Match[str]) -> bool:
    """Whether the point belongs to the word before it and the sentence goes on."""
    lower = word.lower().rsplit("’", 1)[-1].rsplit("'", 1)[-1]
    if lower in TITLE_AND_WORD and word.islower():
        return False
    if lower in TITLES and not (word.isupper() and _ROMAN.match(word)):
        return not match["open"].strip() or lower in ("m", "mm", "mme", "mlle")
    if _INITIAL.search(word) or _DOTTED.match(word):
        return match["open"].strip() in ("", "(") and not _opens(text, match.start("next"))
    if lower in BEFORE_FIGURE and not match["open"].strip():
        return match["next"].isdigit() or _names_figure(text, match.start("next"))
    return lower in ANYWHERE and match["next"].isdigit()


def _calls_name(text: str, match: re.Match[str], names: AbstractSet[str]) -> bool:
    """Whether a cry stands before a name, whose capital would be there inside a sentence too."""
    if match["mark"][0] != "!" or match["close"] or match["open"]:
        return False
    word = _WORD.match(text, match.start("next"))
    if word is None or not (word.group() in names or word.group() in CALLED):
        return False
    said = text[max(0, match.start() - _CRY_CHARACTERS) : match.start()].rstrip()
    return bool(_CRY.search(said)) or _calls_again(text, match, word)


def _calls_again(text: str, match: re.Match[str], word: re.Match[str]) -> bool:
    """The same name before the mark and behind it, and called both times ('Rodolphe ! Rodolphe !')."""
    before = text[: match.start()].rstrip()
    alone = not before.removesuffix(word.group()).rstrip()[-1:].isalnum()
    return before.endswith(word.group()) and alone and bool(_CALLED_HERE.match(text, word.end()))


def _names_figure(text: str, at: int) -> bool:
    word = _WORD.match(text, at)
    return word is not None and bool(_ROMAN.match(word.group()))


def _opens(text: str, at: int) -> bool:
    """Whether the word there is one that opens a sentence, and no name."""
    word = _WORD.match(text, at)
    return word is not None and _is_opener(word.group())


@lru_cache(maxsize=4096)
def _is_opener(word: str) -> bool:
    lower = word.lower().replace("’", "'")
    return (
        lower in SENTENCE_OPENERS
        or lower.partition("'")[0] + "'" in SENTENCE_OPENERS
        or lower.partition("-")[0] in SENTENCE_OPENERS
    )


def _asides(text: str) -> list[tuple[int, int]]:
    """Brackets that stand inside a sentence, and what is quoted in the middle of one: no end is in there.

    `il cria : « Viens ! Vite ! »` is no aside; `on répétait (Ho ! Ho !) sans fin` holds one.
    """
    if "(" not in text:
        return []
    return [
        match.span()
        for match in re.finditer(r"\([^()]{0,600}\)", text)
        if text[: match.start()].rstrip()[-1:] not in ("", ".", "!", "?", "…", "»")
    ]


class _Speech:
    """Follows the quotes of one paragraph from sentence to sentence."""

    def __init__(self, paragraph: str) -> None:
        self._turn = paragraph.startswith(("—", "–", "- ", "-\u00a0", "-\u202f"))
        self._depth = 0

    def holds(self, sentence: str) -> bool:
        """Whether the next sentence is speech or holds some. A word in quotes is no speech."""
        opened = self._depth > 0
        self._depth = max(0, self._depth + sentence.count("«") - sentence.count("»"))
        return (
            self._turn
            or opened
            or sentence.startswith(("«", "—", "–"))
            or bool(_QUOTED_SPEECH.search(sentence, 0, _LOOK_FOR_SPEECH))
        )


_LOOK_FOR_SPEECH = 1_500  # characters of a sentence: more than any has that is not cut
_QUOTED_SPEECH = re.compile(rf":{_SPACE}*[«“\"]|[«“]{_SPACE}*[A-ZÀ-ÖØ-Þ][^»”]*[.!?…,]{_SPACE}*[»”]|«[^»]*$")

_CUTS = (
    re.compile(rf"[;]{_SPACE}"),
    re.compile(rf"[:!?…]{_SPACE}|{_SPACE}[—–]{_SPACE}"),
    re.compile(rf",{_SPACE}(?=(?:et|mais|ou|car|donc|puis|tandis|qui|que|dont|où|quand|lorsque)\b)"),
    re.compile(rf",{_SPACE}"),
    re.compile(rf"{_SPACE}"),
)


def _pieces(start: int, text: str, *, dialogue: bool) -> Iterator[Span]:
    """The sentence itself, or the pieces of one that is too long, each cut at the best place near its middle."""
    if not _is_too_long(text):
        yield Span(start, text, dialogue)
        return
    for offset, piece in _cut(text):
        yield Span(start + offset, piece, dialogue, hard_cut=True)


def _cut(text: str) -> list[tuple[int, str]]:
    if not _is_too_long(text):
        return [(0, text)]
    at = _best_cut(text)
    tail = text[at:].lstrip()
    shift = len(text) - len(tail)
    return [*_cut(text[:at].rstrip()), *((shift + offset, piece) for offset, piece in _cut(tail))]


def _is_too_long(text: str) -> bool:
    return len(text) > MAX_CHARACTERS or (len(text) >= 2 * MAX_WORDS and count_words(text) > MAX_WORDS)


def _best_cut(text: str) -> int:
    """The strongest mark in the middle half, the one nearest to the middle among its kind."""
    middle = len(text) // 2
    low, high = len(text) // 4, 3 * len(text) // 4
    for kind in _CUTS:
        places = [match.end() for match in kind.finditer(text, low, high)]
        if places:
            return min(places, key=lambda at: abs(at - middle))
    return next((match.end() for match in re.finditer(r"\s", text)), middle) or middle
