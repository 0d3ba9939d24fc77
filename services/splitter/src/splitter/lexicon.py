"""The words that hyphenation and the judgement of text layers ask for: the lists inside pyspellchecker.

140,000 French forms with their counts in film subtitles. It is asked whether a form exists, never how to spell one.
"""

from collections.abc import Mapping
from functools import lru_cache

from spellchecker import SpellChecker

_OTHER_LANGUAGES = ("en", "de", "es", "it", "pt", "nl")


@lru_cache(maxsize=1)
def french_words() -> frozenset[str]:
    """The forms, in lower case. Takes 0.2 s the first time in a process."""
    return _words("fr")


@lru_cache(maxsize=1)
def other_words() -> Mapping[str, frozenset[str]]:
    """The forms of other languages in Latin letters, by language. Takes 1 s and 100 MB the first time: ask late."""
    return {language: _words(language) for language in _OTHER_LANGUAGES}


def _words(language: str) -> frozenset[str]:
    return frozenset(SpellChecker(language=language, distance=1).word_frequency.dictionary)
