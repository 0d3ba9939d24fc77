"""How a sentence that begins like a card goes on in novels: does it end where the card ends, or is more to come?

A recurrent network of gated units (Cho et al. 2014, arXiv:1406.1078) reads the words of a card and tells what may
follow the last of them. `continuation.npz` is made by `bench/train_continuation.py` from the novels of ELTeC-fra.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from extractor.engines.local import vocabulary as fr
from extractor.engines.local.vocabulary import words as words_of
from extractor.engines.local.words import Word, split_words

Vector = NDArray[np.float32]
# What may follow a word, as far as the network tells it apart.
FOLLOWERS = ("stop", "comma", "and", "but", "relative", "que", "de", "à", "preposition", "word")
_BY_WORD = {
    **dict.fromkeys(words_of("et ou ni"), "and"),
    **dict.fromkeys(words_of("mais car puis donc"), "but"),
    **dict.fromkeys(words_of("qui dont où lequel laquelle lesquels lesquelles"), "relative"),
    **dict.fromkeys(words_of("que qu'"), "que"),
    **dict.fromkeys(words_of("de d' du des"), "de"),
    **dict.fromkeys(words_of("à au aux"), "à"),
    ",": "comma",
}
NAME, NUMBER = "N", "0"
_SUFFIX = "~"
_SUFFIX_LETTERS = 3
MOST_TOKENS = 24  # of a longer card, the last ones
_STATES_KEPT = 8192  # of 0.5 KB: cards of one clause begin alike


def tokens_of(words: Sequence[Word]) -> tuple[str, ...]:
    """Words and commas as the network knows them; a capital that does not begin the sentence is a name."""
    read = [word for word in words if word.is_word or word.text == ","]
    return tuple(_token(word, is_first=at == 0) for at, word in enumerate(read))


def _token(word: Word, *, is_first: bool) -> str:
    if word.text[0].isdigit():
        return NUMBER
    return NAME if word.text[0].isupper() and not is_first else word.norm


def suffix_of(token: str) -> str:
    """What stands for a rare word: 'cartahut' is read as '~hut'."""
    return _SUFFIX + token[-_SUFFIX_LETTERS:]


def follower_of(token: str) -> str:
    """Which of FOLLOWERS a word or a comma is."""
    return _BY_WORD.get(token, "preposition" if token in fr.PREPOSITIONS else "word")


@dataclass(frozen=True, eq=False)
class Continuation:
    """The network. E inputs of a word, H units, D between them and the answer.

    `words`: by rank; `embeddings`: (words, E); `inputs`: (E, 3H) and `units`: (H, 3H), for reset, update and candidate
    side by side; `bias`: (3H,); `hidden`: (H, D), `hidden_bias`: (D,), `answer`: (D, FOLLOWERS), `answer_bias`.
    """

    words: tuple[str, ...]
    embeddings: Vector
    inputs: Vector
    units: Vector
    bias: Vector
    hidden: Vector
    hidden_bias: Vector
    answer: Vector
    answer_bias: Vector

    def log_chances(self, tokens: Sequence[str]) -> Vector:
        """Of each of FOLLOWERS behind these tokens, as natural logarithms."""
        state = _state(self, (self.places["<begin>"], *(self._place(token) for token in tokens[-MOST_TOKENS:])))
        scores = np.maximum(state @ self.hidden + self.hidden_bias, 0) @ self.answer + self.answer_bias
        scores -= scores.max()
        return np.asarray(scores - np.log(np.exp(scores).sum()), dtype=np.float32)

    @cached_property
    def places(self) -> dict[str, int]:
        return {word: at for at, word in enumerate(self.words)}

    def _place(self, token: str) -> int:
        return self.places.get(token) or self.places.get(suffix_of(token)) or self.places[_SUFFIX]

    def step(self, state: Vector, place: int) -> Vector:
        """The units' state once they have read the word at `place`."""
        size = len(state)
        new, old = self.embeddings[place] @ self.inputs + self.bias, state @ self.units
        gates = 1 / (1 + np.exp(-(new[: 2 * size] + old[: 2 * size])))
        candidate = np.tanh(new[2 * size :] + gates[:size] * old[2 * size :])
        update = gates[size:]
        return np.asarray(update * state + (1 - update) * candidate, dtype=np.float32)


@lru_cache(maxsize=_STATES_KEPT)
def _state(network: Continuation, places: tuple[int, ...]) -> Vector:
    if not places:
        return np.zeros(len(network.units), dtype=np.float32)
    return network.step(_state(network, places[:-1]), places[-1])


def continuation_features(text: str) -> dict[str, float]:
    """Of a card, for the learned confidence: logarithms of the chance of each follower and of an end."""
    chances = french_continuation().log_chances(tokens_of(split_words(text)))
    found = {f"then:{name}": float(chance) for name, chance in zip(FOLLOWERS, chances, strict=True)}
    end = float(np.logaddexp(found["then:stop"], found["then:comma"]))
    return found | {"then:end": end, "then:end_squared": end**2 / 4}


@cache
def french_continuation() -> Continuation:
    """The network that comes with the package: 17,000 words, 5 MB once read."""
    with (files("extractor.engines.local") / "continuation.npz").open("rb") as file, np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    rows = arrays.pop("embeddings").astype(np.float32) * arrays.pop("scales").astype(np.float32)[:, None]
    words = tuple(str(arrays.pop("words")).split("\n"))
    return Continuation(words, rows, **{name: values.astype(np.float32) for name, values in arrays.items()})
