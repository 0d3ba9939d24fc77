"""How much of a book its cards cover, in one plain sentence (pure)."""

from feuilleton.contracts.job_settings import Engine
from feuilleton.contracts.quality import QualityCounts

_WHY = {Engine.LOCAL: "; the local engine makes cards only of those that it can cut safely, a model makes them of all"}


def coverage_text(counts: QualityCounts, engine: Engine) -> str:
    """Empty for a book without a long sentence."""
    if not counts.long_sources:
        return ""
    share = 100 * counts.long_sources_with_card / counts.long_sources
    of_all = f"{counts.long_sources_with_card} of {counts.long_sources} sentences over the limit have a card"
    return f"{of_all} ({share:.0f} %){_WHY.get(engine, '')}"
