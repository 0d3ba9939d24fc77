"""What a subprocess loads before its first book: pypdfium2 0.2 s, pypdf 0.6 s, the lexicon 0.2 s."""

import logging

from splitter import page_cutting, pdf_reading
from splitter.lexicon import french_words

LOADED = (page_cutting, pdf_reading)
_QUOTING = ("pypdf", "pypdfium2")  # their warnings quote the file's own bytes, and pass by the form of our logs


def load_readers() -> None:
    """The pool's initializer. The imports above are most of it."""
    for name in _QUOTING:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    french_words()
