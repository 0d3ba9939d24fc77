"""Text as an old recogniser gives it: letters taken for others that look alike, at a rate, the same at every run."""

from random import Random

from feuilleton_sample.markup import parse_novel, plain_text
from feuilleton_sample.typeset import read_sample
from splitter.pages import Line, Page

_ALIKE = {
    "e": "ce",
    "n": "uri",
    "u": "nii",
    "m": "nirn",
    "i": "lt1",
    "l": "1it",
    "r": "tv",
    "t": "lif",
    "a": "no",
    "s": "fz",
    "o": "cu0",
    "d": "cl",
    "é": "ec6",
    "c": "eo",
}
_WORDS_A_PAGE = 200
_WORDS_A_LINE = 9


def badly_read(text: str, rate: float, seed: int = 1) -> str:
    """`text` with about `rate` of its small letters taken for others."""
    chance = Random(seed)
    return "".join(chance.choice(_ALIKE[ch]) if ch in _ALIKE and chance.random() < rate else ch for ch in text)


def sample_words(page: int) -> list[str]:
    """The words of the sample novel that would fill one page."""
    words = " ".join(plain_text(parse_novel(read_sample()), scans=False)).split()
    return words[page * _WORDS_A_PAGE : (page + 1) * _WORDS_A_PAGE]


def a_scan(number: int, text: str, *, image: float = 1.0) -> Page:
    """A photograph of paper with `text` laid over it."""
    words = text.split()
    lines = [" ".join(words[at : at + _WORDS_A_LINE]) for at in range(0, len(words), _WORDS_A_LINE)]
    return Page(
        number,
        280.0,
        420.0,
        tuple(Line(one, 40.0, 240.0, 60.0 + 12 * row, 10.0) for row, one in enumerate(lines)),
        image_share=image,
    )
