"""docs/quality.md: text by hand, and tables between markers that are written anew."""

import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "quality.md"


def between(page: str, name: str) -> str:
    """What stands between the markers of this name. Raises ValueError when the page has not both, once each."""
    found = _section(name).findall(page)
    if len(found) != 1:
        raise ValueError(f"the page has not one section {name!r}")
    return str(found[0]).strip()


def replaced(page: str, sections: Mapping[str, str]) -> str:
    """The page with new sections. Raises ValueError as `between`."""
    for name, text in sections.items():
        between(page, name)
        begin, end = _marker(name, "begin"), _marker(name, "end")
        head, tail = page[: page.index(begin)], page[page.index(end) :]
        page = f"{head}{begin}\n{text.strip()}\n{tail}"
    return page


def _section(name: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(_marker(name, 'begin'))}(.*?){re.escape(_marker(name, 'end'))}", re.DOTALL)


def _marker(name: str, side: str) -> str:
    return f"<!-- {name}: {side}, written by make eval -->"
