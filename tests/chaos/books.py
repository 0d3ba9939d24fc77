"""Books that no two jobs share: slices of the test data's novels, typeset, so that a text tells whose it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from feuilleton_sample import typeset_raw_novel

_SHORTEST_HEAD = 60  # characters: heads and cries stay out, so that each book is one chapter of story


@dataclass(frozen=True)
class Book:
    number: int
    pdf: Path


def make_books(novels: Path, words: Sequence[int], folder: Path) -> list[Book]:
    """One for each number of words, cut one after the other out of all novels. Raises ValueError when these end."""
    folder.mkdir(parents=True, exist_ok=True)
    paragraphs = iter(
        line.strip()
        for novel in sorted(novels.glob("*.txt"))
        for line in novel.read_text(encoding="utf-8").split("\n")
        if len(line.strip()) >= _SHORTEST_HEAD
    )
    books = []
    for number, wanted in enumerate(words):
        lines: list[str] = []
        held = 0
        while held < wanted:
            line = next(paragraphs, None)
            if line is None:
                raise ValueError(f"the novels in {novels} are too short for {len(words)} books")
            lines.append(line)
            held += len(line.split())
        path = folder / f"book-{number}.pdf"
        path.write_bytes(typeset_raw_novel("\n".join(lines), f"Livre {number}"))
        books.append(Book(number, path))
    return books
