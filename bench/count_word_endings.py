"""Count how often words stand right before a mark, for extractor/engines/local/endings.tsv.

    python bench/count_word_endings.py NOVEL.txt ... > services/extractor/src/extractor/engines/local/endings.tsv

Only the first 60 % of each novel is read: what is behind is kept for judging.
"""

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from extractor.engines.local.words import split_words

LEAST_USES = 5
SHARE_READ = 0.6


def main(paths: list[Path]) -> None:
    uses: Counter[str] = Counter()
    before_mark: Counter[str] = Counter()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for line in text[: int(len(text) * SHARE_READ)].splitlines():
            for word, after in pairwise(split_words(line)):
                if word.is_word:
                    uses[word.norm] += 1
                    before_mark[word.norm] += not after.is_word
    for norm in sorted(norm for norm, count in uses.items() if count >= LEAST_USES):
        print(norm, uses[norm], before_mark[norm], sep="\t")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
