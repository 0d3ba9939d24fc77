"""How well the ends of sentences are found: against ends set by hand, and against the sentences of a treebank."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from feuilleton.french.names import read_names
from feuilleton.french.segmentation import split_paragraph

_FOLDER = Path(__file__).resolve().parents[1] / "gold"
GOLD = _FOLDER / "sentences.txt"
SECOND_DRAW = _FOLDER / "second_draw.txt"  # read after the rules were mended with the first in sight
BAR = " | "  # an end set by hand
SENTENCES_A_PARAGRAPH = 8  # of a treebank, which has none
_CLOSES = re.compile(r"[.!?…»\"]$")


@dataclass(frozen=True)
class GoldParagraph:
    """The sentences of one paragraph in order, and why they end there where that is hard to say ('' elsewhere)."""

    novel: str
    sentences: tuple[str, ...]
    reason: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


Splitter = Callable[[GoldParagraph], Sequence[str]]


@dataclass(frozen=True)
class BoundaryScores:
    """Ends inside paragraphs: the end of a paragraph, which nobody misses, does not count."""

    right: int = 0
    missed: int = 0
    invented: int = 0

    @property
    def f1(self) -> float:
        """From 0 to 1; 1 where there was nothing to find and nothing was found."""
        all_ends = 2 * self.right + self.missed + self.invented
        return 2 * self.right / all_ends if all_ends else 1.0

    def __add__(self, other: "BoundaryScores") -> "BoundaryScores":
        return BoundaryScores(self.right + other.right, self.missed + other.missed, self.invented + other.invented)


def read_gold(path: Path = GOLD) -> tuple[GoldParagraph, ...]:
    """The paragraphs of a file like eval/gold/sentences.txt, whose head says what its signs mean."""
    novel, reason = "", ""
    found: list[GoldParagraph] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            novel, reason = line.removeprefix("## "), ""
        elif line.startswith("#"):
            reason = f"{reason} {line.removeprefix('#').strip()}".strip()
        elif line:
            found.append(GoldParagraph(novel, tuple(line.split(BAR)), reason))
            reason = ""
    return tuple(found)


def treebank(path: Path, *, one_after_another: bool = False) -> tuple[GoldParagraph, ...]:
    """All sentences of a CoNLL-U file as running text, in paragraphs of eight: a treebank says where none ends.

    A heading or an item of a list (it ends without a mark, or begins with a hyphen) is a paragraph of its own, as in
    print. `one_after_another` gives up on that: nothing in the text parts a heading from the sentence behind it then.
    """
    paragraphs: list[list[str]] = [[]]
    for text in treebank_sentences(path):
        own = not one_after_another and stands_alone(text)
        if own or len(paragraphs[-1]) == SENTENCES_A_PARAGRAPH:
            paragraphs.append([])
        paragraphs[-1].append(text)
        if own:
            paragraphs.append([])
    return tuple(GoldParagraph(path.stem, tuple(sentences)) for sentences in paragraphs if sentences)


def treebank_sentences(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("# text = ").strip() for line in lines if line.startswith("# text = ")]


def stands_alone(text: str) -> bool:
    """Whether it is a heading or an item of a list."""
    return not _CLOSES.search(text) or text.startswith("- ")


def alone(paragraph: GoldParagraph) -> list[str]:
    """The sentences that the splitter's rules make of a paragraph of which they know nothing more."""
    return [span.text for span in split_paragraph(paragraph.text)]


def in_its_book(novels: Mapping[str, str]) -> Splitter:
    """The rules as the splitter uses them: with the names that the whole book shows. `novels` are plain texts by the
    first word of `GoldParagraph.novel` (the author).
    """
    names = {author: read_names(text.splitlines()) for author, text in novels.items()}

    def split(paragraph: GoldParagraph) -> list[str]:
        author = paragraph.novel.partition(",")[0]
        return [span.text for span in split_paragraph(paragraph.text, names.get(author, frozenset()))]

    return split


def boundary_scores(gold: Iterable[GoldParagraph], split: Splitter = alone) -> dict[str, BoundaryScores]:
    """The scores of each novel, in the order of the gold."""
    scores: dict[str, BoundaryScores] = {}
    for paragraph in gold:
        expected, found = ends(paragraph.sentences), ends(split(paragraph))
        one = BoundaryScores(len(expected & found), len(expected - found), len(found - expected))
        scores[paragraph.novel] = scores.get(paragraph.novel, BoundaryScores()) + one
    return scores


def disputes(gold: Iterable[GoldParagraph], split: Splitter = alone) -> Iterator[tuple[GoldParagraph, tuple[str, ...]]]:
    """The paragraphs that are cut otherwise than by hand, and how."""
    for paragraph in gold:
        found = tuple(split(paragraph))
        if ends(found) != ends(paragraph.sentences):
            yield paragraph, found


def ends(sentences: Sequence[str]) -> set[int]:
    """Where each sentence but the last ends, counted in signs that are no space."""
    lengths = [len("".join(sentence.split())) for sentence in sentences]
    return {sum(lengths[: at + 1]) for at in range(len(lengths) - 1)}
