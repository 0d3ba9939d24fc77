"""What a book would cost, before anything of it is kept."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from feuilleton.contracts.errors import exhaustion_told
from feuilleton.contracts.ids import TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings, PageRange
from ingest.accounts import Accounts
from ingest.admission import EngineTable, read_settings
from ingest.credits import WORDS_A_PAGE, BookSize, credits_of, estimate_tokens
from ingest.pdf_check import PdfChecker
from ingest.pricing import Pricing
from ingest.upload_body import UploadBody, path_of, temporary_copy


@dataclass(frozen=True)
class Estimate:
    """Of the pages asked for. `credits` is what an upload with these settings would reserve, so the most it can cost;
    `scans` are pages that are images.
    """

    pages: int
    words: int
    scans: int
    tokens: int
    credits: int
    available: int
    engine: Engine
    model: str

    @property
    def warning(self) -> str | None:
        """What a person should know before they upload, in words."""
        said = []
        if self.credits > self.available:
            said.append(f"{self.credits - self.available} credits are missing: an upload would be refused.")
        if self.scans:
            said.append(f"{self.scans} pages are images: each is reckoned with about 300 words.")
        if not (self.words or self.scans):
            said.append("There is no text on these pages.")
        return " ".join(said) or None


@dataclass(frozen=True)
class EstimateDesk:
    """Reads a file as an upload does, within the same limits, and keeps nothing of it."""

    accounts: Accounts
    checker: PdfChecker
    pricing: Pricing
    engines: EngineTable

    async def of_file(self, tenant: TenantId, body: UploadBody, stream: AsyncIterator[bytes]) -> Estimate:
        """Raises what an upload of the file would raise."""
        with exhaustion_told(), temporary_copy() as copy:
            async for _ in body.file_parts(stream, copy):
                pass  # the copy is all that is needed
            settings = read_settings(body.received.fields)
            self.engines.choose(settings)
            pages = await self.checker.check(path_of(copy))
            size = await self.pricing.measure.size(path_of(copy), pages, settings.pages)
        chosen = (settings.pages or PageRange()).numbers(pages)
        return await self._estimate(tenant, len(chosen), size, settings)

    async def of_size(self, tenant: TenantId, pages: int, words: int | None, settings: JobSettings) -> Estimate:
        """Of a book that is known by its size alone; without `words`, by that of a printed novel.

        Raises EngineNotAvailableError.
        """
        return await self._estimate(tenant, pages, BookSize(pages * WORDS_A_PAGE if words is None else words), settings)

    async def _estimate(self, tenant: TenantId, pages: int, size: BookSize, settings: JobSettings) -> Estimate:
        engine, model = self.engines.choose(settings)
        tokens = estimate_tokens(size)
        return Estimate(
            pages=pages,
            words=size.words,
            scans=size.scans,
            tokens=tokens,
            credits=credits_of(tokens, self.pricing.tariff.rate(engine, model)),
            available=(await self.accounts.standing(tenant)).available,
            engine=engine,
            model=model,
        )
