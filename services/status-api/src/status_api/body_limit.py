"""Bodies of requests are short here: what is longer is refused before it is in memory."""

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feuilleton.http.problems import Problem, problem_response

MOST_BODY_BYTES = 4 * 1024 * 1024  # a list of ten thousand long words
_STATUS = 413
_CODE = "body_too_large"


class BodyLimit:
    """ASGI middleware: 413 for a body that is announced as too long, and for one that becomes so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > MOST_BODY_BYTES:
            problem = Problem(title="Content Too Large", status=_STATUS, code=_CODE, detail=_detail())
            await problem_response(problem)(scope, receive, send)
            return
        await self._app(scope, _counted(receive), send)


def _counted(receive: Receive) -> Receive:
    left = MOST_BODY_BYTES

    async def count() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(_STATUS, _detail())
        return message

    return count


def _detail() -> str:
    return f"a body may have {MOST_BODY_BYTES} bytes"
