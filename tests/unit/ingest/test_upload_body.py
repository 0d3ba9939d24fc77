import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feuilleton.contracts.errors import InvalidInputError
from ingest.errors import FileTooLargeError, InvalidBodyError, InvalidSettingsError
from ingest.upload_body import UploadBody

FORM = "multipart/form-data; boundary=edge"


def a_form(file: bytes, fields: dict[str, str] | None = None, name: str = "a.pdf", files: int = 1) -> bytes:
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in (fields or {}).items()
    ]
    head = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return b"".join(parts) + (head + file + b"\r\n") * files + b"--edge--\r\n"


async def pieces_of(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def receive(body: bytes, *, size: int = 1000, limit: int = 100_000) -> tuple[UploadBody, bytes, bytes]:
    upload = UploadBody(FORM, limit_bytes=limit, idle_seconds=1)
    copy = io.BytesIO()
    parts = [part async for part in upload.file_parts(pieces_of(body, size), copy)]
    return upload, b"".join(parts), copy.getvalue()


# Alphabets in which boundaries and line ends are likely, besides any bytes.
files = st.binary(max_size=3000) | st.text("-\r\nedg", max_size=30).map(str.encode)


@given(files.filter(lambda file: b"\r\n--edge" not in b"\r\n" + file), st.integers(1, 700))
@example(b"-", 1)
async def test_the_file_comes_out_as_it_went_in_however_it_is_cut(file: bytes, size: int) -> None:
    upload, sent, copied = await receive(a_form(file, {"model": "speed"}), size=size)
    assert sent == copied == file
    assert upload.received.size_bytes == len(file)
    assert upload.received.sha256 == hashlib.sha256(file).hexdigest()
    assert upload.received.fields == {"model": "speed"}


async def test_a_file_at_the_limit_passes_and_one_byte_more_does_not() -> None:
    await receive(a_form(b"x" * 5000), limit=5000)
    with pytest.raises(FileTooLargeError):
        await receive(a_form(b"x" * 5001), limit=5000)


async def test_reading_stops_where_the_limit_is_crossed() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        yield a_form(b"")[: -len(b"\r\n--edge--\r\n")]
        while True:
            read += 1000
            yield b"x" * 1000

    upload = UploadBody(FORM, limit_bytes=5000, idle_seconds=1)
    with pytest.raises(FileTooLargeError):
        [part async for part in upload.file_parts(endless(), io.BytesIO())]
    assert read <= 7000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form at all",
        a_form(b"x" * 100)[:-20],
        a_form(b"", files=2),
        b'--edge\r\nContent-Disposition: form-data; name="model"\r\n\r\nspeed\r\n--edge--\r\n',
        a_form(b"x", {"pages": "1" * 5000}),
    ],
    ids=["empty", "no form", "cut off", "two files", "no file", "long field"],
)
async def test_a_body_that_is_not_whole_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBodyError):
        await receive(body)


# Pieces of which forms are made, so that most of what is drawn is nearly one.
_FRAGMENTS = st.sampled_from(
    [
        b"--edge",
        b"--edge--",
        b"\r\n",
        b"\n",
        b"Content-Disposition: form-data; ",
        b'name="file"; ',
        b'name="model"',
        b'filename="a.pdf"',
        b"filename*=UTF-8''%FF%00; ",
        b"filename*0*=x''%2e; filename*1=b; ",
        b'name*="\xff"; ',
        b"Content-Type: \xe9;;=\r\n",
        b'"',
        b";=",
        b":",
        b"\x00",
    ]
)
_FORM_TYPES = st.sampled_from(["edge", '"edge"', "", "x" * 300, "\x7f", "edge; boundary=edge", "*0=ed"]) | st.text(
    st.characters(max_codepoint=255), max_size=40
)


@given(_FORM_TYPES, st.lists(_FRAGMENTS | st.binary(max_size=20), max_size=20).map(b"".join), st.integers(1, 40))
@example("x" * 300, b"", 1)
async def test_whatever_is_sent_is_a_form_or_is_refused(boundary: str, body: bytes, size: int) -> None:
    with suppress(InvalidInputError):
        upload = UploadBody(f"multipart/form-data; boundary={boundary}", limit_bytes=500, idle_seconds=1)
        [part async for part in upload.file_parts(pieces_of(body, size), io.BytesIO())]
        assert upload.received.name.isprintable()
        assert 0 < len(upload.received.name) <= 200
        assert "/" not in upload.received.name


async def test_an_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(InvalidSettingsError) as caught:
        await receive(a_form(b"x", {"limt": "8"}))
    assert caught.value.errors == [{"field": "limt", "message": "no such field"}]


async def test_a_body_that_stops_coming_is_given_up() -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield a_form(b"x" * 100)[:80]
        await asyncio.sleep(60)

    upload = UploadBody(FORM, limit_bytes=1000, idle_seconds=0.05)
    with pytest.raises(InvalidBodyError) as caught:
        [part async for part in upload.file_parts(stalled(), io.BytesIO())]
    assert caught.value.code == "body_timeout"


@pytest.mark.parametrize("content_type", ["", "application/pdf", "multipart/form-data"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(InvalidBodyError):
        UploadBody(content_type, limit_bytes=1, idle_seconds=1)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("roman.pdf", "roman.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\\\books\\\\Zola.pdf", "Zola.pdf"),
        ("", "book.pdf"),
        ("x" * 500, "x" * 200),
    ],
)
async def test_the_shown_name_is_a_bounded_last_part(given_name: str, shown: str) -> None:
    upload, _, _ = await receive(a_form(b"x", name=given_name))
    assert upload.received.name == shown
