"""The seam between engines that cannot see and whatever reads a page for them."""

from typing import Protocol

from extractor.engines.port import PageAnswer, PageRequest, UnreadablePageError


class PageReader(Protocol):
    """Reads the image of a page; a part of the worker. Holds no state of a job and may be called concurrently."""

    async def read(self, request: PageRequest) -> PageAnswer:
        """The page's sentences; none for a picture without writing. Nothing is tried again by the caller.

        Raises UnreadablePageError. Cancelling the task ends what it started.
        """
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class NoPageReader:
    """Where nothing that reads images is installed, or it is switched off."""

    async def read(self, request: PageRequest) -> PageAnswer:
        """Raises UnreadablePageError (`page_needs_ocr`)."""
        raise UnreadablePageError(f"nothing here can read page {request.page}, which has no text layer")

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return
