"""An OpenAI-compatible server over HTTP that fails on demand."""

from typing import ClassVar

from tests.fakes.models.plan import Fault, Plan, Recording, Refusal
from tests.fakes.models.server import FakeModel, Stats
from tests.fakes.models.speech import Ask, Dialect, Reply
from tests.fakes.openai.answers import OpenAIDialect, error

__all__ = ["FakeOpenAI", "Fault", "Plan", "Recording", "Refusal", "Stats"]


class FakeOpenAI(FakeModel):
    """Needs no key unless the plan names one, as servers on one's own machine."""

    dialect: ClassVar[Dialect] = OpenAIDialect()
    needs_key: ClassVar[bool] = False

    def _refusal(self, ask: Ask) -> Reply | None:
        if ask.form in self.plan.refused_forms:
            return error(400, "invalid_request_error", f"'response_format.type' {ask.form} is not supported")
        room = self.plan.context_tokens
        if room is not None and ask.prompt_tokens + ask.room > room:
            return error(400, "exceed_context_size_error", "the request exceeds the available context size.")
        return None
