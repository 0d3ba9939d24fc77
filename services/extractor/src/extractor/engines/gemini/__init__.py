from extractor.engines.gemini.engine import GeminiEngine, GeminiOptions

__all__ = ["GeminiEngine", "GeminiOptions"]
