"""A Gemini server over HTTP that fails on demand."""

from typing import ClassVar

from tests.fakes.gemini.answers import GeminiDialect
from tests.fakes.models.plan import Fault, Plan, Recording, Refusal
from tests.fakes.models.server import FakeModel, Stats
from tests.fakes.models.speech import Dialect

__all__ = ["FakeGemini", "Fault", "Plan", "Recording", "Refusal", "Stats"]


class FakeGemini(FakeModel):
    dialect: ClassVar[Dialect] = GeminiDialect()
