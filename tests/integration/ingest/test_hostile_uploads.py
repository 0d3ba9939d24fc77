"""Uploads meant to do harm: what they are called, and how they stall the inspection."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests import hostile_pdfs as hostile
from tests.builders import a_pdf
from tests.stack import Stack, auth, environment, running_stack

pytestmark = pytest.mark.servers

MARK = "zzharmzz"


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, kafka: str, kafka_topics: str, database_url: str
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("hostile")
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url=database_url,
        object_store_url=(folder / "objects").as_uri(),
        PDF_TIMEOUT_SECONDS="2",
        LOG_LEVEL="DEBUG",
    )
    with running_stack(folder, env, ("ingest",)) as running:
        yield running


def upload(stack: Stack, body: bytes, disposition: bytes = b'filename="a.pdf"') -> httpx.Response:
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; ' + disposition + b"\r\n\r\n"
    headers = auth() | {"Content-Type": "multipart/form-data; boundary=edge"}
    content = head + body + b"\r\n--edge--\r\n"
    return httpx.post(f"{stack.ingest_url}/v1/uploads", headers=headers, content=content, timeout=60)


@pytest.mark.parametrize(
    "disposition",
    [
        f'filename="../../../../tmp/{MARK}.pdf"',
        f'filename="/etc/{MARK}"',
        f'filename="..\\\\..\\\\{MARK}.pdf"',
        f'filename="..%2f..%2f{MARK}.pdf"',
        f'filename="{MARK}\x00.pdf"',
        f'filename="{MARK}%00.pdf"',
        f'filename="{MARK}\u202efdp.exe\u2066"',
        f'filename="{MARK}\x1b[31m\x07\u2028\u0085.pdf"',
        f"filename*=UTF-8''%2E%2E%2F{MARK}%0D%0ASet-Cookie%3A%20a%3Db",
        f'filename="{MARK}\ud800.pdf"',
        f'filename="{MARK}{"é" * 1500}.pdf"',
        f'filename="{MARK}"; filename="../{MARK}"',
        f'filename="{MARK}',
        f'filename="<script>{MARK}</script>.pdf"',
    ],
)
def test_a_file_name_is_never_a_path_nor_a_line_of_the_log(stack: Stack, disposition: str) -> None:
    answer = upload(stack, a_pdf(), disposition.encode(errors="surrogatepass"))
    assert answer.status_code == 202, answer.text
    name = answer.json()["name"]
    assert len(name) <= 200
    assert name.isprintable()
    assert not {"/", "\\"} & set(name)
    assert name not in {"", ".", ".."}
    assert all(value.isprintable() for value in answer.headers.values())
    assert not [path for path in stack.folder.rglob("*") if MARK in path.name]
    assert MARK not in stack["ingest"].log.read_text(errors="replace")


def test_a_file_name_of_ten_thousand_letters_is_refused(stack: Stack) -> None:
    answer = upload(stack, a_pdf(), b'filename="' + MARK.encode() * 1250 + b'"')
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert MARK not in answer.text
    assert MARK not in stack["ingest"].log.read_text(errors="replace")


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data; boundary=" + "x" * 5_000,
        "multipart/form-data; boundary=\x7f",
        'multipart/form-data; boundary="',
        "multipart/form-data; boundary*0=a; boundary*1=b",
        "multipart/form-data;" + ";" * 3_000,
    ],
)
def test_an_odd_boundary_is_refused_with_a_code(stack: Stack, content_type: str) -> None:
    headers = auth() | {"Content-Type": content_type}
    answer = httpx.post(f"{stack.ingest_url}/v1/uploads", headers=headers, content=b"--x\r\n\r\n", timeout=30)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.json()["code"] in {"invalid_body", "invalid_settings"}


def test_files_that_stall_the_inspection_are_given_up_and_others_are_served(stack: Stack) -> None:
    """Two subprocesses inspect; four files that take all of their time come before a good one."""
    stalling = hostile.prev_chain(150_000)
    with ThreadPoolExecutor(5) as threads:
        started = time.monotonic()
        bad = [threads.submit(upload, stack, stalling) for _ in range(4)]
        time.sleep(0.3)
        good = threads.submit(upload, stack, a_pdf(2))
        alive = httpx.get(f"{stack.ingest_url}/livez", timeout=5)
        answers = [one.result() for one in bad]
        seconds = time.monotonic() - started
    assert alive.status_code == 200
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "too_complex")}
    assert good.result().status_code == 202
    assert seconds < 4 * 2 / 2 + 20
    assert not list((stack.folder / "objects").rglob("incoming/*"))


def test_the_log_has_one_object_on_each_line(stack: Stack) -> None:
    for line in stack["ingest"].log.read_text().splitlines():
        assert isinstance(json.loads(line), dict)
