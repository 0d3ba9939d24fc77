"""A run of the fuzzer: which files are damaged how, what became of them, and the faults in their smallest form."""

import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzz.mutations import Recipe, draw_recipe
from tests.pdf_verdicts import FaultError, Readers

RECIPES = Path(__file__).parent / "recipes.toml"
_KEPT_SLOWEST = 3


@dataclass(frozen=True)
class Corpus:
    """The files that are damaged, by name."""

    files: dict[str, bytes]

    @classmethod
    def of(cls, folder: Path) -> "Corpus":
        return cls({path.name: path.read_bytes() for path in sorted(folder.glob("*.pdf"))})

    def draw(self, random: Random) -> Recipe:
        name = random.choice(list(self.files))
        return draw_recipe(name, self.files[name], random)

    def body(self, recipe: Recipe) -> bytes:
        return recipe.apply(self.files[recipe.file])


@dataclass(frozen=True)
class Fault:
    """What a recipe brought about."""

    what: str
    recipe: Recipe


@dataclass
class Campaign:
    """Counts as it goes."""

    corpus: Corpus
    files: int = 0
    uploads: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    async def step(self, readers: Readers, random: Random) -> Fault | None:
        """Judge one more file. A fault comes back made small."""
        recipe = self.corpus.draw(random)
        self.files += 1
        try:
            verdict = await readers.judge(self.corpus.body(recipe))
        except FaultError as exc:
            fault = Fault(str(exc), await _shrunk(self.corpus, readers, recipe))
            self.faults.append(fault)
            return fault
        self.uploads[verdict.upload or "accepted"] += 1
        self.splits[verdict.split or "chunks"] += 1
        seconds = verdict.upload_seconds + verdict.split_seconds
        self.slowest = sorted([*self.slowest, (seconds, recipe.file)], reverse=True)[:_KEPT_SLOWEST]
        return None


async def _shrunk(corpus: Corpus, readers: Readers, recipe: Recipe) -> Recipe:
    """Without the edits that the fault does not need."""
    for index in reversed(range(len(recipe.edits))):
        smaller = recipe.without(index)
        try:
            await readers.judge(corpus.body(smaller))
        except FaultError:
            recipe = smaller
    return recipe


def kept_recipes() -> list[tuple[str, Recipe]]:
    """Recipes that once brought about a fault, with what it was."""
    entries = tomllib.loads(RECIPES.read_text("utf-8")).get("recipe", [])
    return [(str(entry["fault"]), Recipe.from_record(entry)) for entry in entries]


def keep_recipe(fault: Fault) -> str:
    """Write the fault down beside the others, unless it is there. Returns where."""
    if all(recipe != fault.recipe for _, recipe in kept_recipes()):
        record = fault.recipe.to_record()
        edits = "".join(f"    {edit!r},\n".replace("'", '"') for edit in record["edits"])  # type: ignore[attr-defined]
        what = fault.what.replace("\\", "/").replace('"', "'")
        retabled = str(fault.recipe.retabled).lower()
        with RECIPES.open("a", encoding="utf-8") as file:
            file.write(
                f'\n[[recipe]]\nfault = "{what}"\nfile = "{fault.recipe.file}"\nretabled = {retabled}\n'
                f"edits = [\n{edits}]\n"
            )
    return RECIPES.name
