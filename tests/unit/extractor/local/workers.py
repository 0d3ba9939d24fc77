"""Worker functions for LocalEngine that need no models; they run in its subprocesses, so they live in a module."""

import os
import time
from collections.abc import Sequence

from extractor.card_parsing import ParsedPredicate
from extractor.engines.local.cards import Card
from extractor.engines.local.confidence import trained_model
from extractor.engines.local.worker import CutSource
from feuilleton.contracts.job_settings import Confidence

DEADLY, HANGING = "un mot qui tue le processus de la page entière", "un mot qui pend le processus de la page entière"


def load_nothing() -> None:
    return None


def cut_or_die(sources: Sequence[tuple[str, str]], least: int, most: int) -> list[CutSource]:
    """Dies of DEADLY, hangs on HANGING; else a sure card, two fair ones and an unsure one per source."""
    if any(text == DEADLY for _, text in sources):
        os._exit(9)
    if any(text == HANGING for _, text in sources):
        time.sleep(60)
    enough = trained_model().thresholds[Confidence.BALANCED]
    sure, fair = Card(f"Sûr à {most}.", 0.999, ("end_stop",)), Card("Assez sûr.", enough + 0.01, ("end_comma",))
    cards = (sure, fair, Card("Presque sûr.", enough - 0.01, ("end_comma",)), Card("Peu sûr.", 0.5, ()))
    return [CutSource(source_id, cards) for source_id, _ in sources]


def cut_nothing(sources: Sequence[tuple[str, str]], least: int, most: int) -> list[CutSource]:
    return [CutSource(source_id, ()) for source_id, _ in sources]


def die_always(sources: Sequence[tuple[str, str]], least: int, most: int) -> list[CutSource]:
    os._exit(9)


def parse_or_die(texts: Sequence[str]) -> list[ParsedPredicate]:
    """Dies of 'die', else finds everything."""
    if "die" in texts:
        os._exit(9)
    return [ParsedPredicate(verb=True, subject=True) for _ in texts]
