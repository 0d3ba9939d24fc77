"""A result as a spreadsheet in a user's Google Drive."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from feuilleton.contracts.documents import CardLine
from status_api.exports.building import Workshop
from status_api.exports.delivery import Deliveries, check_rows
from status_api.exports.google_sheets import Google, GoogleAccount, Sheet
from status_api.exports.table import COLUMNS, cells

_ROWS_AT_ONCE = 1000  # some 400 kB
_MOST_CHARACTERS = 50_000  # of a cell
_PAGE = COLUMNS.index("page")


@dataclass(frozen=True)
class SheetOrder:
    """`folder` is a folder's id in Drive; None is the user's own top folder."""

    token: SecretStr
    title: str
    folder: str | None = None


class SheetDeliveries:
    def __init__(self, google: Google, deliveries: Deliveries, workshop: Workshop) -> None:
        self._google = google
        self._deliveries = deliveries
        self._workshop = workshop

    async def deliver(self, result: str, order: SheetOrder) -> tuple[Sheet, int]:
        """The spreadsheet and its number of cards. What was begun is taken back if it cannot be finished.

        Raises what GoogleAccount raises, ResultUnavailableError, StoreUnavailableError, ExportTooLargeError and
        TooManyExportsError: it takes one of the workshop's places.
        """
        with self._workshop.place():
            count = await self._deliveries.count(result)
            check_rows(count)
            account = await self._google.account(order.token)
            sheet = await account.make_sheet(order.title, order.folder, rows=count + 1, columns=len(COLUMNS))
            finished = False
            try:
                await self._fill(account, sheet, result)
                finished = True
            finally:
                if not finished:
                    await account.remove(sheet)
            return sheet, count

    async def _fill(self, account: GoogleAccount, sheet: Sheet, result: str) -> None:
        waiting: list[Sequence[str | int]] = [COLUMNS]
        written = 0
        async for cards in self._deliveries.cards(result):
            waiting += [_row(card) for card in cards]
            if len(waiting) >= _ROWS_AT_ONCE:
                await account.write_rows(sheet, written + 1, waiting)
                written += len(waiting)
                waiting = []
        if waiting:
            await account.write_rows(sheet, written + 1, waiting)


def _row(card: CardLine) -> Sequence[str | int]:
    row: list[str | int] = [cell[:_MOST_CHARACTERS] for cell in cells(card)]
    row[_PAGE] = card.page
    return row
