"""Damaged PDFs in the subprocesses of ingest and the splitter: each ends in a code or in text, and never in a fault."""

import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from tests import hostile_pdfs as hostile
from tests.builders import a_pdf
from tests.fuzz.campaign import Campaign, Corpus, kept_recipes
from tests.fuzz.mutations import MUTATIONS, Mutation, Recipe, draw_recipe
from tests.pdf_verdicts import CAMPAIGN, Readers, running_readers

QUICK_FILES = 90
MANY_FILES = 900
SEED = 20_261_122


@pytest.fixture(scope="module")
def corpus(shared_data: Path) -> Corpus:
    return Corpus.of(shared_data / "pdfs")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def readers() -> AsyncIterator[Readers]:
    async with running_readers(CAMPAIGN) as running:
        yield running


async def run_campaign(corpus: Corpus, readers: Readers, seed: int, files: int) -> None:
    campaign, random = Campaign(corpus), Random(seed)
    for _ in range(files):
        await campaign.step(readers, random)
    assert campaign.faults == []
    assert campaign.files == files
    assert len(campaign.uploads) >= 3, "damage of some kinds only"
    assert campaign.uploads["accepted"] > files / 10
    after = await readers.judge(a_pdf(3))
    assert (after.upload, after.pages, after.split) == (None, 3, None), "the subprocesses serve on"


@pytest.mark.heavy
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(200)
async def test_damaged_files_end_in_a_code_or_in_text(corpus: Corpus, readers: Readers) -> None:
    await run_campaign(corpus, readers, SEED, QUICK_FILES)


@pytest.mark.slow
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.timeout(900)
async def test_many_damaged_files_end_in_a_code_or_in_text(corpus: Corpus, readers: Readers) -> None:
    await run_campaign(corpus, readers, SEED + 1, MANY_FILES)


@pytest.mark.heavy
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("recipe", [pytest.param(recipe, id=fault) for fault, recipe in kept_recipes()])
async def test_what_was_a_fault_once_is_none_any_more(corpus: Corpus, readers: Readers, recipe: Recipe) -> None:
    await readers.judge(corpus.body(recipe))


def test_a_seed_gives_the_same_damage_each_time(corpus: Corpus) -> None:
    first, second = Random(7), Random(7)
    bodies = [corpus.body(corpus.draw(first)) for _ in range(30)]
    assert bodies == [corpus.body(corpus.draw(second)) for _ in range(30)]
    assert len(set(bodies)) > 25


def test_a_recipe_that_is_written_down_gives_the_same_bytes(corpus: Corpus) -> None:
    random = Random(8)
    for _ in range(30):
        recipe = corpus.draw(random)
        assert Recipe.from_record(recipe.to_record()) == recipe


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_each_kind_of_damage_changes_a_file(mutation: Mutation) -> None:
    packed = hostile.stream(zlib.compress(hostile.TEXT), b"/Filter/FlateDecode")
    body, random = hostile.pages_of([hostile.stream(hostile.TEXT), packed]), Random(9)
    edits = [edit for _ in range(20) if (edit := mutation(body, random)) is not None]
    assert any(Recipe("", (edit,)).apply(body) != body for edit in edits)


def test_a_file_with_a_new_table_is_read_by_it() -> None:
    recipe = draw_recipe("", a_pdf(2), Random(3))
    whole = Recipe("", (), retabled=True).apply(a_pdf(2))
    assert whole.endswith(b"%%EOF\n")
    assert whole.count(b"startxref") == 2
    assert recipe.edits
