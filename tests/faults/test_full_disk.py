"""A full disk: 503 at upload, and consumers that wait and lose nothing."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from feuilleton_client.client import FeuilletonClient
from feuilleton_client.uploads import JobOptions
from tests.builders import a_pdf
from tests.small_disk import NoSmallDiskError, SmallDisk, small_disk
from tests.stack import API_KEY, COMMANDS, Service, Stack, auth, environment, migrate

pytestmark = [pytest.mark.servers, pytest.mark.slow]

DISK_BYTES = 60_000_000  # the splitter copies books of 6 MB while others come in


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with ExitStack() as stack:
        try:
            yield stack.enter_context(small_disk(tmp_path_factory.mktemp("disk"), DISK_BYTES))
        except NoSmallDiskError:
            pytest.skip("this machine gives its users no namespaces")


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    disk: SmallDisk,
    kafka: str,
    kafka_topics: str,
    database_url: str,
    gemini: str,
) -> Iterator[Stack]:
    """All services with store, work folder and temporary files on the small disk."""
    env = environment(
        kafka=kafka,
        prefix=kafka_topics,
        database_url=database_url,
        object_store_url=(disk.folder / "objects").as_uri(),
        TMPDIR=str(disk.folder),
        ENGINES="gemini",
        LOCAL_WORKERS="0",
        GEMINI_API_KEY="fake",
        GEMINI_BASE_URL=gemini,
    )
    migrate(env)
    stack = Stack(tmp_path_factory.mktemp("services"), env)
    for name in COMMANDS:
        stack.add(name).launcher = disk.launcher
    with stack:
        yield stack
        disk.free()


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[FeuilletonClient]:
    with FeuilletonClient(stack.ingest_url, stack.status_url, API_KEY) as made:
        yield made


def upload(ingest: Service, key: str, body: bytes) -> httpx.Response:
    headers = auth() | {"Idempotency-Key": key}
    return httpx.post(f"{ingest.url}/v1/uploads", headers=headers, files={"file": body}, timeout=60)


def incoming(disk: SmallDisk) -> list[str]:
    """What came in and stands in the store; the splitter reads the books before it meanwhile."""
    stored = [name.removeprefix("objects/") for name in disk.files() if name.startswith("objects/")]
    return [name for name in stored if name.startswith("incoming/") or name.endswith("upload.pdf")]


@pytest.fixture(scope="module")
def beside(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """An ingest that has only its temporary files on the small disk."""
    service = stack.add("ingest", 1, OBJECT_STORE_URL=tmp_path_factory.mktemp("objects").as_uri())
    service.launcher = stack["ingest"].launcher
    service.start()
    service.wait_ready()
    return service


@pytest.mark.parametrize("label", ["ingest", "ingest-1"], ids=["store and temporary files", "temporary files alone"])
@pytest.mark.parametrize("size", [1_000, 6_000_000])
def test_an_upload_to_a_full_disk_is_told_to_come_again_and_leaves_nothing(
    stack: Stack, beside: Service, disk: SmallDisk, label: str, size: int
) -> None:
    body = a_pdf(3).ljust(size, b"\n")
    assert upload(stack[label], f"first-{label}-{size}", body).status_code == 202, "now its folder is chosen"
    disk.fill()
    before = incoming(disk)
    answer = upload(stack[label], f"full-{label}-{size}", body)
    after = incoming(disk)
    disk.free()
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] in {"store_unavailable", "machine_exhausted"}
    assert int(answer.headers["retry-after"]) >= 1
    assert after == before
    assert upload(stack[label], f"full-{label}-{size}", body).status_code == 202


@pytest.mark.timeout(240)
def test_a_disk_that_fills_in_the_middle_of_a_job_holds_it_up_and_changes_nothing(
    stack: Stack, disk: SmallDisk, client: FeuilletonClient, sample_pdf: Path, gemini: str
) -> None:
    undisturbed = client.wait(client.upload(sample_pdf, JobOptions(engine="gemini")).id)
    httpx.put(f"{gemini}/plan", json={"latency_seconds": 2.0}).raise_for_status()
    try:
        job_id = client.upload(sample_pdf, JobOptions(engine="gemini")).id
        while client.job(job_id).status not in {"extracting", "merging"}:
            time.sleep(0.05)
        disk.fill()
        time.sleep(12)  # several tries of every service
        held = client.job(job_id)
        disk.free()
        job = client.wait(job_id)
    finally:
        httpx.put(f"{gemini}/plan", json={}).raise_for_status()
    assert held.status in {"extracting", "merging"}, "nothing ends on a full disk"
    assert job.status == "completed"
    assert cards(client, job_id) == cards(client, undisturbed.id)
    for service in stack.services.values():
        assert service.process is not None
        assert service.process.poll() is None, f"{service.name} did not wait: {service.tail()}"


def cards(client: FeuilletonClient, job_id: str) -> list[tuple[str, str]]:
    return [(card.source_id, card.text) for card in client.cards(job_id)]
