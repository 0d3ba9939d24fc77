"""What is accepted as a PDF. `inspect_pdf` runs in a killable subprocess: the file is hostile until shown otherwise."""

import logging
from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.errors import InvalidInputError, TransientError
from feuilleton.processes.pool import IsolatedPool

_HEADER_WITHIN_BYTES = 1024  # readers accept junk before the header, within this
_PAGES_OPENED = 3  # a page tree that counts well but cannot be opened is damaged
_DETAILS = {
    "not_a_pdf": "The file is not a PDF.",
    "encrypted": "The PDF is protected by a password.",
    "damaged": "The PDF is damaged and cannot be read.",
    "no_pages": "The PDF has no pages.",
    "too_complex": "The PDF takes more time or memory to inspect than is allowed.",
}


@dataclass(frozen=True)
class PdfFacts:
    """`fault` is a stable code, None where the PDF is fine."""

    pages: int
    fault: str | None = None


class PdfRefusedError(InvalidInputError):
    """The file cannot become a job; `code` says why."""


def too_complex() -> PdfRefusedError:
    """Of a file that kills or stalls its subprocess."""
    return PdfRefusedError(_DETAILS["too_complex"], code="too_complex")


def preload() -> None:
    """Import what an inspection needs ahead of the first one (0.6 s), and keep pypdf quiet about odd files."""
    import pypdf  # noqa: PLC0415, F401  (in the subprocess, not in the service)

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def inspect_pdf(path: str) -> PdfFacts:
    """Facts about the PDF at `path`. Never raises but MemoryError: every fault of the file is an answer."""
    from pypdf import PdfReader  # noqa: PLC0415  (in the subprocess, not in the service)

    with Path(path).open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_WITHIN_BYTES):
            return PdfFacts(0, "not_a_pdf")
        try:
            reader = PdfReader(file, strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                return PdfFacts(0, "encrypted")
            pages = len(reader.pages)
            for page in reader.pages[:_PAGES_OPENED]:
                page.mediabox  # noqa: B018  (opening is the check)
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001  (pypdf raises anything on a broken file; the file is the cause)
            return PdfFacts(0, "damaged")
    return PdfFacts(pages, None if pages else "no_pages")


class PdfChecker:
    """Inspects files in a pool of subprocesses."""

    def __init__(self, pool: IsolatedPool, *, pages_limit: int, timeout_seconds: float) -> None:
        self._pool = pool
        self._pages_limit = pages_limit
        self._timeout_seconds = timeout_seconds

    async def check(self, path: Path) -> int:
        """The number of pages. Raises PdfRefusedError; a file that kills or stalls its subprocess is `too_complex`."""
        try:
            facts = await self._pool.run(inspect_pdf, str(path), timeout_seconds=self._timeout_seconds)
        except (TransientError, MemoryError) as exc:
            raise too_complex() from exc
        if facts.fault is not None:
            raise PdfRefusedError(_DETAILS[facts.fault], code=facts.fault)
        if facts.pages > self._pages_limit:
            raise PdfRefusedError(
                f"The PDF has {facts.pages} pages; the limit is {self._pages_limit}.", code="too_many_pages"
            )
        return facts.pages
