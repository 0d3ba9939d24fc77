"""Count how verbs are used in novels, for extractor/engines/local/frames.tsv.

    PYTHONPATH=. python bench/count_verb_frames.py NOVEL.txt ... > .../engines/local/frames.tsv

Only clauses of segments that the author closed with . ! … or ; are counted, as the larger model parses them: there
nothing has been cut off. The table is of the novels of ELTeC-fra (public; `python -m eval texts` shows how they become
text) but those that are kept unseen, and of the first 60 % of the four novels of the test data: what is behind is kept
for judging.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from eval.novels import text_to_learn
from extractor.engines.local.clauses import find_clauses
from extractor.engines.local.forms import Forms, load_forms
from extractor.engines.local.frames import Usage, usage_of
from extractor.engines.local.parser import load_parser
from extractor.engines.local.segments import Edge, Segment, split_segments
from extractor.engines.local.syntax import Parse
from extractor.engines.local.words import split_words
from extractor.engines.local.worker import unit_of
from extractor.lexicon import french

LEAST_USES = 6


def main(paths: list[Path]) -> None:
    parser = load_parser(load_forms(french()))
    larger = replace(parser, models=parser.models[-1:])
    uses: Counter[str] = Counter()
    objects: Counter[str] = Counter()
    bares: Counter[str] = Counter()
    prepositions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        segments = list(_segments(path, parser.forms))
        for parses in larger.parse([unit_of(segment) for segment in segments]):
            for usage in _usages(parses[0], parser.forms):
                uses.update(usage.verbs)
                objects.update(usage.verbs if usage.has_object else ())
                bares.update(usage.verbs if usage.is_bare else ())
                for verb in usage.verbs:
                    prepositions[verb].update(usage.prepositions)
    for verb in sorted(verb for verb, count in uses.items() if count >= LEAST_USES):
        pairs = " ".join(f"{word}={count}" for word, count in sorted(prepositions[verb].items()))
        print(verb, uses[verb], objects[verb], bares[verb], pairs, sep="\t")


def _segments(path: Path, forms: Forms) -> Iterator[Segment]:
    for line in text_to_learn(path).splitlines():
        for segment in split_segments(split_words(line), forms):
            if segment.closer in {Edge.FULL_STOP, Edge.SEMICOLON} and 2 < len(segment.words) < 80:
                yield segment


def _usages(parse: Parse, forms: Forms) -> Iterator[Usage]:
    for clause in find_clauses(parse, forms):
        usage = usage_of(parse, clause, 0, len(parse), forms)
        if usage.verbs:
            yield usage


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
