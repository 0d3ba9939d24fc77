"""The novels of the test data as source sentences, the way the splitter makes them of a book."""

import os
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Self

from feuilleton.contracts.documents import SourceSentence
from feuilleton.contracts.ids import SentenceId
from feuilleton.contracts.text import count_words
from feuilleton.french.cleaning import clean_text
from feuilleton.french.segmentation import split_paragraph
from feuilleton_sample.markup import parse_novel, plain_text
from feuilleton_sample.raw import raw_to_markup

NOVELS = {
    "Flaubert": "FRA01302_Flaubert.txt",
    "Gaboriau": "FRA01902_Gaboriau.txt",
    "Maupassant": "FRA02701_Maupassant.txt",
    "Verne": "FRA04001_Verne.txt",
}
# Of the draws that count from the third on, whose texts `python -m eval texts` makes: of ELTeC-fra, of that and its
# extension, and of the CLiGS textbox: its novels that share no paragraph with one of another list, the first of each
# author before the rest; then its novellas of 9,000 words and more.
OF_DRAW = {
    3: {
        "Achard": "FRA04301_Achard.txt",
        "Boisgobey": "FRA00602_Boisgobey.txt",
        "Daudet": "FRA00901_Daudet.txt",
        "Dumas": "FRA04901_Dumas.txt",
        "Fleuriot": "FRA01403_Fleuriot.txt",
        "Leblanc": "FRA07401_Leblanc.txt",
        "Leroux": "FRA07601_Leroux.txt",
        "Lesueur": "FRA05602_Lesueur.txt",
        "Loti": "FRA02501_Loti.txt",
        "Montepin": "FRA06301_Montepin.txt",
    },
    4: {
        "Daudet-2": "FRA00902_Daudet.txt",
        "Delarue-Mardrus": "FRA01001_DelarueMardrus.txt",
        "Gaboriau-2": "FRA01903_Gaboriau.txt",
        "Gautier": "FRA01702_GautierT.txt",
        "Le Rouge": "FRA02402_LeRouge.txt",
        "Lesueur-2": "FRA05601_Lesueur.txt",
        "Maupassant-2": "FRA02703_Maupassant.txt",
        "Rolland": "FRA04201_Rolland.txt",
        "Sand": "FRA03703_Sand.txt",
        "Stolz": "FRA03902_Stolz.txt",
    },
    5: {
        "About": "rd0730.txt",
        "Aimard": "rd0306.txt",
        "Barbey": "rd0006.txt",
        "Boisgobey-2": "rd0106.txt",
        "Feval": "rd0613.txt",
        "Gaboriau-3": "rd1150.txt",
        "Malot": "rd0411.txt",
        "Ponson": "rd1163.txt",
        "Sand-2": "rd1282.txt",
        "Verne-2": "rd0014.txt",
        "Villiers": "rd0721.txt",
        "Zola": "rd0098.txt",
    },
    6: {
        "Aimard-2": "rd0308.txt",
        "Barbey-2": "rd0737.txt",
        "Boisgobey-3": "rd1006.txt",
        "Feval-2": "rd0614.txt",
        "Feval-3": "rd0634.txt",
        "Feval-4": "rd0635.txt",
        "Feval-5": "rd0732.txt",
        "Gaboriau-4": "rd1151.txt",
        "Ponson-2": "rd1168.txt",
        "Verne-3": "rd0083.txt",
        "Verne-4": "rd0149.txt",
        "Verne-5": "rd0169.txt",
        "Zola-2": "rd0104.txt",
    },
    9: {
        "Balzac": "nd0027.txt",
        "Balzac-2": "nd0046.txt",
        "Balzac-3": "nd0048.txt",
        "Balzac-4": "nd0052.txt",
        "Barbey-3": "nd0003.txt",
        "Barbey-4": "nd0041.txt",
        "Dumas-2": "nd0032.txt",
        "Feval-6": "nd0106.txt",
        "Feval-7": "nd0109.txt",
        "Flaubert-2": "nd0111.txt",
        "Gautier-2": "nd0011.txt",
        "Gautier-3": "nd0020.txt",
        "Gautier-4": "nd0125.txt",
        "Lermina": "nd0033.txt",
        "Lermina-2": "nd0034.txt",
        "Lermina-3": "nd0035.txt",
        "Lermina-4": "nd0037.txt",
        "Maupassant-3": "nd0004.txt",
        "Maupassant-4": "nd0121.txt",
        "Maupassant-5": "nd0122.txt",
        "Verne-6": "nd0148.txt",
        "Verne-7": "nd0149.txt",
        "Verne-8": "nd0152.txt",
    },
}
# No weight was learned of these, and nobody had read them when the rules were made.
UNSEEN = OF_DRAW[9]
ELSEWHERE = {name: file for novels in OF_DRAW.values() for name, file in novels.items()}
_SHARE_TO_LEARN = 0.6  # of those in NOVELS: what is behind is kept for judging
_MOST_TO_LEARN = 1_200_000  # characters of one novel: none may outweigh the others
_REPO = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Part:
    """From `begin` to `end` of a book, 0 to 1, in words. A paragraph belongs to the part in which it begins."""

    begin: float = 0.0
    end: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """`0.6:1.0`. Raises ValueError on anything that is no such piece."""
        begin, _, end = text.partition(":")
        part = cls(float(begin), float(end))
        if not 0 <= part.begin < part.end <= 1:
            raise ValueError("a part looks like 0.6:1.0")
        return part


def text_to_learn(path: Path) -> str:
    """What counts of a novel may be taken from."""
    text = path.read_text(encoding="utf-8")
    share = _SHARE_TO_LEARN if path.name in NOVELS.values() else 1.0
    return text[: min(int(len(text) * share), _MOST_TO_LEARN)]


def novel_text(name: str) -> str:
    """Raises FileNotFoundError when the texts are not there, and KeyError for a novel that is none of them."""
    path = unseen_novels() / ELSEWHERE[name] if name in ELSEWHERE else shared_data() / "novels" / NOVELS[name]
    return path.read_text(encoding="utf-8")


def unseen_novels() -> Path:
    """The folder of the novels that are not in the test data, unless FEUILLETON_UNSEEN_NOVELS names another."""
    return Path(os.environ.get("FEUILLETON_UNSEEN_NOVELS", _REPO / ".local" / "eval" / "unseen"))


def shared_data() -> Path:
    """The folder of novels and treebanks: beside the checkout, unless FEUILLETON_SHARED_DATA names another."""
    return Path(os.environ.get("FEUILLETON_SHARED_DATA", _REPO.parent / "shared" / "data"))


def sentences_of(text: str, part: Part | None = None) -> tuple[SourceSentence, ...]:
    """The sentences of a novel (plain text, one paragraph a line), or those of a part of it. Ids and paragraph
    numbers are those of the whole book; chapters and pages are left out.
    """
    paragraphs = plain_text(parse_novel(raw_to_markup(text, "Novel")), scans=False)
    chosen = paragraphs_in(paragraphs, part or Part())
    found: list[SourceSentence] = []
    count = 0
    for number, paragraph in enumerate(paragraphs):
        for span in split_paragraph(clean_text(paragraph, preserve_formatting=True)):
            count += 1
            if number in chosen:
                name = SentenceId(f"s{count:06d}")
                found.append(SourceSentence(id=name, text=span.text, page=1, paragraph=number, dialogue=span.dialogue))
    return tuple(found)


def paragraphs_in(paragraphs: tuple[str, ...], part: Part) -> range:
    """Counted in words, so that a part stays the same text however sentences are split."""
    before = [0, *accumulate(count_words(paragraph) for paragraph in paragraphs)]
    total = before.pop()
    return range(bisect_left(before, part.begin * total), bisect_left(before, part.end * total))
