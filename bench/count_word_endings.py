"""Count how often words stand right before a mark, for extractor/engines/local/endings.tsv.

    PYTHONPATH=. python bench/count_word_endings.py NOVEL.txt ... > .../engines/local/endings.tsv

Of the same novels as `count_verb_frames.py`.
"""

import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

from eval.novels import text_to_learn
from extractor.engines.local.words import split_words

LEAST_USES = 20


def main(paths: list[Path]) -> None:
    uses: Counter[str] = Counter()
    before_mark: Counter[str] = Counter()
    for path in paths:
        for line in text_to_learn(path).splitlines():
            for word, after in pairwise(split_words(line)):
                if word.is_word:
                    uses[word.norm] += 1
                    before_mark[word.norm] += not after.is_word
    for norm in sorted(norm for norm, count in uses.items() if count >= LEAST_USES):
        print(norm, uses[norm], before_mark[norm], sep="\t")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
