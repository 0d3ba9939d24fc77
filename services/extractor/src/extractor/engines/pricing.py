"""What a call cost. Pure."""

from feuilleton.contracts.documents import Usage
from feuilleton.contracts.models import ModelTerms


def priced(usage: Usage, terms: ModelTerms) -> Usage:
    """`usage` of one call with its price."""
    cost = terms.microdollars(
        prompt_tokens=usage.prompt_tokens, output_tokens=usage.output_tokens, thinking_tokens=usage.thinking_tokens
    )
    return usage.model_copy(update={"cost_microdollars": cost})
