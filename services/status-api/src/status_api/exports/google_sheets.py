"""Google Sheets, on behalf of a user whose token is used for one call and kept nowhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import google_auth_httplib2
import httplib2
from anyio import to_thread
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from pydantic import SecretStr

from feuilleton.contracts.errors import InvalidInputError, TransientError

SCOPE = "https://www.googleapis.com/auth/drive.file"
"""What a token needs at least: it may make files, and change those that it made."""

_SPREADSHEET = "application/vnd.google-apps.spreadsheet"
_SHEET = "Cards"
_RETRIES = 3  # of googleapiclient: with backoff, where Google asks for patience
_TIMEOUT_SECONDS = 30
_RATE_LIMITS = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})  # Drive says 403 for them
_T = TypeVar("_T")


class GoogleTokenRefusedError(InvalidInputError):
    """Google does not know the token, or it has run out."""

    code = "google_token_refused"


class GooglePermissionError(InvalidInputError):
    """The token, or its owner, may not do this."""

    code = "google_permission_denied"


class GoogleFolderNotFoundError(InvalidInputError):
    """The folder is not there, or the token does not see it."""

    code = "google_folder_not_found"


class GoogleRefusedError(InvalidInputError):
    """Google refused for another reason, which trying again does not change."""

    code = "google_refused"


class GoogleUnavailableError(TransientError):
    """Google does not answer just now."""

    code = "google_unavailable"


@dataclass(frozen=True)
class Sheet:
    """A spreadsheet that was made, and where its user finds it."""

    id: str
    url: str


class GoogleAccount:
    """One user's Drive and Sheets. Not for use by two tasks at once. Methods raise the errors above."""

    def __init__(self, drive: Any, sheets: Any) -> None:
        self._drive = drive
        self._sheets = sheets

    async def make_sheet(self, title: str, folder: str | None, *, rows: int, columns: int) -> Sheet:
        """A spreadsheet of one empty sheet of that size, the first row of which stays in sight."""
        body = {"name": title, "mimeType": _SPREADSHEET} | ({"parents": [folder]} if folder else {})
        request = self._drive.files().create(body=body, fields="id,webViewLink", supportsAllDrives=True)
        made = await _asked(request, folder=folder)
        sheet = Sheet(made["id"], made["webViewLink"])
        try:
            await self._lay_out(sheet, rows, columns)
        except (InvalidInputError, TransientError):
            await self.remove(sheet)
            raise
        return sheet

    async def write_rows(self, sheet: Sheet, first: int, rows: Sequence[Sequence[str | int]]) -> None:
        """Write rows from row `first` on (1-based). They go in as they are: text is never a formula."""
        values = self._sheets.spreadsheets().values()
        await _asked(
            values.update(
                spreadsheetId=sheet.id,
                range=f"{_SHEET}!A{first}",
                valueInputOption="RAW",
                body={"majorDimension": "ROWS", "values": rows},
            )
        )

    async def remove(self, sheet: Sheet) -> None:
        """Take back what was begun; as far as Google lets us, as there is an error to be told already."""
        try:
            await _asked(self._drive.files().delete(fileId=sheet.id, supportsAllDrives=True))
        except (InvalidInputError, TransientError):
            return

    async def _lay_out(self, sheet: Sheet, rows: int, columns: int) -> None:
        """A new sheet is called differently in each language, and has a thousand rows."""
        spreadsheets = self._sheets.spreadsheets()
        found = await _asked(spreadsheets.get(spreadsheetId=sheet.id, fields="sheets.properties.sheetId"))
        properties = {
            "sheetId": found["sheets"][0]["properties"]["sheetId"],
            "title": _SHEET,
            "gridProperties": {"rowCount": rows, "columnCount": columns, "frozenRowCount": min(1, rows - 1)},
        }
        change = {"updateSheetProperties": {"properties": properties, "fields": "title,gridProperties"}}
        await _asked(spreadsheets.batchUpdate(spreadsheetId=sheet.id, body={"requests": [change]}))


class Google:
    """Opens users' accounts. `url` takes the place of Google's own addresses where it is set."""

    def __init__(self, url: str = "") -> None:
        self._url = url.rstrip("/")

    async def account(self, token: SecretStr) -> GoogleAccount:
        """Asks nothing of Google yet."""
        return await to_thread.run_sync(self._open, token)

    def _open(self, token: SecretStr) -> GoogleAccount:
        credentials = Credentials(token.get_secret_value())  # type: ignore[no-untyped-call]
        http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(timeout=_TIMEOUT_SECONDS))
        return GoogleAccount(
            build("drive", "v3", http=http, client_options=self._options("/drive/v3/"), static_discovery=True),
            build("sheets", "v4", http=http, client_options=self._options("/"), static_discovery=True),
        )

    def _options(self, path: str) -> Mapping[str, str]:
        return {"api_endpoint": self._url + path} if self._url else {}


async def _asked(request: Any, *, folder: str | None = None) -> Any:
    """Send a request in a thread, with its errors in our terms. `folder`: what a 404 would be about."""
    return await to_thread.run_sync(_sent, lambda: request.execute(num_retries=_RETRIES), folder)


def _sent(send: Callable[[], _T], folder: str | None) -> _T:
    try:
        return send()
    except RefreshError as exc:  # it met a 401 and has nothing to get a new token with
        raise GoogleTokenRefusedError("Google does not accept the token: get a new one") from exc
    except HttpError as exc:
        raise _refusal(exc, folder) from exc
    except (TransportError, httplib2.HttpLib2Error, OSError) as exc:
        raise GoogleUnavailableError(type(exc).__name__) from exc
    except GoogleAuthError as exc:
        raise GoogleTokenRefusedError("Google does not accept the token") from exc


def _refusal(error: HttpError, folder: str | None) -> InvalidInputError | TransientError:
    """Only Google's reason is told on, never an address or a body, which are not ours to show."""
    status = int(error.status_code)
    reason = str(error.reason)[:200]
    if status == HTTPStatus.UNAUTHORIZED:
        return GoogleTokenRefusedError("Google does not accept the token: get a new one")
    if status == HTTPStatus.FORBIDDEN and _RATE_LIMITS.isdisjoint(_reasons(error)):
        return GooglePermissionError(f"Google refuses this to the token (it needs {SCOPE}): {reason}")
    if status == HTTPStatus.NOT_FOUND and folder:
        return GoogleFolderNotFoundError("Google finds no such folder, or the token does not see it")
    if status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS} or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return GoogleUnavailableError(f"Google answered {status}")
    return GoogleRefusedError(f"Google refuses: {reason}")


def _reasons(error: HttpError) -> set[str]:
    details = error.error_details if isinstance(error.error_details, list) else []
    return {str(detail.get("reason")) for detail in details if isinstance(detail, dict)}
