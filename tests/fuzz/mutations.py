"""Damage done to PDFs by chance, and written down: the file, the edits, and whether its table was made anew.

The same seed gives the same recipe, and a recipe gives the same bytes whatever becomes of the code that drew it.
"""

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

_MOST_EDITS = 5
_LONGEST_PIECE = 4_000
_LARGEST_UNPACKED = 4_000_000
_NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])")
_NAME = re.compile(rb"/[A-Za-z][A-Za-z0-9]*")
_REFERENCE = re.compile(rb"(?<!\d)\d+ \d+ R\b")
_OBJECT = re.compile(rb"(?<!\d)(\d+) (\d+) obj\b.*?\bendobj\b", re.DOTALL)
_OBJECT_START = re.compile(rb"(?<!\d)(\d+) (\d+) obj\b")
_STREAM = re.compile(rb"\bstream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_FILTER = re.compile(
    rb"/(?:FlateDecode|ASCIIHexDecode|ASCII85Decode|LZWDecode|RunLengthDecode|DCTDecode|CCITTFaxDecode)"
)
_TRAILER_ENTRY = re.compile(rb"/(Root|Encrypt|Info)\s+\d+ \d+ R|/ID\s*\[[^]]{0,300}\]")
_NUMBERS = (
    b"0", b"-1", b"1", b"2", b"7", b"65535", b"65536", b"2147483647", b"-2147483648", b"4294967296",
    b"99999999999999999999", b"0.00000000001", b"-0", b"1e9", b"NaN", b"null", b"true", b"[]", b"<<>>", b"(x)",
)  # fmt: skip
_FILTERS = (
    b"/FlateDecode", b"/ASCIIHexDecode", b"/ASCII85Decode", b"/LZWDecode", b"/RunLengthDecode", b"/DCTDecode",
    b"/CCITTFaxDecode", b"/JBIG2Decode", b"/JPXDecode", b"/Crypt", b"/X", b"null",
    b"[/FlateDecode/FlateDecode]", b"/FlateDecode/DecodeParms<</Predictor 15/Columns 99999999/Colors 9>>",
    b"/LZWDecode/DecodeParms<</EarlyChange 0/Predictor 2/Columns 2147483647/BitsPerComponent 64>>",
)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """The bytes [start, end) of the file become `put`."""

    start: int
    end: int
    put: bytes


@dataclass(frozen=True)
class Recipe:
    """`edits` do not overlap and stand in order. `retabled`: then the table of objects is made right again, so that
    readers find what was damaged.
    """

    file: str
    edits: tuple[Edit, ...]
    retabled: bool = False

    def apply(self, body: bytes) -> bytes:
        out, at = bytearray(), 0
        for edit in self.edits:
            out += body[at : edit.start] + edit.put
            at = edit.end
        out += body[at:]
        return retabled(bytes(out)) if self.retabled else bytes(out)

    def without(self, index: int) -> "Recipe":
        return replace(self, edits=self.edits[:index] + self.edits[index + 1 :])

    def to_record(self) -> dict[str, object]:
        edits = [[edit.start, edit.end, b64encode(edit.put).decode()] for edit in self.edits]
        return {"file": self.file, "retabled": self.retabled, "edits": edits}

    @classmethod
    def from_record(cls, record: dict[str, object]) -> "Recipe":
        file, retable, edits = record["file"], record["retabled"], record["edits"]
        assert isinstance(file, str)
        assert isinstance(edits, list)
        return cls(file, tuple(Edit(start, end, b64decode(put)) for start, end, put in edits), bool(retable))


Mutation = Callable[[bytes, Random], Edit | None]


def draw_recipe(file: str, body: bytes, random: Random) -> Recipe:
    """One to five damages at places that do not overlap."""
    edits: list[Edit] = []
    for _ in range(random.randint(1, _MOST_EDITS)):
        edit = random.choice(MUTATIONS)(body, random)
        if edit is not None and all(edit.end < other.start or other.end < edit.start for other in edits):
            edits.append(edit)
    edits.sort(key=lambda edit: edit.start)
    return Recipe(file, tuple(edits), retabled=random.random() < 0.5)


def flipped_bit(body: bytes, random: Random) -> Edit | None:
    at = random.randrange(len(body))
    return Edit(at, at + 1, bytes([body[at] ^ 1 << random.randrange(8)]))


def noise(body: bytes, random: Random) -> Edit | None:
    start, end = _piece(body, random, 64)
    return Edit(start, end, random.randbytes(end - start))


def truncated(body: bytes, random: Random) -> Edit | None:
    return Edit(random.randrange(len(body)), len(body), b"")


def removed(body: bytes, random: Random) -> Edit | None:
    return Edit(*_piece(body, random, _LONGEST_PIECE), b"")


def repeated(body: bytes, random: Random) -> Edit | None:
    start, end = _piece(body, random, _LONGEST_PIECE)
    at = random.randrange(len(body))
    return Edit(at, at, body[start:end] * random.choice((1, 1, 1, 50)))


def changed_number(body: bytes, random: Random) -> Edit | None:
    return _replaced(body, random, _NUMBER, lambda _: random.choice(_NUMBERS))


def changed_name(body: bytes, random: Random) -> Edit | None:
    names = sorted(set(_NAME.findall(body)))
    return _replaced(body, random, _NAME, lambda _: random.choice(names))


def changed_reference(body: bytes, random: Random) -> Edit | None:
    references = sorted(set(_REFERENCE.findall(body)))
    return _replaced(body, random, _REFERENCE, lambda _: random.choice(references))


def changed_filter(body: bytes, random: Random) -> Edit | None:
    return _replaced(body, random, _FILTER, lambda _: random.choice(_FILTERS))


def changed_object(body: bytes, random: Random) -> Edit | None:
    """An object in place of another, or of a reference to it, or once more beside it."""
    found = list(_OBJECT.finditer(body))
    if not found:
        return None
    one, other = random.choice(found), random.choice(found)
    content = one.group().split(b"obj", 1)[1].rsplit(b"endobj", 1)[0]
    if len(content) > _LARGEST_UNPACKED:
        return None
    copy = b"\n%b %b obj%bendobj\n" % (*other.groups(), content)
    place = random.choice(((other.start(), other.end()), (one.end(), one.end())))
    return Edit(*place, copy)


def spliced_stream(body: bytes, random: Random) -> Edit | None:
    """The bytes of one stream in place of another's."""
    found = list(_STREAM.finditer(body))
    if not found:
        return None
    one, other = random.choice(found), random.choice(found)
    return Edit(other.start(1), other.end(1), one.group(1))


def repacked_stream(body: bytes, random: Random) -> Edit | None:
    """Damage inside of what a stream holds, packed again."""
    found = list(_STREAM.finditer(body))
    if not found:
        return None
    chosen = random.choice(found)
    try:
        unpacked = zlib.decompressobj().decompress(chosen.group(1), _LARGEST_UNPACKED)
    except zlib.error:
        unpacked = b""
    if not unpacked:
        return None
    inner = random.choice((flipped_bit, noise, removed, repeated, changed_number, changed_name))(unpacked, random)
    if inner is None:
        return None
    return Edit(chosen.start(1), chosen.end(1), zlib.compress(Recipe("", (inner,)).apply(unpacked)))


MUTATIONS: Sequence[Mutation] = (
    flipped_bit,
    noise,
    truncated,
    removed,
    repeated,
    changed_number,
    changed_number,
    changed_number,
    changed_name,
    changed_reference,
    changed_filter,
    changed_object,
    spliced_stream,
    repacked_stream,
    repacked_stream,
)


def retabled(body: bytes) -> bytes:
    """The file with a new table at its end: the last object of each number is where it says."""
    places = {int(match.group(1)): match.start() for match in _OBJECT_START.finditer(body) if len(match.group(1)) < 7}
    entries = {match.group().split()[0][:3]: match.group() for match in _TRAILER_ENTRY.finditer(body)}
    if not places:
        return body
    rows = b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in sorted(places.items()))
    trailer = b"trailer\n<</Size %d%b>>\n" % (max(places) + 1, b"".join(entries.values()))
    return body + b"\nxref\n" + rows + trailer + b"startxref\n%d\n%%%%EOF\n" % (len(body) + 1)


def _piece(body: bytes, random: Random, longest: int) -> tuple[int, int]:
    start = random.randrange(len(body))
    return start, min(len(body), start + random.randint(1, longest))


def _replaced(body: bytes, random: Random, pattern: re.Pattern[bytes], put: Callable[[bytes], bytes]) -> Edit | None:
    found = list(pattern.finditer(body))
    if not found:
        return None
    chosen = random.choice(found)
    return Edit(chosen.start(), chosen.end(), put(chosen.group()))
