"""Functions end at 50 lines and files at 500, in the code and in its tests; ruff counts statements, not lines."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[3]
FUNCTION_LINES = 50
FILE_LINES = 500
_FOLDERS = ("shared", "services", "clients", "deploy", "sample", "bench", "eval", "tests")


def test_no_function_and_no_file_is_too_long() -> None:
    found = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert {path.relative_to(ROOT).parts[0] for path in found} == set(_FOLDERS)
    assert [f"{path.relative_to(ROOT)}: {what}" for path in found for what in too_long(path.read_text("utf-8"))] == []


def test_one_line_more_is_found() -> None:
    body = "    pass\n" * FUNCTION_LINES
    assert list(too_long(f"async def f():\n{body}")) == ["f"]
    assert list(too_long(f"def f():\n{body.removeprefix('    pass' + chr(10))}")) == []
    assert list(too_long("x = 1\n" * FILE_LINES)) == []
    assert list(too_long("x = 1\n" * (FILE_LINES + 1))) == ["the file"]


def too_long(text: str) -> Iterator[str]:
    """What is over its limit: functions by name, from `def` to their last line, and the file itself."""
    if len(text.splitlines()) > FILE_LINES:
        yield "the file"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            last = node.end_lineno or node.lineno
            if last - node.lineno + 1 > FUNCTION_LINES:
                yield node.name
