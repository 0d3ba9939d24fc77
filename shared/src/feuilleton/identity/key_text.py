"""The text of an API key: `fk_`, random letters and digits, and a checksum, so that a slip costs no look-up."""

import hashlib
import secrets
import zlib

PREFIX = "fk_"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LETTERS = 32  # 190 bits
_CHECKSUM_LETTERS = 6  # 62 ** 6 is more than 2 ** 32
_LENGTH = len(PREFIX) + _RANDOM_LETTERS + _CHECKSUM_LETTERS
_SHOWN_LETTERS = len(PREFIX) + 6


def new_key() -> str:
    """A fresh key. It is shown once and stored nowhere."""
    body = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_LETTERS))
    return body + _checksum(body)


def looks_like_key(text: str) -> bool:
    """Whether it begins as our keys do; what does not may be another kind of credential."""
    return text.startswith(PREFIX)


def is_key(text: str) -> bool:
    """Whether it can be a key: its form is right and so is its checksum. Tells nothing of whether it is known."""
    return len(text) == _LENGTH and looks_like_key(text) and text[-_CHECKSUM_LETTERS:] == _checksum(text)


def key_digest(text: str) -> bytes:
    """sha256 of the key: what is stored in its place. It is random and long, so no slow hash is needed."""
    return hashlib.sha256(text.encode()).digest()


def key_hint(text: str) -> str:
    """The beginning of a key, by which its owner knows it again."""
    return text[:_SHOWN_LETTERS]


def _checksum(text: str) -> str:
    number = zlib.crc32(text[: len(PREFIX) + _RANDOM_LETTERS].encode())
    letters = []
    for _ in range(_CHECKSUM_LETTERS):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(reversed(letters))
