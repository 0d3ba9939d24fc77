"""From a novel as plain text, one paragraph a line, to the markup: the four novels that tests typeset."""

import re
from collections.abc import Iterator

RESERVED = "#<>~%^"
STAR = "∗"  # U+2217: the markup keeps the plain one for italics

_NARROW_SPACE = "\u202f"
_SPACE = "\u00a0"

_PART = re.compile(r"(première|deuxième|troisième|quatrième|cinquième) partie", re.IGNORECASE)
_NUMERAL = re.compile(r"(?:-- )?([IVXLC]+)(?: --)?")
_NUMERAL_AND_TITLE = re.compile(r"([IVXLC]+) -- (.+)")
_NAMED_HEAD = re.compile(r"Chapitre \d+|Épilogue\b.*|Prologue\b.*")
_LOST_NOTE_CALL = re.compile(r" ?\[\d+\]")  # these texts kept the calls and lost the notes
_OPENING_DASH = re.compile(r"(?:--|–|—|-)\s+")


def raw_to_markup(text: str, title: str) -> str:
    """Markup of a novel that is plain text with one paragraph or one head on each line.

    Typography becomes that of a printed book: curly apostrophes, no-break spaces before ; ! ? : and inside
    guillemets, dashes instead of double hyphens, U+2217 instead of the plain star. A book that starts without
    a head gets a first chapter « I ».
    Raises ValueError when a line holds a character that the markup reserves.
    """
    lines = [line.strip() for line in text.split("\n")]
    marked = [_mark_line(line) for line in lines if line]
    if not any(line.startswith("#") for line in marked[:1]):
        marked.insert(0, "## I")
    return "\n\n".join([f"# {title}", *_part_openings(marked)]) + "\n"


def _mark_line(line: str) -> str:
    reserved = sorted(set(line) & set(RESERVED))
    if reserved:
        raise ValueError(f"the markup reserves {reserved}: {line[:60]!r}")
    if _PART.fullmatch(line):
        return f"# {line}"
    if found := _NUMERAL.fullmatch(line):
        return f"## {found[1]}"
    if found := _NUMERAL_AND_TITLE.fullmatch(line):
        return f"## {found[1]}. {_typography(found[2])}"
    if _NAMED_HEAD.fullmatch(line):
        return f"## {_typography(line)}"
    return _typography(line)


def _part_openings(lines: list[str]) -> Iterator[str]:
    """A chapter « I » where a part's words start without one."""
    opens = False
    for line in lines:
        if opens and not line.startswith("## "):
            yield "## I"
        yield line
        opens = line.startswith("# ")


def _typography(line: str) -> str:
    line = _LOST_NOTE_CALL.sub("", line).replace("'", "’").replace("...", "…").replace("*", STAR)
    line = _OPENING_DASH.sub(f"—{_SPACE}", line, count=1) if _OPENING_DASH.match(line) else line
    line = line.replace("--", "—")
    line = re.sub(r"\s+([;!?])", rf"{_NARROW_SPACE}\1", line)
    line = re.sub(r"\s+:", f"{_SPACE}:", line)
    line = re.sub(r"«\s+", f"«{_SPACE}", line)
    return re.sub(r"\s+»", f"{_SPACE}»", line)
