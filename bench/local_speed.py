"""Words a second of one core through the local engine's worker, both models included.

python bench/local_speed.py NOVEL.txt [SENTENCES]
"""

import sys
import time
from pathlib import Path

from extractor.engines.local.worker import cut_sources, load_models
from feuilleton.contracts.text import count_words
from feuilleton.french.segmentation import split_paragraph

CHUNK = 40
LEAST, MOST = 2, 8


def main(path: Path, sentences: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    texts = [span.text for line in lines for span in split_paragraph(line.strip())]
    long = [text for text in texts if count_words(text) > MOST][:sentences]
    load_models()
    started = time.process_time()
    for begin in range(0, len(long), CHUNK):
        cut_sources([(text, text) for text in long[begin : begin + CHUNK]], LEAST, MOST)
    seconds = time.process_time() - started
    words = sum(count_words(text) for text in long)
    print(f"{len(long)} sentences, {words} words, {seconds:.1f} s of CPU: {words / seconds:.0f} words/s")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000)
