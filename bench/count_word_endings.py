"""Count how often words stand right before a mark, for extractor/engines/local/endings.tsv.

    PYTHONPATH=. python bench/count_word_endings.py NOVEL.txt ... > .../engines/local/endings.tsv

Of the same novels as `count_verb_frames.py`.
"""

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from eval.novels import NOVELS
from extractor.engines.local.words import split_words

LEAST_USES = 20
MOST_CHARACTERS = 1_500_000
SHARE_READ = 0.6  # of those in NOVELS


def main(paths: list[Path]) -> None:
    uses: Counter[str] = Counter()
    before_mark: Counter[str] = Counter()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        share = SHARE_READ if path.name in NOVELS.values() else 1.0
        for line in text[: min(int(len(text) * share), MOST_CHARACTERS)].splitlines():
            for word, after in pairwise(split_words(line)):
                if word.is_word:
                    uses[word.norm] += 1
                    before_mark[word.norm] += not after.is_word
    for norm in sorted(norm for norm, count in uses.items() if count >= LEAST_USES):
        print(norm, uses[norm], before_mark[norm], sep="\t")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
