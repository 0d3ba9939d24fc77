"""Novels as text, one paragraph a line: of the corpus ELTeC-fra (DOI 10.5281/zenodo.4662433), of its extension and of
the CLiGS textbox (DOI 10.5281/zenodo.597430).
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from pathlib import Path

from feuilleton_sample.raw import RESERVED

_NOTES = re.compile(r"<note\b[^>]*?/>|<note\b.*?</note>", re.DOTALL)
_BODY, _PARAGRAPH = "body", "p"


def text_of(xml: str) -> str:
    """The paragraphs of the body, without notes and the few characters that the markup of novels reserves.

    The corpus is trusted: this reads no file that a user sent. Raises xml.etree.ElementTree.ParseError.
    """
    # Without the declaration, because the text is decoded already.
    root = ET.fromstring(_NOTES.sub("", xml.removeprefix("\ufeff")).partition("?>")[2] or xml)  # noqa: S314
    body = next(element for element in root.iter() if _name(element) == _BODY)
    lines = (" ".join("".join(p.itertext()).split()) for p in body.iter() if _name(p) == _PARAGRAPH)
    return "\n".join(line.translate(dict.fromkeys(map(ord, RESERVED))).strip() for line in lines if line) + "\n"


def write_texts(folders: Sequence[Path], folder: Path, names: Iterable[str]) -> None:
    """`names`: files without their ending. Raises FileNotFoundError when one is in none of the folders."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        places = (place / f"{name}.xml" for place in folders)
        found = next((path for path in places if path.exists()), folders[0] / f"{name}.xml")
        xml = found.read_text(encoding="utf-8")
        (folder / f"{name}.txt").write_text(text_of(xml), encoding="utf-8")


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
