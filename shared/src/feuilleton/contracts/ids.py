"""Identifiers and object keys, and how each is derived. Nothing else builds a key or an event id."""

import hashlib
import re
from typing import NewType
from uuid import UUID, uuid4, uuid5

JobId = NewType("JobId", str)
TenantId = NewType("TenantId", str)
SentenceId = NewType("SentenceId", str)
ObjectKey = NewType("ObjectKey", str)

_FROM_IMAGE = "p"  # those of a text layer begin with another letter
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_EVENT_NAMESPACE = UUID("5f0c2f8e-64f4-5c8f-9a53-0d8f3f1f6d11")


def new_job_id() -> JobId:
    return JobId(str(uuid4()))


def is_uuid(text: str) -> bool:
    """Whether text from outside has the one form in which we write UUIDs, those of jobs among them."""
    return _UUID.fullmatch(text) is not None


def event_id(job: JobId, attempt: int, kind: str, index: int | None = None) -> str:
    """The id of an event: the same fact has the same id whoever writes it and however often."""
    name = f"{job}/{attempt}/{kind}" if index is None else f"{job}/{attempt}/{kind}/{index}"
    return str(uuid5(_EVENT_NAMESPACE, name))


def text_hash(*parts: str) -> str:
    """sha256 over the parts, each with its length before it, so that no two lists collide."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()


def image_sentence_id(page: int, number: int) -> SentenceId:
    """The id of a sentence that was read from the image of a page."""
    return SentenceId(f"{_FROM_IMAGE}{page:05d}-{number:04d}")


def read_from_image(sentence: SentenceId) -> bool:
    return sentence.startswith(_FROM_IMAGE)


def incoming_key(upload: str) -> ObjectKey:
    return ObjectKey(f"incoming/{upload}")


def job_prefix(tenant: TenantId, job: JobId) -> str:
    return f"tenants/{tenant}/jobs/{job}/"


def upload_key(tenant: TenantId, job: JobId) -> ObjectKey:
    return ObjectKey(f"{job_prefix(tenant, job)}upload.pdf")


def source_key(tenant: TenantId, job: JobId) -> ObjectKey:
    return ObjectKey(f"{job_prefix(tenant, job)}source.jsonl")


def manifest_key(tenant: TenantId, job: JobId) -> ObjectKey:
    return ObjectKey(f"{job_prefix(tenant, job)}manifest.json")


def page_key(tenant: TenantId, job: JobId, page: int) -> ObjectKey:
    return ObjectKey(f"{job_prefix(tenant, job)}pages/{page}.pdf")


def checkpoint_key(tenant: TenantId, job: JobId, index: int) -> ObjectKey:
    return ObjectKey(f"{job_prefix(tenant, job)}checkpoints/{index}.json")


def failure_key(tenant: TenantId, job: JobId, attempt: int, index: int) -> ObjectKey:
    return ObjectKey(f"{job_prefix(tenant, job)}attempts/{attempt}/failures/{index}.json")


def result_prefix(tenant: TenantId, job: JobId, attempt: int, sha256: str) -> str:
    """The folder of one result, named by the sha256 of its cards.jsonl. The end event names it."""
    return f"{job_prefix(tenant, job)}attempts/{attempt}/out/{sha256}/"


def cards_key(result: str) -> ObjectKey:
    return ObjectKey(f"{result}cards.jsonl")


def report_key(result: str) -> ObjectKey:
    return ObjectKey(f"{result}report.json")
