"""What a subprocess loads before its first book: pypdfium2 0.2 s, pypdf 0.6 s, the lexicon 0.2 s."""

from splitter import page_cutting, pdf_reading
from splitter.lexicon import french_words

LOADED = (page_cutting, pdf_reading)


def load_readers() -> None:
    """The pool's initializer. The imports above are most of it."""
    french_words()
