"""Half a sentence, told by its own first and last signs: for text whose neighbour is not at hand. Pure."""

import re

_BEGINS_INSIDE = re.compile(r"^[\s,;:)]*[a-zà-öø-ÿœæ]")
_ENDS = re.compile(r"[.!?…:»”\")\]—*][\s»”\")\]]*$")


def begins_inside(text: str) -> bool:
    """Whether the text goes on with a sentence that began before it."""
    return bool(_BEGINS_INSIDE.match(text))


def stays_open(text: str) -> bool:
    """Whether the last sentence of the text goes on behind it. A title looks the same."""
    return not _ENDS.search(text)
