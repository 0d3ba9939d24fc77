"""How good text and cards are: figures per novel, and cards drawn for reading. See docs/quality.md."""
