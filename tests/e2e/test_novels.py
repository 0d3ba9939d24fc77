"""Whole novels, typeset as books of hundreds of pages, through the whole system with both engines."""

from collections.abc import Callable
from pathlib import Path

import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from feuilleton_sample import typeset_raw_novel
from tests.results import Result, read_result
from tests.stack import Stack

pytestmark = pytest.mark.servers

NOVELS = ("FRA01302_Flaubert", "FRA01902_Gaboriau", "FRA02701_Maupassant", "FRA04001_Verne")
IN_EVERY_RUN = ("FRA02701_Maupassant", "gemini")  # one whole novel in `make test`; the rest is slow

Typeset = Callable[[str], Path]


@pytest.fixture(scope="session")
def typeset(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Typeset:
    """A novel of the test data as a PDF, typeset once in a run."""
    folder = tmp_path_factory.mktemp("novels")

    def pdf_of(name: str) -> Path:
        path = folder / f"{name}.pdf"
        if not path.exists():
            text = (shared_data / "novels" / f"{name}.txt").read_text(encoding="utf-8")
            path.write_bytes(typeset_raw_novel(text, name.split("_")[1]))
        return path

    return pdf_of


def cases() -> list[object]:
    return [
        pytest.param(name, engine, marks=() if (name, engine) == IN_EVERY_RUN else pytest.mark.slow)
        for name in NOVELS
        for engine in ("local", "gemini")
    ]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("name", "engine"), cases())
def test_a_whole_novel_comes_out_whole(
    name: str, engine: str, client: FeuilletonClient, system: Stack, typeset: Typeset
) -> None:
    job = client.wait(client.upload(typeset(name), JobOptions(engine=engine)).id)
    assert job.status == "completed"
    result = read_result(system, client, job)
    result.check()
    assert result.manifest.pages > 300
    assert result.manifest.words > 90_000
    assert _share_with_cards(result) > (0.99 if engine == "gemini" else 0.35)


def _share_with_cards(result: Result) -> float:
    return result.report.represented / result.report.source_sentences
