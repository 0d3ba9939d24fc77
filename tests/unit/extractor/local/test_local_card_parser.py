"""The parser behind the port, on real models, and its worker when it dies."""

from collections.abc import Sequence

import pytest

from extractor.card_parsing import ParsedPredicate
from extractor.engines.local.card_parser import PooledCardParser, parse_predicates
from feuilleton.processes.pool import IsolatedPool, Limits
from tests.unit.extractor.local.workers import load_nothing, parse_or_die

pytestmark = pytest.mark.heavy

NOTHING = ParsedPredicate(verb=False, subject=False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Cependant Mme Blanche entrait…", ParsedPredicate(verb=True, subject=True)),
        ("Allez chercher les cordes.", ParsedPredicate(verb=True, subject=True)),
        ("Puis, avant l'aube, partait sans bruit.", ParsedPredicate(verb=True, subject=False)),
        ("Une affaire très grave.", NOTHING),
        ("— Rue de Bourgogne.", NOTHING),
        ("…", NOTHING),
    ],
)
def test_the_models_find_verb_and_subject(text: str, found: ParsedPredicate) -> None:
    assert parse_predicates([text]) == [found]


def test_an_answer_does_not_depend_on_what_stands_beside_the_text() -> None:
    texts = ["Cependant Mme Blanche entrait…", "Rue de Bourgogne.", "Allez chercher les cordes."]
    assert parse_predicates(texts) == [parse_predicates([text])[0] for text in texts]


async def parse(texts: Sequence[str]) -> Sequence[ParsedPredicate | None]:
    pool = IsolatedPool(Limits(workers=1, memory_bytes=1024**3), load_nothing)
    try:
        return await PooledCardParser(pool, parse=parse_or_die).parse_cards(texts)
    finally:
        await pool.stop()


async def test_a_worker_that_dies_decides_nothing_and_raises_nothing() -> None:
    assert await parse(["Il vint.", "die"]) == [None, None]
    assert await parse(["Il vint."]) == [ParsedPredicate(verb=True, subject=True)]
