"""What a book may cost with given settings: its size, measured only where it matters, at the rate of its model."""

from dataclasses import dataclass
from pathlib import Path

from feuilleton.contracts.job_settings import Engine, JobSettings
from ingest.credits import Tariff, credits_of, estimate_tokens
from ingest.pdf_size import PdfMeasure


@dataclass(frozen=True)
class Price:
    """`rate` in credits a thousand tokens, frozen with the job; `reserve` in credits, the most that it can cost."""

    rate: float
    reserve: int


@dataclass(frozen=True)
class Pricing:
    tariff: Tariff
    measure: PdfMeasure

    async def price(self, path: Path, pages: int, settings: JobSettings, engine: Engine, model: str) -> Price:
        """Of the PDF at `path`. What costs nothing is not measured. Raises PdfRefusedError."""
        rate = self.tariff.rate(engine, model)
        if rate == 0:
            return Price(0.0, 0)
        size = await self.measure.size(path, pages, settings.pages)
        return Price(rate, credits_of(estimate_tokens(size), rate))
