"""The models that are paid for: prices, the rate of credits, and whom to ask when one refuses. The only such table.

Prices are Google's list prices as resellers quote them in November 2026 (standard tier, prompts under 200,000 tokens;
those of 3.8 Flash hold until the end of the year). Google retires 2.5 Pro and 2.5 Flash on 1 December 2026 and hands
their calls to 3.8 Flash and 3.5 Flash-Lite. A deployment changes or adds rows with the setting MODEL_TERMS.
"""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field


class ModelTerms(BaseModel):
    """US dollars per million tokens; thinking is billed as output. `credits_per_1000` is what a user pays for a
    thousand billed tokens: 5 for a pro model, 3 for a flash, 2 for a lite one. `other` is a model to ask when this
    one refuses a text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    prompt_usd: float = Field(default=0.0, ge=0)
    output_usd: float = Field(default=0.0, ge=0)
    credits_per_1000: float = Field(default=0.0, ge=0)
    other: str | None = None

    def microdollars(self, *, prompt_tokens: int, output_tokens: int, thinking_tokens: int) -> int:
        """The price of one call in millionths of a dollar, which can be added up without loss."""
        return round(self.prompt_usd * prompt_tokens + self.output_usd * (output_tokens + thinking_tokens))


FREE = ModelTerms()
MODELS: Mapping[str, ModelTerms] = {
    "gemini-3.8-flash": ModelTerms(prompt_usd=0.75, output_usd=3.75, credits_per_1000=3, other="gemini-3.5-flash-lite"),
    "gemini-3.5-flash-lite": ModelTerms(prompt_usd=0.30, output_usd=2.50, credits_per_1000=2, other="gemini-3.8-flash"),
    "gemini-3.1-flash-lite": ModelTerms(
        prompt_usd=0.25, output_usd=1.50, credits_per_1000=2, other="gemini-3.5-flash-lite"
    ),
    "gemini-2.5-pro": ModelTerms(prompt_usd=1.25, output_usd=10.0, credits_per_1000=5, other="gemini-2.5-flash"),
    "gemini-2.5-flash": ModelTerms(prompt_usd=0.30, output_usd=2.50, credits_per_1000=3, other="gemini-2.5-flash-lite"),
    "gemini-2.5-flash-lite": ModelTerms(
        prompt_usd=0.10, output_usd=0.40, credits_per_1000=2, other="gemini-3.5-flash-lite"
    ),
}


def terms_of(model: str, changes: Mapping[str, ModelTerms] | None = None) -> ModelTerms:
    """The row of a model, `changes` first. One that stands nowhere costs nothing and has no other."""
    return (changes or {}).get(model) or MODELS.get(model, FREE)
