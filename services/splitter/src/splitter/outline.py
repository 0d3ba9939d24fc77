"""The PDF's own bookmarks: what they say of chapters and parts. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from splitter.headings import plain_title
from splitter.pages import OutlineEntry

_PART_RANK = 3  # of a bookmark with others under it, where no word says more


@dataclass(frozen=True)
class Bookmark:
    """A title of the outline. `part`: other bookmarks stand under it."""

    title: str
    plain: str
    part: bool

    @property
    def rank(self) -> int | None:
        return _PART_RANK if self.part else None


def bookmarks_by_page(outline: Sequence[OutlineEntry]) -> dict[int, tuple[Bookmark, ...]]:
    """The bookmarks of each page, in order. One that holds all others is the book's own title, and none."""
    parts = [at + 1 < len(outline) and outline[at + 1].level > entry.level for at, entry in enumerate(outline)]
    top = min((entry.level for entry in outline), default=0)
    roots = [at for at, entry in enumerate(outline) if entry.level == top]
    found: dict[int, list[Bookmark]] = {}
    for at, entry in enumerate(outline):
        plain = plain_title(entry.title)
        if plain and not (roots == [at] and parts[at]):
            found.setdefault(entry.page, []).append(Bookmark(" ".join(entry.title.split()), plain, parts[at]))
    return {page: tuple(marks) for page, marks in found.items()}


def unseen_bookmarks(
    marks: Mapping[int, Sequence[Bookmark]], page: int, seen: Mapping[int, Collection[str]]
) -> tuple[Bookmark, ...]:
    """Those of a page whose heading is not among its lines, nor at the edge of a neighbour: they open their chapters
    at the head of the page. `seen` are the plain titles of the headings of each page.
    """
    if seen.get(page):
        return ()
    beside = {title for number in (page - 1, page + 1) for title in seen.get(number, ())}
    return tuple(mark for mark in marks.get(page, ()) if not any(_same(mark.plain, title) for title in beside))


def _same(mark: str, title: str) -> bool:
    return mark == title or mark.startswith(f"{title} ") or title.startswith(f"{mark} ")
