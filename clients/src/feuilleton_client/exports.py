"""Results as files, the words of a result, and decks for lists of words."""

import io
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import httpx

from feuilleton_client.models import Deck, Lemma, Page
from feuilleton_client.transport import Build, Transport, parse

LEMMAS_PER_PAGE = 1000
# An archive is whole before its first byte is sent, and a list of words is held against every card.
_TIMEOUT = httpx.Timeout(10.0, read=180.0)


class ExportFormat(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    TXT = "txt"
    XLSX = "xlsx"
    APKG = "apkg"

    @property
    def is_text(self) -> bool:
        return self not in {ExportFormat.XLSX, ExportFormat.APKG}


def export_format_of(path: Path) -> ExportFormat | None:
    """By the file's suffix; None where it names no format of ours."""
    suffix = path.suffix.lower().removeprefix(".")
    return ExportFormat(suffix) if suffix in set(ExportFormat) else None


class ExportsClient:
    """Results of ended jobs. Methods raise as those of FeuilletonClient; those that write raise OSError of `out` too,
    also where a second try is needed and it cannot go back.
    """

    def __init__(self, transport: Transport, url: str) -> None:
        """`url` is where jobs are read."""
        self._transport = transport
        self._url = url

    def result(self, job_id: str, form: ExportFormat, out: BinaryIO, *, bom: bool = False) -> int:
        """Write all cards to `out` as a file; returns its bytes. `bom`: begin a text so that Excel reads it right."""
        url, params = f"{self._job_url(job_id)}/exports/{form}", {"bom": "true"} if bom else {}
        return self._download(lambda http: http.build_request("GET", url, params=params, timeout=_TIMEOUT), out)

    def vocabulary(self, job_id: str) -> Iterator[Lemma]:
        """The words of the cards, the most frequent first."""
        url = f"{self._job_url(job_id)}/vocabulary"
        return self._transport.pages(Page[Lemma], url, limit=LEMMAS_PER_PAGE)

    def deck(self, job_id: str, words: Iterable[str], *, most: int | None = None) -> Deck:
        """The fewest cards, `most` at most, that hold all of `words` that the result has."""
        url, wanted = f"{self._job_url(job_id)}/decks", _wanted(words, most)
        return parse(
            Deck, self._transport.send(lambda http: http.build_request("POST", url, json=wanted, timeout=_TIMEOUT))
        )

    def deck_file(
        self, job_id: str, words: Iterable[str], form: ExportFormat, out: BinaryIO, *, most: int | None = None
    ) -> int:
        """Write the cards of `deck` to `out` as a file; returns its bytes."""
        url, wanted = f"{self._job_url(job_id)}/decks/{form}", _wanted(words, most)
        return self._download(lambda http: http.build_request("POST", url, json=wanted, timeout=_TIMEOUT), out)

    def _download(self, build: Build, out: BinaryIO) -> int:
        return self._transport.download(build, Restarted(out))

    def _job_url(self, job_id: str) -> str:
        return f"{self._url}/v1/jobs/{quote(job_id, safe='')}"


class Restarted:
    """A file that a download is written to, from the beginning again for each try. A pipe cannot go back: there the
    second try is an error.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._written = 0

    def begin(self) -> None:
        """Raises io.UnsupportedOperation (an OSError) where bytes are gone already."""
        if self._written:
            if not self._out.seekable():
                raise io.UnsupportedOperation("what was written cannot be taken back")
            self._out.seek(0)
            self._out.truncate()
        self._written = 0

    def write(self, part: bytes) -> None:
        self._out.write(part)
        self._written += len(part)

    @property
    def written(self) -> int:
        return self._written


def _wanted(words: Iterable[str], most: int | None) -> dict[str, object]:
    return {"words": list(words)} | ({} if most is None else {"most": most})


def read_words(text: str) -> list[str]:
    """A word or expression per line; what begins with # is a remark."""
    lines = (line.strip() for line in text.split("\n"))
    return [line for line in lines if line and not line.startswith("#")]
