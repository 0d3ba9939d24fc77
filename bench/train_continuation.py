# /// script
# dependencies = ["jax", "optax"]
# ///
"""Learn what follows each word in novels, for extractor/engines/local/continuation.npz (half an hour on two cores).

    .venv/bin/pip install jax optax
    PYTHONPATH=. python bench/train_continuation.py .../engines/local/continuation.npz ELTEC/level1 ELTEC-ext/level1

Of ELTeC-fra (DOI 10.5281/zenodo.4662433, CC BY 4.0) and its extension, without the sentences of eval/judged: their
verdicts teach the confidence, which shall see this network at work on sentences that it does not know. The network
reads stretches of sentences, each from where a card may begin, and guesses at each word what kind of word or mark
follows; guessing the very word too makes it learn faster. Losses go to stderr.
"""

import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from numpy.typing import NDArray

from eval.tei import text_of
from extractor.engines.local.continuation import FOLLOWERS, MOST_TOKENS, follower_of, suffix_of, tokens_of
from extractor.engines.local.words import Word, split_words

Numbers = NDArray[Any]
Arrays = dict[str, jax.Array]
BEGIN, SUFFIX, NOTHING = "<begin>", "~", "<nothing>"
WORDS, SUFFIXES = 16_000, 800
INPUTS, UNITS, HIDDEN = 64, 128, 64
LENGTHS = {5: 1024, 9: 640, 15: 384, MOST_TOKENS: 256}  # stretches of at most so many tokens, and how many at a time
EPOCHS, FASTEST, WARM_UP, OTHERS, WEIGHT_OF_WORDS = 4, 6e-3, 300, 1000, 0.3
MAY_BEGIN_BEHIND_COMMA, MAY_BEGIN_BEHIND_JOINT = 0.5, 0.4
JOINTS = frozenset({"et", "mais", "car", "puis", "donc"})
SHOWN_EVERY = 500
LEAST_KNOWN = 3  # tokens by which a stretch is known again
JUDGED = Path("eval/judged")

Stretch = tuple[tuple[str, ...], tuple[str, ...]]


def stretches_of(line: str) -> Iterator[Stretch]:
    """Tokens between marks other than commas, and the follower of each."""
    words: list[Word] = []
    for word in (*split_words(line), None):
        if word is not None and (word.is_word or word.text == ","):
            words.append(word)
            continue
        while words and words[-1].text == ",":
            words.pop()
        tokens = tokens_of(words)
        if tokens:
            stops = word is None or word.text in {".", "!", "?", "…", "...", ";", ":"}
            yield tokens, (*map(follower_of, tokens[1:]), "stop" if stops else "comma")
        words = []


def parts_of(stretch: Stretch, chance: random.Random) -> Iterator[Stretch]:
    """The stretch begun anew behind some of its commas and joints, as cards do."""
    tokens, followers = stretch
    begins = [0, *(at for at in range(2, len(tokens)) if _begins(tokens[at - 1], chance))]
    for begin, end in zip(begins, [*begins[1:], len(tokens)], strict=True):
        stop = end - (end < len(tokens))
        if begin < stop:
            yield tokens[begin:stop][:MOST_TOKENS], followers[begin:stop][:MOST_TOKENS]


def _begins(before: str, chance: random.Random) -> bool:
    if before == ",":
        return chance.random() < MAY_BEGIN_BEHIND_COMMA
    return before in JOINTS and chance.random() < MAY_BEGIN_BEHIND_JOINT


def known_stretches() -> set[tuple[str, ...]]:
    """Those of judged sentences."""
    lines = (line for path in JUDGED.glob("*.tsv") for line in path.read_text(encoding="utf-8").splitlines()[1:])
    sentences = {line.split("\t")[-4] for line in lines if line}
    return {tokens for sentence in sentences for tokens, _ in stretches_of(sentence) if len(tokens) >= LEAST_KNOWN}


def read(folders: Sequence[Path]) -> list[Stretch]:
    chance, known = random.Random(5), known_stretches()
    lines = (
        line
        for folder in folders
        for path in sorted(folder.glob("*.xml"))
        for line in text_of(path.read_text(encoding="utf-8")).splitlines()
    )
    whole = [stretch for line in lines for stretch in stretches_of(line) if stretch[0] not in known]
    parts = [part for stretch in whole for part in parts_of(stretch, chance)]
    chance.shuffle(parts)
    return parts


def words_of(stretches: Sequence[Stretch]) -> tuple[str, ...]:
    """Nothing, the beginning, the most common tokens, and the most common endings of the others."""
    counts = Counter(token for tokens, _ in stretches for token in tokens)
    common = [token for token, _ in counts.most_common(WORDS)]
    known, rare = set(common), Counter[str]()
    for token, count in counts.items():
        if token not in known:
            rare[suffix_of(token)] += count
    return (NOTHING, BEGIN, SUFFIX, *common, *(suffix for suffix, _ in rare.most_common(SUFFIXES)))


def by_length(stretches: Sequence[Stretch], words: Sequence[str]) -> dict[int, tuple[Numbers, Numbers]]:
    """Places of tokens behind a beginning, and of followers; -1 where there is none."""
    places = {word: at for at, word in enumerate(words)}
    tables: dict[int, tuple[Numbers, Numbers]] = {}
    shorter = 0
    for most in LENGTHS:
        some = [stretch for stretch in stretches if shorter < len(stretch[0]) <= most]
        tokens = np.zeros((len(some), most + 1), np.int32)
        followers = np.full((len(some), most + 1), -1, np.int32)
        tokens[:, 0] = places[BEGIN]
        for row, (own, behind) in enumerate(some):
            found = (places.get(token) or places.get(suffix_of(token)) or places[SUFFIX] for token in own)
            tokens[row, 1 : len(own) + 1] = list(found)
            followers[row, 1 : len(own) + 1] = [FOLLOWERS.index(name) for name in behind]
        tables[most], shorter = (tokens, followers), most
    return tables


def fresh(count: int) -> Arrays:
    keys = iter(jax.random.split(jax.random.PRNGKey(0), 8))

    def some(*shape: int, size: float) -> jax.Array:
        return jax.random.normal(next(keys), shape) * size

    return {
        "embeddings": some(count, INPUTS, size=0.1),
        "inputs": some(INPUTS, 3 * UNITS, size=INPUTS**-0.5),
        "units": some(UNITS, 3 * UNITS, size=UNITS**-0.5),
        "bias": jnp.zeros(3 * UNITS),
        "hidden": some(UNITS, HIDDEN, size=UNITS**-0.5),
        "hidden_bias": jnp.zeros(HIDDEN),
        "answer": some(HIDDEN, len(FOLLOWERS), size=0.1),
        "answer_bias": jnp.zeros(len(FOLLOWERS)),
        "next": some(UNITS, INPUTS, size=UNITS**-0.5),
        "next_bias": jnp.zeros(count),
    }


def states(net: Arrays, tokens: jax.Array) -> jax.Array:
    """(stretches, tokens, units), as `Continuation.step` goes on."""
    read_in = net["embeddings"][tokens] @ net["inputs"] + net["bias"]

    def step(state: jax.Array, new: jax.Array) -> tuple[jax.Array, jax.Array]:
        old = state @ net["units"]
        gates = jax.nn.sigmoid(new[:, : 2 * UNITS] + old[:, : 2 * UNITS])
        candidate = jnp.tanh(new[:, 2 * UNITS :] + gates[:, :UNITS] * old[:, 2 * UNITS :])
        update = gates[:, UNITS:]
        state = update * state + (1 - update) * candidate
        return state, state

    _, found = jax.lax.scan(step, jnp.zeros((tokens.shape[0], UNITS)), read_in.transpose(1, 0, 2))
    return jnp.asarray(found).transpose(1, 0, 2)


def losses(
    net: Arrays, tokens: jax.Array, followers: jax.Array, others: jax.Array, rarity: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """The loss to go down, and of it that of followers. `others`: words to tell the right next one from."""
    found = states(net, tokens)
    scores = jax.nn.relu(found @ net["hidden"] + net["hidden_bias"]) @ net["answer"] + net["answer_bias"]
    right = jnp.take_along_axis(jax.nn.log_softmax(scores), jnp.maximum(followers, 0)[..., None], 2)[..., 0]
    of_followers = -jnp.where(followers >= 0, right, 0).sum() / (followers >= 0).sum()
    after, guess = tokens[:, 1:], found[:, :-1] @ net["next"]
    own = (guess * net["embeddings"][after]).sum(-1) + net["next_bias"][after] + rarity[after]
    wrong = guess @ net["embeddings"][others].T + net["next_bias"][others] + rarity[others]
    wrong = jnp.where(others == after[..., None], -1e9, wrong)
    missed = jax.nn.logsumexp(jnp.concatenate([own[..., None], wrong], -1), -1) - own
    of_words = jnp.where(after > 0, missed, 0).sum() / (after > 0).sum()
    return of_followers + WEIGHT_OF_WORDS * of_words, of_followers


def train(tables: dict[int, tuple[Numbers, Numbers]], count: int) -> Arrays:
    rng = np.random.default_rng(0)
    uses = np.ones(count)
    for tokens, _ in tables.values():
        uses += np.bincount(tokens.ravel(), minlength=count)
    uses[:2] = 1e-9  # nothing, and the beginning, are never guessed
    shares = uses**0.75 / (uses**0.75).sum()
    summed, rarity = np.cumsum(shares), jnp.asarray(-np.log(shares), dtype=jnp.float32)
    batches = np.array([len(tables[most][0]) // size for most, size in LENGTHS.items()], dtype=float)
    steps = int(batches.sum() * EPOCHS)
    pace = optax.warmup_cosine_decay_schedule(0, FASTEST, WARM_UP, steps, FASTEST / 50)
    rule = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(pace, weight_decay=1e-4))
    net = fresh(count)
    kept = rule.init(net)

    def update(net: Arrays, kept: Any, *batch: jax.Array) -> tuple[Arrays, Any, jax.Array]:
        (_, loss), slope = jax.value_and_grad(losses, has_aux=True)(net, *batch, rarity)
        change, kept = rule.update(slope, kept, net)
        return optax.apply_updates(net, change), kept, loss

    go = jax.jit(update)
    found: list[float] = []
    for at in range(steps):
        most = int(rng.choice(list(LENGTHS), p=batches / batches.sum()))
        tokens, followers = tables[most]
        rows = rng.integers(0, len(tokens), LENGTHS[most])
        others = np.minimum(np.searchsorted(summed, rng.random(OTHERS)), count - 1)
        net, kept, loss = go(net, kept, *map(jnp.asarray, (tokens[rows], followers[rows], others)))
        found.append(float(loss))
        if at % SHOWN_EVERY == SHOWN_EVERY - 1:
            print(f"{at + 1} of {steps}: {np.mean(found[-SHOWN_EVERY:]):.4f}", file=sys.stderr, flush=True)
    return net


def write(path: Path, net: Arrays, words: Sequence[str]) -> None:
    """Embeddings as whole numbers of a byte, by a scale for each; all else in half precision."""
    arrays = {name: np.asarray(values) for name, values in net.items() if not name.startswith("next")}
    rows = arrays.pop("embeddings")
    scales = np.abs(rows).max(axis=1) / 127
    kept: dict[str, Any] = {name: values.astype(np.float16) for name, values in arrays.items()}
    kept["embeddings"] = np.round(rows / scales[:, None]).astype(np.int8)
    np.savez_compressed(path, words=np.array("\n".join(words)), scales=scales.astype(np.float32), **kept)


def main(path: Path, folders: Sequence[Path]) -> None:
    stretches = read(folders)
    words = words_of(stretches)
    print(
        f"{len(stretches)} stretches, {sum(len(tokens) for tokens, _ in stretches)} tokens", file=sys.stderr, flush=True
    )
    write(path, train(by_length(stretches, words), len(words)), words)


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
