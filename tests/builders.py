"""Small valid things for tests: a_pdf(), a_job(), ..."""

import io
import uuid

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from feuilleton.contracts.events import JobAccepted, UploadSubmitted
from feuilleton.contracts.ids import JobId, TenantId
from feuilleton.contracts.job_settings import Engine, JobSettings


def a_pdf(pages: int = 1, text: str = "Il marche vers la ville.", password: str | None = None) -> bytes:
    """A PDF whose pages each show `text` (Latin-1)."""
    writer = PdfWriter()
    for _ in range(pages):
        page = writer.add_blank_page(width=300, height=400)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 40 350 Td ({text}) Tj ET".encode("latin-1"))
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
                NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password is not None:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def a_job(job: str = "11111111-2222-4333-8444-555555555555", **changes: object) -> JobAccepted:
    """A valid job.accepted."""
    fields: dict[str, object] = {
        "job": JobId(job),
        "tenant": TenantId("default"),
        "name": "roman.pdf",
        "bytes": 1000,
        "sha256": "0" * 64,
        "pages": 10,
        "settings": JobSettings(),
        "engine": Engine.LOCAL,
        "model": "local",
    }
    return JobAccepted.model_validate(fields | changes)


def an_order(body: bytes, *, tenant: TenantId, job: JobId | None = None, **changes: object) -> UploadSubmitted:
    """What ingest says of a file that it took in; without changes, for the local engine."""
    fields: dict[str, object] = {
        "job": job or JobId(str(uuid.uuid4())),
        "tenant": tenant,
        "settings": JobSettings(),
        "engine": Engine.LOCAL,
        "model": "local",
        "bytes": len(body),
        "sha256": "0" * 64,
        "pages": 1,
    }
    return UploadSubmitted.model_validate(fields | changes)
