"""The one form that text has after reading (docs/text-form.md says it for users). Pure.

Always: NFC, ligatures of type (ﬁ, ﬅ) and the long s as letters, accents drawn apart joined to their letter,
soft hyphens and zero-width characters gone, one hyphen, one kind of long dash, one space where there were
several. Guillemets, dashes, ellipses, accents, œ and æ stay.

`preserve_formatting` true: no-break spaces (U+00A0, U+202F) and curly quotes stay as the book has them; the
thin spaces of typesetting become U+202F beside the marks that take one, else a plain space.
False: every space is U+0020, quotes and apostrophes are straight (' and ").
"""

import re
import unicodedata

_LETTERS = {
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
    "ſ": "s",
}
_NOTHING = "\u200b\u200c\u200d\u2060\ufeff\u00ad\ufffe\uffff" + "".join(map(chr, (*range(9), *range(14, 32))))
_WIDE_SPACES = "\t\x0b\x0c\u1680\u2000\u2001\u2002\u2003\u2004\u2007\u205f\u3000"
_THIN_SPACES = "\u2005\u2006\u2008\u2009\u200a"
_FORM = str.maketrans(
    {
        **_LETTERS,
        **dict.fromkeys(_NOTHING, ""),
        **dict.fromkeys(_WIDE_SPACES, " "),
        **dict.fromkeys(_THIN_SPACES, "\u2009"),
        "\u2010": "-",
        "\u2011": "-",
        "\u2015": "—",
    }
)
_PLAIN = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "‘": "'",
        "’": "'",
        "‚": "'",
        "‛": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "‟": '"',
    }
)
_THIN_BESIDE_MARK = re.compile(r"\u2009(?=[;:!?»›])|(?<=[«‹])\u2009")
_SPACES = re.compile(r"[ \u00a0\u202f]{2,}")
_SPACED_DOTS = re.compile(r"\.(?: \.){2,}")
# Old TeX fonts draw an accent beside its letter: ´e, ˆo, ¨ı, c¸.
_ACCENTS = {"´": "\u0301", "`": "\u0300", "ˆ": "\u0302", "¨": "\u0308"}
_ACCENT_FIRST = re.compile(r"([´ˆ¨] ?)([A-Za-zı])|(`)([aeuAEU])")
_CEDILLA = re.compile(r"([cC]) ?¸|¸ ?([cC])")


def clean_text(text: str, *, preserve_formatting: bool) -> str:
    """`text` (one line or more) in the form above; line ends count as spaces. Doing it twice changes nothing."""
    text = unicodedata.normalize("NFC", _join_accents(text.translate(_FORM)))
    text = _THIN_BESIDE_MARK.sub("\u202f", text).replace("\u2009", " ").replace("\n", " ").replace("\r", " ")
    if not preserve_formatting:
        text = text.translate(_PLAIN)
    text = _SPACES.sub(_one_space, text).strip()
    return _SPACED_DOTS.sub("...", text)


def _join_accents(text: str) -> str:
    if not any(ch in text for ch in "´`ˆ¨¸"):
        return text
    text = _CEDILLA.sub(lambda match: "ç" if (match[1] or match[2]) == "c" else "Ç", text)
    return _ACCENT_FIRST.sub(_accented, text)


def _accented(match: re.Match[str]) -> str:
    accent, letter = (match[1] or match[3]).strip(), match[2] or match[4]
    whole = unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + _ACCENTS[accent])
    return whole if len(whole) == 1 else match.group()


def _one_space(match: re.Match[str]) -> str:
    """A no-break space beats a plain one, the narrow beats the wide."""
    return max(match.group(), key=" \u00a0\u202f".index)
