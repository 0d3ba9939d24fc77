"""A whole result as a file."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr
from starlette.convertors import StringConvertor, register_url_convertor

from status_api.access import result_of
from status_api.exports.delivery import Edition
from status_api.exports.entity_tags import matches
from status_api.exports.formats import ExportFormat
from status_api.exports.naming import title_of
from status_api.exports.sheets import SheetOrder
from status_api.projection import Job
from status_api.routes.dependencies import ROUTER_DEPENDENCIES, AttemptNumber, Caller, parts_of, problems

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750; httplib2 stumbles over more than is sent by nobody


class _FormConvertor(StringConvertor):
    """Any word but that of the route beside, so that each path has one route and says which methods it knows."""

    regex = "(?!google-sheets$)[^/]+"


register_url_convertor("export_form", _FormConvertor())

router = APIRouter(prefix="/v1/jobs", tags=["exports"], dependencies=ROUTER_DEPENDENCIES)


class ExportQuery(BaseModel):
    attempt: AttemptNumber = None
    bom: bool = Field(default=False, description="Begin a text with a byte order mark, by which Excel knows UTF-8.")


FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file, as an attachment that is named after the book",
        "content": {
            form.media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for form in ExportFormat
        },
    }
}
_UNCHANGED = {304: {"description": "The file that the client has is this one (`If-None-Match`)"}}


def _can_be_sent(token: SecretStr) -> SecretStr:
    """What cannot be sent would come up in the text of an error, and so in a log."""
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise ValueError("a token is made of letters, digits and - . _ ~ + / =")
    return token


AccessToken = Annotated[
    SecretStr,
    Field(min_length=1, max_length=4096, json_schema_extra={"pattern": f"^{_TOKEN.pattern}$"}),
    AfterValidator(_can_be_sent),
]
FolderId = Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")]


class SheetRequest(BaseModel):
    """`access_token`: an OAuth token of the user with the scope `https://www.googleapis.com/auth/drive.file`. It is
    used for this call and kept nowhere. `folder_id`: the folder in Drive, as in its address; without it the user's own.
    `title`: without it the book's name.
    """

    model_config = ConfigDict(
        extra="forbid",
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [{"access_token": "ya29.a0AfB_example", "folder_id": "1aBcD", "title": "Bovary"}]
        },
    )
    access_token: AccessToken
    folder_id: FolderId = None
    title: str | None = Field(default=None, min_length=1, max_length=200)


class SheetView(BaseModel):
    model_config = ConfigDict(frozen=True)
    spreadsheet_id: str
    url: str
    cards: int


@router.post("/{job_id}/exports/google-sheets", status_code=201, responses=problems(404, 409, 410, 429))
async def export_to_google_sheets(
    request: Request,
    response: Response,
    caller: Caller,
    job_id: str,
    wanted: SheetRequest,
    attempt: AttemptNumber = None,
) -> SheetView:
    """All cards of an ended attempt as a spreadsheet in the user's Google Drive. Text is text there too, never a
    formula. Each call makes a new one; one that fails leaves none.
    """
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, attempt)
    edition = edition_of(job, attempt or job.highest, ExportFormat.XLSX, bom=False)
    order = SheetOrder(wanted.access_token, wanted.title or title_of(edition.name), wanted.folder_id)
    sheet, cards = await parts.sheets.deliver(edition.result, order)
    response.headers["Location"] = sheet.url
    return SheetView(spreadsheet_id=sheet.id, url=sheet.url, cards=cards)


@router.get(
    "/{job_id}/exports/{form:export_form}",
    response_class=Response,
    responses=FILE | _UNCHANGED | problems(404, 409, 410, 429),
)
async def export_cards(
    request: Request,
    caller: Caller,
    job_id: str,
    form: ExportFormat,
    asked: Annotated[ExportQuery, Query()],
    if_none_match: Annotated[str, Header()] = "",
) -> Response:
    """All cards of an ended attempt in book order. `csv`: a row per card; a cell that a spreadsheet would take for a
    formula has an apostrophe before it. `jsonl`: one card per line. `txt`: the text of one card per line. `xlsx`: a
    workbook. `apkg`: a deck for Anki; importing it again updates its notes.
    """
    parts = parts_of(request)
    job = await parts.access.load_kept(caller.tenant, job_id, asked.attempt)
    edition = edition_of(job, asked.attempt or job.highest, form, bom=asked.bom)
    if matches(if_none_match, edition.tag):
        return Response(status_code=304, headers={"ETag": edition.tag, "Cache-Control": "private, no-cache"})
    return await parts.deliveries.whole(edition)


def edition_of(job: Job, number: int, form: ExportFormat, *, bom: bool) -> Edition:
    """Raises JobNotEndedError, ResultNotFoundError."""
    result = result_of(job, number)
    ended_at = job.attempts[number].ended_at
    assert job.upload is not None  # noqa: S101  (readers give accepted jobs alone)
    assert ended_at is not None  # noqa: S101  (it has a result)
    return Edition(job.id, job.upload.name, result, ended_at, form, bom)
