"""The web page at `/`: three static files under a strict content security policy, and no key of anybody."""

import html
from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

_FILES = Path(__file__).parent.parent / "web"
_TYPES = {"page.js": "text/javascript", "page.css": "text/css", "icon.svg": "image/svg+xml"}


class Page:
    """`ingest_url` is where the page sends uploads; empty for the origin that serves it."""

    def __init__(self, ingest_url: str) -> None:
        ingest = ingest_url.rstrip("/")
        text = (_FILES / "index.html").read_text("utf-8")
        self._html = text.replace("{{ingest_url}}", html.escape(ingest, quote=True))
        self._headers = {
            "Content-Security-Policy": (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                f"connect-src 'self' {ingest}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "Cache-Control": "no-cache",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/", self._index)
        for name, media_type in _TYPES.items():
            router.add_api_route(f"/{name}", self._asset(name, media_type))
        return router

    async def _index(self) -> Response:
        return HTMLResponse(self._html, headers=self._headers)

    def _asset(self, name: str, media_type: str) -> Callable[[], Awaitable[Response]]:
        body = (_FILES / name).read_bytes()

        async def serve() -> Response:
            return Response(body, media_type=media_type, headers=self._headers)

        return serve
