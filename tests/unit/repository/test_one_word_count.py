"""Limits and figures count words in one way: `feuilleton.contracts.text.count_words`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from feuilleton.contracts.text import count_words

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[3]
# They guess at the layout of a page from how full its lines are; nothing that they count is told or limited.
LAYOUT = {"matter.py", "running_heads.py", "headings.py", "text_layer.py"}


def test_a_word_holds_a_letter_or_a_digit() -> None:
    assert count_words("— L'ami, dit-il, vint en 1815 !") == 5
    assert count_words("« Oui … »") == 1
    assert count_words("— … !") == 0


def test_nothing_counts_words_by_itself() -> None:
    sources = [path for folder in ("services", "clients", "eval") for path in (ROOT / folder).rglob("*.py")]
    assert any(path.name == "figures.py" for path in sources)
    asked = [path for path in sources if path.name not in LAYOUT or "splitter" not in path.parts]
    assert [f"{path.name}:{line}" for path in asked for line in split_counts(path.read_text("utf-8"))] == []


def test_a_count_of_its_own_is_found() -> None:
    assert list(split_counts("x = 1\nn = len(text.split())")) == [2]
    assert list(split_counts('n = len(text.split(","))\nm = text.split()')) == []


def split_counts(text: str) -> Iterator[int]:
    """The lines of `len(....split())`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len" and node.args:
            inner = node.args[0]
            plain = isinstance(inner, ast.Call) and not inner.args and isinstance(inner.func, ast.Attribute)
            if plain and isinstance(inner, ast.Call) and ast.unparse(inner.func).endswith(".split"):
                yield node.lineno
