"""The French words that hyphenation asks for when the book does not say: the list inside pyspellchecker.

140,000 forms with their counts in film subtitles. It is asked whether a form exists, never how to spell one.
"""

from functools import lru_cache

from spellchecker import SpellChecker


@lru_cache(maxsize=1)
def french_words() -> frozenset[str]:
    """The forms, in lower case. Takes 0.2 s the first time in a process."""
    return frozenset(SpellChecker(language="fr", distance=1).word_frequency.dictionary)
