from tests.fakes.gemini.plan import Fault, Plan, Refusal
from tests.fakes.gemini.server import FakeGemini, Stats

__all__ = ["FakeGemini", "Fault", "Plan", "Refusal", "Stats"]
